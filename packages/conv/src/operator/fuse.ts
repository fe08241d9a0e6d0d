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
  type DeviceProfile,
  defineOperator,
  type GraphNode,
  type NamedOperator,
  type Replacement,
  type RewriteContext,
  replaceBy,
  requireType,
  sameShape,
  standardName,
  type Tensor,
} from '@infnet/core';
import { readsAgain } from '@infnet/core/kernels';
import { type Variant, variantName } from '../algorithm.js';
import type { GatherAlgorithm } from '../forward/algorithm.js';
import { forwardGather, type Gather } from '../forward/gather.js';
import { GATHERS } from '../forward/registry.js';
import { conv2dGeometry, outputShape } from '../geometry.js';
import { foldBatchNormOperator } from './fold-batch-norm.js';
import { halfProbe } from './half-probe.js';
import { halfWeightOperator } from './half-weight.js';
import {
  type Conv2dAttributes,
  type ConvolutionOperands,
  FUSED_INPUTS,
  lowerConvolution,
  type OperandRole,
} from './lower.js';
import { transposeWeightOperator, weightShape } from './transpose-weight.js';

export interface FusedConv2dAttributes extends Conv2dAttributes {
  /** Which inputs there are, in their order; begins with x and weight. */
  readonly operands: readonly OperandRole[];
  readonly relu: boolean;
}

/** Inputs that may be left out. */
const OPTIONAL = ['bias', 'affine', 'residual', 'addend', 'transformedWeight'] as const;

/** `relu(conv2d(x + addend, weight) * scale + shift + residual)`, any part left out. Made by fusion only. */
export const fusedConv2dOperator: NamedOperator<typeof FUSED_INPUTS, readonly ['y'], FusedConv2dAttributes> =
  defineOperator({
    name: 'fusedConv2d',
    inputs: FUSED_INPUTS,
    outputs: ['y'],
    counts: ({ operands }) => ({
      inputs: Object.fromEntries(OPTIONAL.map((role) => [role, operands.includes(role)])),
    }),
    infer({ x, weight }, attributes, where) {
      requireType(x, 'f32', 'the input', where);
      if (weight.dtype !== 'f16') requireType(weight, 'f32', 'the weight', where);
      const shape = weightShape(weight.shape, attributes.transposedWeights === true);
      return { y: { shape: outputShape(conv2dGeometry(x.shape, shape, attributes, where)), dtype: 'f32' } };
    },
    lower: ({ inputs, outputs: { y }, attributes, ...context }) => lowerConvolution(inputs, y, attributes, context),
    absorbConsumer: (node, consumer, rewrite) => absorbConsumer(node, consumer, rewrite),
    absorbProducer: (node, producer, rewrite) => absorbProducer(node, producer, rewrite),
    convertConstants: (node, rewrite) => convertConstants(node, rewrite),
    probes: ({ inputs: { weight }, attributes: { algorithm } }) =>
      weight.dtype === 'f16' && algorithm !== undefined ? [halfProbe(fusedConv2dOperator, algorithm)] : [],
    sharesStorage: ({ operands }) => [0, operands.indexOf('addend')].filter((index) => index >= 0),
  });

/** A convolution, plain or fused, as its fusion rules see it. */
interface Fusible {
  readonly inputs: ConvolutionOperands<Tensor>;
  readonly outputs: { readonly y: Tensor };
  readonly attributes: Conv2dAttributes & { readonly relu?: boolean };
}

/** A convolution being fused. */
type Fusion = Pick<Fusible, 'inputs' | 'attributes'>;

