/**
 * batchNorm2d: every channel shifted and scaled to the mean and deviation that weight and bias say.
 *
 * In inference the statistics are the running ones, constants. In training they are the batch's own; the biased
 * variance normalises, the unbiased one moves the running variance, and the gradient flows through the statistics.
 */
import {
  applyNamed,
  applyOne,
  checkNames,
  type Dispatch,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  type GivenOperands,
  type GraphNode,
  type LowerContext,
  MOST_EPS,
  type NamedOperator,
  type Operands,
  type Replacement,
  replaceBy,
  requireBetween,
  requireShape,
  requireType,
  sameShape,
  shapeError,
  standardName,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { type BatchNormGradientAttributes, batchNorm2dGradientOperator } from './gradient.js';
import { batchNorm2dCall, type ChannelOffsets } from './normalize.js';
import { lowerStatistics } from './statistics.js';

export type BatchNormAttributes = {
  readonly eps: number;
  /** Share of the batch in the new running statistics. */
  readonly momentum: number;
  readonly training: boolean;
};

const INPUTS = ['x', 'weight', 'bias', 'runningMean', 'runningVar'] as const;
const FUSED_INPUTS = ['x', 'weight', 'bias', 'runningMean', 'runningVar', 'residual?'] as const;
const OUTPUTS = ['y', 'newMean?', 'newVar?', 'statistics?'] as const;
const PER_CHANNEL = {
  weight: 'weight',
  bias: 'bias',
  runningMean: 'the running mean',
  runningVar: 'the running variance',
} as const;

function infer(
  inputs: Operands<typeof INPUTS, TensorType> & { readonly residual?: TensorType | undefined },
  { eps, momentum, training }: BatchNormAttributes,
  where: string,
): GivenOperands<typeof OUTPUTS, TensorType> {
  requireBetween(eps, 0, MOST_EPS, 'epsilon', where);
  requireBetween(momentum, 0, 1, 'the momentum', where);
  const { x, residual } = inputs;
  if (residual !== undefined) {
    requireType(residual, 'f32', 'the residual', where);
    requireShape(residual.shape, x.shape, 'the residual', where);
  }
  const perChannel = (['weight', 'bias', 'runningMean', 'runningVar'] as const).map(
    (name) => [name, inputs[name]] as const,
  );
  requireType(x, 'f32', 'x', where);
  for (const [name, input] of perChannel) requireType(input, 'f32', PER_CHANNEL[name], where);
  const [, channels] = x.shape;
  if (channels === undefined)
    shapeError('SHAPE_RANK', where, `x has the shape ${formatShape(x.shape)}; [N, C, ...] is needed`);
  for (const [name, input] of perChannel) requireShape(input.shape, [channels], PER_CHANNEL[name], where);
  if (!training) return { y: x };
  if (elementCount(x.shape) === channels) {
    shapeError(
      'SHAPE_BATCH_NORM',
      where,
      `one value per channel in ${formatShape(x.shape)}: a batch of one value has no variance`,
      'Train with a larger batch or larger maps, or set the module to inference with eval().',
    );
  }
  const moved: TensorType = { shape: [channels], dtype: 'f32' };
  return { y: x, newMean: moved, newVar: moved, statistics: { shape: [3, channels], dtype: 'f32' } };
}

/** `figures`: the batch's statistics, or running mean and variance. */
function lowerNormalize(
  [x, weight, bias]: readonly [View, View, View],
  figures: { readonly statistics: View } | { readonly mean: View; readonly variance: View },
  y: View,
  options: { eps?: number; residual?: View | undefined; relu: boolean },
): Dispatch {
  const named = Object.entries({ weight, bias, ...figures }).map(([name, view]) => [name, view.offset] as const);
  const offsets: ChannelOffsets = Object.fromEntries(named);
  const { residual } = options;
  const call = batchNorm2dCall({ shape: x.type.shape, x, y, offsets, batch: 'statistics' in figures, ...options });
  return dispatch(call, { x, weight, bias, ...figures, y, ...(residual && { residual }) });
}

type Views = Operands<typeof INPUTS, View> & { readonly residual?: View | undefined };

function lower(
  { x, weight, bias, runningMean, runningVar, residual }: Views,
  { y, newMean, newVar, statistics }: Operands<typeof OUTPUTS, View>,
  context: Pick<LowerContext<BatchNormAttributes & { readonly relu?: boolean }>, 'attributes' | 'scratch' | 'device'>,
): Dispatch[] {
  const { attributes } = context;
  const { eps, relu = false } = attributes;
  if (newMean === undefined || newVar === undefined || statistics === undefined) {
    return [lowerNormalize([x, weight, bias], { mean: runningMean, variance: runningVar }, y, { eps, residual, relu })];
  }
  const views = { runningMean, runningVar, newMean, newVar, statistics };
  return [
    ...lowerStatistics(x, views, attributes, context),
    lowerNormalize([x, weight, bias], { statistics }, y, { residual, relu }),
  ];
}

/**
 * Inputs: x, weight, bias, running mean, running variance. Output: y; in training also the new running mean and
 * variance, and the statistics [3, C] of the batch: its mean, its inverse deviation 1 / sqrt(variance + eps), and what
 * the mean's float lacks.
 */
export const batchNorm2dOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS, BatchNormAttributes> = standardOperator(
  defineOperator({
    name: 'batchNorm2d',
    inputs: INPUTS,
    outputs: OUTPUTS,
    infer,
    lower: ({ inputs, outputs, ...context }) => lower(inputs, outputs, context),
    gradient({ inputs, outputs: { statistics }, outputGradients: { y: g }, attributes: { eps }, needed }) {
      const [ofInput, ofParameters] = [needed.x, needed.weight || needed.bias];
      if (g === undefined || !(ofInput || ofParameters)) return {};
      const { x, weight, runningMean: mean, runningVar: variance } = inputs;
      const figures = statistics === undefined ? { mean, variance } : { statistics };
      const wanted: BatchNormGradientAttributes = { eps, batch: statistics !== undefined, ofInput, ofParameters };
      const found = applyNamed(batchNorm2dGradientOperator, { g, x, weight, ...figures }, wanted);
      return { x: found.d, weight: found.ofWeight, bias: found.ofBias };
    },
    absorbConsumer,
  }),
);

export type FusedBatchNormAttributes = BatchNormAttributes & { readonly relu: boolean };

/**
 * relu(batchNorm2d(x, ...) + residual), if there is a residual. Made by the planner, after differentiation; outputs as
 * of `batchNorm2d`.
 */
export const fusedBatchNorm2dOperator: NamedOperator<typeof FUSED_INPUTS, typeof OUTPUTS, FusedBatchNormAttributes> =
  defineOperator({
    name: 'fusedBatchNorm2d',
    inputs: FUSED_INPUTS,
    outputs: OUTPUTS,
    infer,
    lower: ({ inputs, outputs, ...context }) => lower(inputs, outputs, context),
    absorbConsumer,
  });

interface Fusible {
  readonly inputs: Operands<typeof INPUTS, Tensor> & { readonly residual?: Tensor | undefined };
  readonly outputs: Operands<typeof OUTPUTS, Tensor>;
  readonly attributes: BatchNormAttributes & { readonly relu?: boolean };
}

/** Takes over, in this order, the addition of a tensor of x's shape and relu. */
function absorbConsumer({ inputs, outputs: { y }, attributes }: Fusible, consumer: GraphNode): Replacement | undefined {
  const fused = (operands: Fusible['inputs'], relu: boolean): Replacement =>
    replaceBy(fusedBatchNorm2dOperator, operands, { ...attributes, relu });
  const name = standardName(consumer.operator);
  if (attributes.relu === true) return undefined;
  if (name === 'relu') return fused(inputs, true);
  if (name !== 'add' && name !== 'addRelu') return undefined;
  const [a, b, ...more] = consumer.inputs;
  const residual = a === y ? b : a;
  if (inputs.residual !== undefined || more.length > 0 || residual === undefined || residual === y) return undefined;
  return sameShape(residual.shape, y.shape) ? fused({ ...inputs, residual }, name === 'addRelu') : undefined;
}

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of the batch in the new running statistics. Default 0.1. */
  readonly momentum?: number;
}

