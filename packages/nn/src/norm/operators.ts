/**
 * Group, instance and layer norm: every group of values shifted and scaled to mean 0 and deviation 1, then by weight
 * and bias. What a group is, is an attribute; the rules are the same.
 */
import {
  applyNamed,
  defineOperator,
  type GraphNode,
  MOST_EPS,
  type NamedOperator,
  type Operands,
  type Replacement,
  replaceBy,
  requireBetween,
  requireShape,
  requireType,
  sameShape,
  standardName,
  standardOperator,
  type Tensor,
  type TensorType,
} from '@infnet/core';
import type { Slope } from './activation.js';
import { lowerNorm } from './forward.js';
import { type NormGradientAttributes, normGradientOperator } from './gradient.js';
import { groupingOf, type NormOver } from './grouping.js';

export type NormAttributes = {
  /** What is normalised together. */
  readonly over: NormOver;
  /** Added to the variance. */
  readonly eps: number;
  /** Which of the inputs weight and bias are there. */
  readonly weight: boolean;
  readonly bias: boolean;
};

export type FusedNormAttributes = NormAttributes & {
  /** Whether the input residual is there. */
  readonly residual: boolean;
  /** Of the activation that follows: of relu 0, of leakyRelu its slope; undefined: none follows. */
  readonly slope: Slope;
};

const INPUTS = ['x', 'weight?', 'bias?'] as const;
const FUSED_INPUTS = ['x', 'weight?', 'bias?', 'residual?'] as const;
const OUTPUTS = ['y', 'statistics'] as const;

type Types = Operands<typeof INPUTS, TensorType> & { readonly residual?: TensorType | undefined };

function infer(
  { x, weight, bias, residual }: Types,
  { over, eps }: NormAttributes,
  where: string,
): { readonly y: TensorType; readonly statistics: TensorType } {
  requireBetween(eps, 0, MOST_EPS, 'epsilon', where);
  for (const [name, type] of Object.entries({ x, weight, bias, residual })) {
    if (type !== undefined) requireType(type, 'f32', name, where);
  }
  const { groups, weightShape } = groupingOf(x.shape, over, where);
  if (weight !== undefined) requireShape(weight.shape, weightShape, 'the weight', where);
  if (bias !== undefined) requireShape(bias.shape, weightShape, 'the bias', where);
  if (residual !== undefined) requireShape(residual.shape, x.shape, 'the residual', where);
  return { y: x, statistics: { shape: [3, groups], dtype: 'f32' } };
}

/** What the norms and their fused form have in common. */
const counts = ({ weight, bias }: NormAttributes) => ({ inputs: { weight, bias } });

interface Fusible {
  readonly inputs: Operands<typeof INPUTS, Tensor> & { readonly residual?: Tensor | undefined };
  readonly outputs: Operands<typeof OUTPUTS, Tensor>;
  readonly attributes: NormAttributes & Partial<FusedNormAttributes>;
}

/** Takes over, in this order, the addition of a tensor of x's shape and an activation. */
function absorbConsumer({ inputs, outputs: { y }, attributes }: Fusible, consumer: GraphNode): Replacement | undefined {
  const { slope } = attributes;
  if (slope !== undefined) return undefined;
  const fused = (operands: Fusible['inputs'], slope: Slope): Replacement => {
    const residual = operands.residual !== undefined;
    return replaceBy(fusedNormOperator, operands, { ...attributes, residual, slope });
  };
  const name = standardName(consumer.operator);
  if (name === 'relu') return fused(inputs, 0);
  if (name === 'leakyRelu') {
    const { slope } = consumer.attributes as { readonly slope: number };
    return slope > 0 ? fused(inputs, slope) : undefined;
  }
  if (name !== 'add' && name !== 'addRelu') return undefined;
  const [a, b, ...more] = consumer.inputs;
  const residual = a === y ? b : a;
  if (inputs.residual !== undefined || more.length > 0 || residual === undefined || residual === y) return undefined;
  const follows = name === 'addRelu' ? 0 : undefined;
  return sameShape(residual.shape, y.shape) ? fused({ ...inputs, residual }, follows) : undefined;
}

export type NormOperator = NamedOperator<typeof INPUTS, typeof OUTPUTS, NormAttributes>;

function normOperator(name: string): NormOperator {
  return standardOperator(
    defineOperator({
      name,
      inputs: INPUTS,
      outputs: OUTPUTS,
      counts,
      infer,
      lower({ inputs, outputs: { y, statistics }, attributes: { over, eps }, ...context }) {
        const grouping = groupingOf(inputs.x.type.shape, over, name);
        return lowerNorm({ ...inputs, statistics, y }, grouping, { eps }, context);
      },
      gradient({ inputs, outputs: { statistics }, outputGradients: { y: g }, attributes, needed }) {
        if (g === undefined) return {};
        const { x, weight } = inputs;
        const { over, weight: weighted, bias: biased } = attributes;
        const wanted: NormGradientAttributes = {
          over,
          weight: weighted,
          ofInput: needed.x === true,
          ofWeight: weighted && needed.weight === true,
          ofBias: biased && needed.bias === true,
        };
        if (!(wanted.ofInput || wanted.ofWeight || wanted.ofBias)) return {};
        const found = applyNamed(normGradientOperator, { g, x, statistics, weight }, wanted);
        return { x: found.d, weight: found.ofWeight, bias: found.ofBias };
      },
      absorbConsumer,
    }),
  );
}

/**
 * Inputs: x [N, C, ...], weight and bias [C] if there are any. Outputs: y, and the statistics [3, N * groups]: mean,
 * 1 / sqrt(variance + eps), what the mean's float lacks. `over`: `{ groups }`; instance norm has C.
 */
export const groupNormOperator: NormOperator = normOperator('groupNorm');

/** As `groupNorm`, over the dimensions from `over.axis` on; weight and bias have their shape. */
export const layerNormOperator: NormOperator = normOperator('layerNorm');

/** As `groupNorm`, `over` the `'channels'` at each position of [N, C, ...]. */
export const layerNorm2dOperator: NormOperator = normOperator('layerNorm2d');

/**
 * activation(norm(x, ...) + residual), what of it there is. Made by the planner, after differentiation; outputs as of
 * `groupNorm`.
 */
export const fusedNormOperator: NamedOperator<typeof FUSED_INPUTS, typeof OUTPUTS, FusedNormAttributes> =
  defineOperator({
    name: 'fusedNorm',
    inputs: FUSED_INPUTS,
    outputs: OUTPUTS,
    counts: ({ weight, bias, residual }: FusedNormAttributes) => ({ inputs: { weight, bias, residual } }),
    infer: (inputs, attributes: FusedNormAttributes, where) => infer(inputs, attributes, where),
    lower({ inputs, outputs: { y, statistics }, attributes: { over, eps, slope }, ...context }) {
      const grouping = groupingOf(inputs.x.type.shape, over, 'fusedNorm');
      return lowerNorm({ ...inputs, statistics, y }, grouping, { eps, slope }, context);
    },
    absorbConsumer,
  });
