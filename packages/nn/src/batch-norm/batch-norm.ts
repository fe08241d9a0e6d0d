/**
 * batchNorm2d: every channel shifted and scaled to the mean and deviation that weight and bias say.
 *
 * In inference the statistics are the running ones, constants. In training they are the batch's own; the biased variance
 * normalises, the unbiased one moves the running variance, and the gradient flows through the statistics.
 */
import {
  apply,
  applyOne,
  elementCount,
  formatShape,
  type Operator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { dispatch } from '../kernel/call.js';
import { requireShape, requireType, shapeError } from '../shape.js';
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

function infer(inputs: readonly TensorType[], { training }: BatchNormAttributes, where: string): readonly TensorType[] {
  const x = inputs[0] as TensorType;
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
  return [x, perChannel, perChannel, perChannel, perChannel];
}

function lowerNormalize(
  views: readonly View[],
  y: View,
  options: { eps?: number; inverse?: boolean; relu?: boolean },
): ReturnType<typeof dispatch> {
  const [x, weight, bias, mean, variance] = views as readonly [View, View, View, View, View];
  const offsets: ChannelOffsets = {
    weight: weight.offset,
    bias: bias.offset,
    mean: mean.offset,
    variance: variance.offset,
  };
  const call = batchNorm2dCall({ shape: x.type.shape, x, y, offsets, ...options });
  return dispatch(call, { x, weight, bias, mean, variance, y });
}

/**
 * Inputs: x, weight, bias, running mean, running variance. Output: y; in training also the new running mean and variance,
 * the mean of the batch and its inverse deviation 1 / sqrt(variance + eps).
 */
export const batchNorm2dOperator: Operator<BatchNormAttributes> = {
  name: 'batchNorm2d',
  infer,
  lower({ inputs, outputs, attributes, scratch }) {
    const y = outputs[0] as View;
    if (!attributes.training) return [lowerNormalize(inputs, y, { eps: attributes.eps })];
    const [x, weight, bias, runningMean, runningVar] = inputs as readonly [View, View, View, View, View];
    const [, newMean, newVar, mean, inverse] = outputs as readonly [View, View, View, View, View];
    const views = { runningMean, runningVar, newMean, newVar, mean, inverse };
    return [
      ...lowerStatistics(x, views, attributes, { scratch }),
      lowerNormalize([x, weight, bias, mean, inverse], y, { inverse: true }),
    ];
  },
  gradient({ inputs, outputs, outputGradients: [g], attributes, needed }) {
    const [x, weight, , runningMean, runningVar] = inputs as readonly [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [ofInput, ofParameters] = [needed[0] === true, needed[1] === true || needed[2] === true];
    if (g === undefined || !(ofInput || ofParameters)) return [];
    const { eps, training: batch } = attributes;
    const statistics = batch ? [outputs[3] as Tensor, outputs[4] as Tensor] : [runningMean, runningVar];
    const wanted: BatchNormGradientAttributes = { eps, batch, ofInput, ofParameters };
    const found = apply(batchNorm2dGradientOperator, [g, x, weight, ...statistics], wanted);
    const [ofWeight, ofBias] = ofParameters ? found.slice(-2) : [];
    return [ofInput ? found[0] : undefined, ofWeight, ofBias, undefined, undefined];
  },
  absorbConsumer: (node, consumer) =>
    consumer.operator.name === 'relu' && !node.attributes.training
      ? { operator: batchNorm2dReluOperator as unknown as Operator, inputs: node.inputs, attributes: node.attributes }
      : undefined,
};

/** max(batchNorm2d(...), 0) in inference. Made by the planner; it exists after differentiation only. */
export const batchNorm2dReluOperator: Operator<BatchNormAttributes> = {
  name: 'batchNorm2dRelu',
  infer,
  lower: ({ inputs, outputs, attributes }) => [
    lowerNormalize(inputs, outputs[0] as View, { eps: attributes.eps, relu: true }),
  ],
};

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Share of the batch in the new running statistics. Default 0.1. */
  readonly momentum?: number;
}

/**
 * Normalises x [N, C, ...] per channel; all others are [C].
 *
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_MISMATCH`, `SHAPE_DTYPE`; in training `SHAPE_BATCH_NORM` for one value per channel.
 */
export function batchNorm2d(
  x: TensorLike,
  weight: TensorLike,
  bias: TensorLike,
  runningMean: TensorLike,
  runningVar: TensorLike,
  options: BatchNormOptions & { readonly training?: boolean } = {},
): Tensor {
  const inputs = [x, weight, bias, runningMean, runningVar] as const;
  if (options.training === true) return batchNorm2dTraining(...inputs, options).y;
  const { eps = 1e-5, momentum = 0.1 } = options;
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
  { eps = 1e-5, momentum = 0.1 }: BatchNormOptions = {},
): TrainingBatchNorm {
  const inputs = [x, weight, bias, runningMean, runningVar] as const;
  const [y, mean, variance] = apply(batchNorm2dOperator, inputs, { eps, momentum, training: true });
  return { y: y as Tensor, runningMean: mean as Tensor, runningVar: variance as Tensor };
}