/** Takes over a following `batchNorm2d` (inference), `add`, `addRelu` or `relu`. */
export function absorbConsumer(node: Fusible, consumer: GraphNode, rewrite: RewriteContext): Replacement | undefined {
  // Not the name: an operator of somebody else may be called `relu`.
  switch (standardName(consumer.operator)) {
    case 'relu':
      return replacement(withRelu(node, true), rewrite);
    case 'add':
    case 'addRelu':
      return absorbAdd(node, consumer, rewrite);
    case 'batchNorm2d':
      return absorbBatchNorm(node, consumer, rewrite);
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
export function convertConstants({ inputs, attributes }: Fusible, rewrite: RewriteContext): Replacement | undefined {
  const fusion = { inputs, attributes };
  let { weight } = inputs;
  const variant = variantOf(fusion, rewrite);
  const { algorithm } = variant;
  if (!rewrite.isConstant(weight) || inputs.transformedWeight !== undefined) return undefined;
  if (algorithm.transform !== undefined) return replacement(fusion, rewrite);
  const transposedWeights = algorithm.prefersTransposed?.(gatherOf(fusion), rewrite.device) === true;
  const half = rewrite.precision === 'half';
  if (!transposedWeights && !half) return undefined;
  if (transposedWeights) [weight] = rewrite.apply(transposeWeightOperator, [weight], {});
  if (half) [weight] = rewrite.apply(halfWeightOperator, [weight], {});
  const converted = { ...attributes, algorithm: variantName(variant), transposedWeights };
  return replacement({ inputs: { ...inputs, weight }, attributes: converted }, rewrite);
}

/** Takes over an addition of two tensors of one shape that feeds x. */
export function absorbProducer(
  { inputs, attributes }: Fusible,
  producer: GraphNode,
  rewrite: RewriteContext,
): Replacement | undefined {
  const fusion = { inputs, attributes };
  const [a, b, ...more] = producer.inputs;
  const isAdd = standardName(producer.operator) === 'add' && more.length === 0;
  if (producer.outputs[0] !== inputs.x || !isAdd || inputs.addend !== undefined) return undefined;
  if (a === undefined || b === undefined || a === b || !sameShape(a.shape, b.shape)) return undefined;
  if (!absorbsAddend(variantOf(fusion, rewrite).algorithm, rewrite.device)) return undefined;
  return replacement({ inputs: { ...inputs, x: a, addend: b }, attributes }, rewrite);
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
  { inputs, outputs: { y }, attributes }: Fusible,
  consumer: GraphNode,
  rewrite: RewriteContext,
): Replacement | undefined {
  const [a, b, ...more] = consumer.inputs;
  const residual = a === y ? b : a;
  if (attributes.relu === true || inputs.residual !== undefined || more.length > 0) return undefined;
  if (residual === undefined || residual === y || !sameShape(residual.shape, y.shape)) return undefined;
  const isRelu = standardName(consumer.operator) === 'addRelu';
  return replacement(withRelu({ inputs: { ...inputs, residual }, attributes }, isRelu), rewrite);
}

function absorbBatchNorm(
  { inputs, outputs: { y }, attributes }: Fusible,
  consumer: GraphNode,
  rewrite: RewriteContext,
): Replacement | undefined {
  const [x, ...parameters] = consumer.inputs;
  const { bias } = inputs;
  const { training, eps } = consumer.attributes;
  if (attributes.relu === true || inputs.residual !== undefined || inputs.affine !== undefined) return undefined;
  if (training !== false || x !== y || parameters.length !== 4) return undefined;
  const folded = bias === undefined ? parameters : [...parameters, bias];
  if (!folded.every((tensor) => rewrite.isConstant(tensor))) return undefined;
  const [affine] = rewrite.apply(foldBatchNormOperator, folded, { eps: Number(eps) });
  return replacement({ inputs: { ...inputs, bias: undefined, affine }, attributes }, rewrite);
}

function withRelu({ inputs, attributes }: Fusion, relu: boolean): Fusion {
  return { inputs, attributes: { ...attributes, relu } };
}

function gatherOf({ inputs: { x, weight }, attributes }: Fusion): Gather {
  return forwardGather(conv2dGeometry(x.shape, weight.shape, attributes, 'conv2d'));
}

function variantOf(fusion: Fusion, { device, precision, isConstant }: RewriteContext): Variant<GatherAlgorithm> {
  const { algorithm } = fusion.attributes;
  if (algorithm !== undefined) return GATHERS.named(algorithm);
  const rounded = precision === 'half' && isConstant(fusion.inputs.weight);
  return GATHERS.choose({ gather: gatherOf(fusion), device, precision, rounded });
}

/** The fused node. Constant weights that the algorithm reads in a form of its own are transformed once. */
function replacement(fusion: Fusion, rewrite: RewriteContext): Replacement {
  const { inputs, attributes } = fusion;
  const variant = variantOf(fusion, rewrite);
  const { transform } = variant.algorithm;
  let { transformedWeight } = inputs;
  if (transform !== undefined && transformedWeight === undefined && rewrite.isConstant(inputs.weight)) {
    [transformedWeight] = rewrite.apply(transform.operator, [inputs.weight], transform.attributes);
  }
  const given = { ...inputs, transformedWeight };
  return replaceBy(fusedConv2dOperator, given, {
    ...attributes,
    algorithm: variantName(variant),
    operands: ['x', 'weight', ...OPTIONAL.filter((role) => given[role] !== undefined)],
    relu: attributes.relu === true,
  });
}
