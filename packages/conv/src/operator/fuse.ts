/**
 * What a convolution does besides: fusion rules and the fused operator.
 *
 *     y = relu( conv(x + addend, weight) * scale + shift + residual )
 *
 * A convolution takes over, in the order in which they follow it: a batch norm in inference mode (as scale and shift,
 * folded once, so that the weights stay as they are), the addition of a tensor of the result's shape, and relu. Nothing
 * after relu can be taken over, and no batch norm after an addition. It takes over an addition *before* it where the
 * algorithm reads each source value few times; see {@link absorbsAddend}.
 */
import {
  type Attributes,
  type DeviceProfile,
  type GraphNode,
  type Operator,
  type Replacement,
  type RewriteContext,
  readsAgain,
  sameShape,
  standardName,
  type Tensor,
  type TensorType,
} from '@infnet/core';
import { type Variant, variantName } from '../algorithm.js';
import type { GatherAlgorithm } from '../forward/algorithm.js';
import { forwardGather, type Gather } from '../forward/gather.js';
import { GATHERS } from '../forward/registry.js';
import { conv2dGeometry, requireType } from '../geometry.js';
import { foldBatchNormOperator } from './fold-batch-norm.js';
import { halfProbe } from './half-probe.js';
import { halfWeightOperator } from './half-weight.js';
import { type Conv2dAttributes, lowerConvolution, type OperandRole } from './lower.js';
import { transposeWeightOperator, weightShape } from './transpose-weight.js';

export interface FusedConv2dAttributes extends Conv2dAttributes {
  /** What each input is, in order; begins with x and weight. */
  readonly operands: readonly OperandRole[];
  readonly relu: boolean;
}

/** `relu(conv2d(x + addend, weight) * scale + shift + residual)`, any part left out. Made by fusion only. */
export const fusedConv2dOperator: Operator<FusedConv2dAttributes> = {
  name: 'fusedConv2d',
  infer: ([x, weight], attributes, where) => {
    requireType(x as TensorType, 'f32', 'the input', where);
    if (weight?.dtype !== 'f16') requireType(weight as TensorType, 'f32', 'the weight', where);
    const shape = weightShape(weight?.shape ?? [], attributes.transposedWeights === true);
    const geometry = conv2dGeometry(x?.shape ?? [], shape, attributes, where);
    return [{ shape: [geometry.batch, geometry.outChannels, ...geometry.outSize], dtype: 'f32' }];
  },
  lower: (context) =>
    lowerConvolution(context, context.attributes, context.attributes.operands, context.attributes.relu),
  absorbConsumer: (node, consumer, rewrite) => absorbConsumer(node, consumer, rewrite),
  absorbProducer: (node, index, producer, rewrite) => absorbProducer(node, index, producer, rewrite),
  convertConstants: (node, rewrite) => convertConstants(node, rewrite),
  probes: ({ inputs: [, weight], attributes: { algorithm } }) =>
    weight?.dtype === 'f16' && algorithm !== undefined
      ? [halfProbe(fusedConv2dOperator as unknown as Operator, algorithm)]
      : [],
  sharesStorage: ({ operands }) => [0, operands.indexOf('addend')].filter((index) => index >= 0),
};

/** What fusion looks at of a convolution, plain or fused. */
type ConvolutionNode = Pick<GraphNode<Conv2dAttributes>, 'inputs' | 'outputs' | 'attributes'>;

/** A convolution being fused: its inputs by role. */
interface Fusion {
  readonly attributes: Conv2dAttributes;
  readonly operands: ReadonlyMap<OperandRole, Tensor>;
  readonly relu: boolean;
}

/** Takes over a following `batchNorm2d` (inference), `add`, `addRelu` or `relu`. */
export function absorbConsumer(
  node: ConvolutionNode,
  consumer: GraphNode,
  rewrite: RewriteContext,
): Replacement | undefined {
  const fusion = fusionOf(node);
  const result = node.outputs[0] as Tensor;
  // Not the name: an operator of somebody else may be called `relu`.
  switch (standardName(consumer.operator)) {
    case 'relu':
      return replacement({ ...fusion, relu: true }, rewrite);
    case 'add':
    case 'addRelu':
      return absorbAdd(fusion, result, consumer, rewrite);
    case 'batchNorm2d':
      return absorbBatchNorm(fusion, result, consumer, rewrite);
    default:
      return undefined;
  }
}

/**
 * Constant weights in the form that the algorithm reads best, made once: transformed for Winograd's, transposed where
 * that pays (`prefersTransposed`), and as float16 at precision `half`. Winograd's transformed weights stay
 * float32: its last transform multiplies their rounding, so that the result of F(4 x 4) would be off by 2e-3 where the
 * weights alone make 2e-4.
 */
export function convertConstants(node: ConvolutionNode, rewrite: RewriteContext): Replacement | undefined {
  const fusion = fusionOf(node);
  const variant = variantOf(fusion, rewrite);
  const { algorithm } = variant;
  let weight = fusion.operands.get('weight') as Tensor;
  if (!rewrite.isConstant(weight) || fusion.operands.has('transformedWeight')) return undefined;
  if (algorithm.transform !== undefined) return replacement(fusion, rewrite);
  const transposedWeights = algorithm.prefersTransposed?.(gatherOf(fusion), rewrite.device) === true;
  const half = rewrite.precision === 'half';
  if (!transposedWeights && !half) return undefined;
  if (transposedWeights) weight = rewrite.apply(transposeWeightOperator, [weight], {})[0] as Tensor;
  if (half) weight = rewrite.apply(halfWeightOperator, [weight], {})[0] as Tensor;
  const attributes = { ...fusion.attributes, algorithm: variantName(variant), transposedWeights };
  return replacement(withOperands({ ...fusion, attributes }, ['weight', weight]), rewrite);
}