/**
 * Normalises x [N, C, ...] per channel; all others are [C].
 *
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_MISMATCH`, `SHAPE_DTYPE`, `SHAPE_ATTRIBUTE`; in training `SHAPE_BATCH_NORM`
 *   for one value per channel.
 */
export function batchNorm2d(
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike,
  runningMean: TensorLike,
  runningVar: TensorLike,
  options: BatchNormOptions & { readonly training?: boolean } = {},
): Tensor {
  checkNames('batchNorm2d', options, ['eps', 'momentum', 'training']);
  const inputs = [x, weight, bias, runningMean, runningVar] as const;
  const { eps = 1e-5, momentum = 0.1, training = false } = options;
  if (training) return batchNorm2dTraining(...inputs, { eps, momentum }).y;
  return applyOne(batchNorm2dOperator, inputs, { eps, momentum, training: false });
}

/** What batch norm gives in training. */
export interface TrainingBatchNorm {
  readonly y: Tensor;
  /** The running statistics moved by this batch, [C]: register them with `graph.update`. */
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
}

/** Normalises x [N, C, ...] with the statistics of the batch itself. Errors as `batchNorm2d`. */
export function batchNorm2dTraining(
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike,
  runningMean: TensorLike,
  runningVar: TensorLike,
  options: BatchNormOptions = {},
): TrainingBatchNorm {
  checkNames('batchNorm2dTraining', options, ['eps', 'momentum']);
  const { eps = 1e-5, momentum = 0.1 } = options;
  const inputs = { x, weight, bias, runningMean, runningVar };
  const { y, newMean, newVar } = applyNamed(batchNorm2dOperator, inputs, { eps, momentum, training: true });
  if (newMean === undefined || newVar === undefined) throw new Error('batch norm in training moves its statistics');
  return { y, runningMean: newMean, runningVar: newVar };
}
