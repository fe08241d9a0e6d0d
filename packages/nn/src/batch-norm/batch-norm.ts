/**
 * batchNorm2d: every channel shifted and scaled to the mean and deviation that weight and bias say.
 *
 * In inference the statistics are the running ones, constants. In training they are the batch's own; the biased
 * variance normalises, the unbiased one moves the running variance, and the gradient flows through the statistics.
 */
import {
  apply,
  applyOne,
  checkNames,
  type Dispatch,
  dispatch,
  elementCount,
  formatShape,
  type GraphNode,
  type LowerContext,
  MOST_EPS,
  type Operator,
  type Replacement,
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

const INPUTS = ['x', 'weight', 'bias', 'the running mean', 'the running variance'] as const;
const RESIDUAL = 'the residual';

function infer(given: readonly TensorType[], attributes: BatchNormAttributes, where: string): readonly TensorType[] {
  const { eps, momentum, training } = attributes;
  requireBetween(eps, 0, MOST_EPS, 'epsilon', where);
  requireBetween(momentum, 0, 1, 'the momentum', where);
  const x = given[0] as TensorType;
  for (const residual of given.slice(INPUTS.length)) {
    requireType(residual, 'f32', RESIDUAL, where);
    requireShape(residual.shape, x.shape, RESIDUAL, where);
  }
  const inputs = given.slice(0, INPUTS.length);
  for (const [i, input] of inputs.entries()) requireType(input, 'f32', INPUTS[i] as string, where);
  const [, channels] = x.shape;
  if (channels === undefined)
    shapeError('SHAPE_RANK', where, `x has the shape ${formatShape(x.shape)}; [N, C, ...] is needed`);
  for (const [i, input] of inputs.entries()) {
    if (i > 0) requireShape(input.shape, [channels], INPUTS[i] as string, where);
  }
  if (!training) return [x];
  if (elementCount(x.shape) === channels) {
    shapeError(
      'SHAPE_BATCH_NORM',
      where,
      `one value per channel in ${formatShape(x.shape)}: a batch of one value has no variance`,
      'Train with a larger batch or larger maps, or set the module to inference with eval().',
    );
  }
  const perChannel: TensorType = { shape: [channels], dtype: 'f32' };
  return [x, perChannel, perChannel, { shape: [3, channels], dtype: 'f32' }];
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

function lower(
  { inputs, outputs, attributes, scratch, device }: LowerContext<BatchNormAttributes>,
  relu: boolean,
): Dispatch[] {
  const y = outputs[0] as View;
  const { eps, training } = attributes;
  const [x, weight, bias, runningMean, runningVar, residual] = inputs as [View, View, View, View, View, View?];
  if (!training) {
    return [lowerNormalize([x, weight, bias], { mean: runningMean, variance: runningVar }, y, { eps, residual, relu })];
  }
  const [, newMean, newVar, statistics] = outputs as readonly [View, View, View, View];
  const views = { runningMean, runningVar, newMean, newVar, statistics };
  return [
    ...lowerStatistics(x, views, attributes, { scratch, device }),
    lowerNormalize([x, weight, bias], { statistics }, y, { residual, relu }),
  ];
}

/**
 * Inputs: x, weight, bias, running mean, running variance. Output: y; in training also the new running mean and
 * variance, and the statistics [3, C] of the batch: its mean, its inverse deviation 1 / sqrt(variance + eps), and what
 * the mean's float lacks.
 */
export const batchNorm2dOperator: Operator<BatchNormAttributes> = standardOperator({
  name: 'batchNorm2d',
  arity: 5,
  infer,
  lower: (context) => lower(context, false),
  gradient({ inputs, outputs, outputGradients: [g], attributes, needed }) {
    const [x, weight, , runningMean, runningVar] = inputs as readonly [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [ofInput, ofParameters] = [needed[0] === true, needed[1] === true || needed[2] === true];
    if (g === undefined || !(ofInput || ofParameters)) return [];
    const { eps, training: batch } = attributes;
    const statistics = batch ? [outputs[3] as Tensor] : [runningMean, runningVar];
    const wanted: BatchNormGradientAttributes = { eps, batch, ofInput, ofParameters };
    const found = apply(batchNorm2dGradientOperator, [g, x, weight, ...statistics], wanted);
    const [ofWeight, ofBias] = ofParameters ? found.slice(-2) : [];
    return [ofInput ? found[0] : undefined, ofWeight, ofBias, undefined, undefined];
  },
  absorbConsumer,
});

export type FusedBatchNormAttributes = BatchNormAttributes & { readonly relu: boolean };

/**
 * relu(batchNorm2d(x, ...) + residual): input 5 is the residual, if there is one. Made by the planner, after
 * differentiation; outputs as of `batchNorm2d`.
 */
export const fusedBatchNorm2dOperator: Operator<FusedBatchNormAttributes> = {
  name: 'fusedBatchNorm2d',
  infer,
  lower: (context) => lower(context, context.attributes.relu),
  absorbConsumer,
};

type NodeParts = 'inputs' | 'outputs' | 'attributes';

/** Takes over, in this order, the addition of a tensor of x's shape and relu. */
function absorbConsumer(
  { inputs, outputs, attributes }: Pick<GraphNode<BatchNormAttributes & { readonly relu?: boolean }>, NodeParts>,
  consumer: GraphNode,
): Replacement | undefined {
  const fused = (operands: readonly Tensor[], relu: boolean): Replacement => {
    const changed: FusedBatchNormAttributes = { ...attributes, relu };
    return { operator: fusedBatchNorm2dOperator as unknown as Operator, inputs: operands, attributes: changed };
  };
  const name = standardName(consumer.operator);
  if (attributes.relu === true) return undefined;
  if (name === 'relu') return fused(inputs, true);
  if (name !== 'add' && name !== 'addRelu') return undefined;
  const y = outputs[0] as Tensor;
  const [a, b, ...more] = consumer.inputs;
  const residual = a === y ? b : a;
  if (inputs.length > INPUTS.length || more.length > 0 || residual === undefined || residual === y) return undefined;
  return sameShape(residual.shape, y.shape) ? fused([...inputs, residual], name === 'addRelu') : undefined;
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
  const inputs = [x, weight, bias, runningMean, runningVar] as const;
  const [y, mean, variance] = apply(batchNorm2dOperator, inputs, { eps, momentum, training: true });
  return { y: y as Tensor, runningMean: mean as Tensor, runningVar: variance as Tensor };
}