/** Takes over an addition of two tensors of one shape that feeds x. */
export function absorbProducer(
  node: ConvolutionNode,
  index: number,
  producer: GraphNode,
  rewrite: RewriteContext,
): Replacement | undefined {
  const fusion = fusionOf(node);
  const [a, b] = producer.inputs;
  const isAdd = standardName(producer.operator) === 'add' && producer.inputs.length === 2;
  if (index !== 0 || !isAdd || fusion.operands.has('addend')) return undefined;
  if (a === undefined || b === undefined || a === b || !sameShape(a.shape, b.shape)) return undefined;
  if (!absorbsAddend(variantOf(fusion, rewrite).algorithm, rewrite.device)) return undefined;
  return replacement(withOperands(fusion, ['x', a], ['addend', b]), rewrite);
}

/**
 * Whether adding while loading is worth it. On CPU adapters a load is dear and the product kernels read each source
 * value once per tap and channel tile: a 3 x 3 convolution of 26 to 208 channels that adds took 26 to 39 % longer
 * there, a pass of its own 0 to 5 % (llvmpipe and SwiftShader). The transform of F(2 x 2) reads a value 4 times (0 to 6
 * % slower than a pass), that of F(4 x 4) 2.25 times: even, and it saves the sum's memory. On a GPU the loads are few
 * beside the multiply-adds and a pass costs a launch; this was not measured.
 */
export function absorbsAddend({ readsOnce = false }: GatherAlgorithm, device: DeviceProfile): boolean {
  return readsAgain(device.traits) || readsOnce;
}

function absorbAdd(
  fusion: Fusion,
  result: Tensor,
  { inputs, operator }: GraphNode,
  rewrite: RewriteContext,
): Replacement | undefined {
  const other = inputs[0] === result ? inputs[1] : inputs[0];
  if (fusion.relu || fusion.operands.has('residual') || other === undefined || other === result || inputs.length !== 2)
    return undefined;
  if (!sameShape(other.shape, result.shape)) return undefined;
  return replacement(
    { ...withOperands(fusion, ['residual', other]), relu: standardName(operator) === 'addRelu' },
    rewrite,
  );
}

function absorbBatchNorm(
  fusion: Fusion,
  result: Tensor,
  { inputs, attributes }: GraphNode,
  rewrite: RewriteContext,
): Replacement | undefined {
  const { relu, operands } = fusion;
  const parameters = inputs.slice(1);
  const bias = operands.get('bias');
  if (relu || operands.has('residual') || operands.has('affine')) return undefined;
  if (attributes['training'] !== false || inputs[0] !== result || parameters.length !== 4) return undefined;
  const folded = bias === undefined ? parameters : [...parameters, bias];
  if (!folded.every((tensor) => rewrite.isConstant(tensor))) return undefined;
  const [affine] = rewrite.apply(foldBatchNormOperator as unknown as Operator, folded, { eps: attributes['eps'] });
  return replacement(withOperands(fusion, ['bias', undefined], ['affine', affine]), rewrite);
}

function fusionOf({ attributes, inputs }: ConvolutionNode): Fusion {
  const { operands, relu = false, ...rest } = attributes as Conv2dAttributes & Partial<FusedConv2dAttributes>;
  const roles: readonly OperandRole[] = operands ?? ['x', 'weight', 'bias'];
  return {
    attributes: rest as Conv2dAttributes,
    relu,
    operands: new Map(inputs.map((tensor, i) => [roles[i] as OperandRole, tensor])),
  };
}

function withOperands(fusion: Fusion, ...changes: readonly (readonly [OperandRole, Tensor | undefined])[]): Fusion {
  const operands = new Map(fusion.operands);
  for (const [role, tensor] of changes) {
    if (tensor === undefined) operands.delete(role);
    else operands.set(role, tensor);
  }
  return { ...fusion, operands };
}

function gatherOf({ attributes, operands }: Fusion): Gather {
  const [x, weight] = [operands.get('x') as Tensor, operands.get('weight') as Tensor];
  return forwardGather(conv2dGeometry(x.shape, weight.shape, attributes, 'conv2d'));
}

function variantOf(fusion: Fusion, rewrite: RewriteContext): Variant<GatherAlgorithm> {
  const { algorithm } = fusion.attributes;
  if (algorithm !== undefined) return GATHERS.named(algorithm);
  const { device, precision } = rewrite;
  const rounded = precision === 'half' && rewrite.isConstant(fusion.operands.get('weight') as Tensor);
  return GATHERS.choose({ gather: gatherOf(fusion), device, precision, rounded });
}

/** The fused node. Constant weights that the algorithm reads in a form of its own are transformed once. */
function replacement(fusion: Fusion, rewrite: RewriteContext): Replacement {
  const variant = variantOf(fusion, rewrite);
  const { transform } = variant.algorithm;
  const weight = fusion.operands.get('weight') as Tensor;
  let complete = fusion;
  if (transform !== undefined && !fusion.operands.has('transformedWeight') && rewrite.isConstant(weight)) {
    const [transformed] = rewrite.apply(transform.operator, [weight], transform.attributes);
    complete = withOperands(fusion, ['transformedWeight', transformed]);
  }
  const attributes: FusedConv2dAttributes = {
    ...complete.attributes,
    algorithm: variantName(variant),
    operands: [...complete.operands.keys()],
    relu: complete.relu,
  };
  return {
    operator: fusedConv2dOperator as unknown as Operator,
    inputs: [...complete.operands.values()],
    attributes: attributes as Attributes,
  };
}
