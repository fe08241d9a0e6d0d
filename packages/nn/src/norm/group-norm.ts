/** groupNorm and instanceNorm2d: every group of channels of every batch item by its own statistics. */
import {
  applyNamed,
  checkNames,
  elementCount,
  fill,
  formatShape,
  graphOf,
  shapeError,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { batchNorm2d } from '../batch-norm/batch-norm.js';
import type { NormOver } from './grouping.js';
import { groupNormOperator, type NormOperator } from './operators.js';
import { instanceRunningOperator } from './running.js';

/** What every norm takes beside x. */
export interface NormOptions {
  /** Multiplied with what was normalised. Default: nothing is. */
  readonly weight?: TensorLike | undefined;
  /** Added to it. Default: nothing is. */
  readonly bias?: TensorLike | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

export const NORM_OPTIONS = ['weight', 'bias', 'eps'] as const;

/** Applies a norm to x, with the parameters that are there. */
export function applyNorm(
  operator: NormOperator,
  x: TensorLike,
  over: NormOver,
  { weight, bias, eps = 1e-5 }: NormOptions,
): { readonly y: Tensor; readonly statistics: Tensor } {
  const attributes = { over, eps, weight: weight !== undefined, bias: bias !== undefined };
  return applyNamed(operator, { x, weight, bias }, attributes);
}

/**
 * Normalises each of `groups` groups of channels of x [N, C, ...], in every batch item; weight and bias are [C]. As
 * PyTorch's `group_norm`.
 *
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_MISMATCH`, `SHAPE_DTYPE`; `SHAPE_ATTRIBUTE` where the groups do not divide
 *   the channels; `SHAPE_GROUP_NORM` for a batch of one group of one value.
 */
export function groupNorm(x: TensorLike, groups: number, options: NormOptions = {}): Tensor {
  checkNames('groupNorm', options, NORM_OPTIONS);
  const { y } = applyNorm(groupNormOperator, x, { groups }, options);
  if (elementCount(x.shape) === groups) {
    const message = `one value per group in ${formatShape(x.shape)}: it has no variance`;
    shapeError('SHAPE_GROUP_NORM', 'groupNorm', message, 'Use fewer groups, or larger maps.');
  }
  return y;
}

/**
 * Normalises every channel of every batch item of x [N, C, ...] by its own mean and deviation; weight and bias are [C].
 * As PyTorch's `instance_norm` with the statistics of its input.
 *
 * @throws InfnetError as {@link groupNorm}; `SHAPE_INSTANCE_NORM` for maps of one value.
 */
export function instanceNorm2d(x: TensorLike, options: NormOptions = {}): Tensor {
  checkNames('instanceNorm2d', options, NORM_OPTIONS);
  return overInstances(x, options, 'instanceNorm2d').y;
}

function overInstances(x: TensorLike, options: NormOptions, where: string): ReturnType<typeof applyNorm> {
  const found = applyNorm(groupNormOperator, x, { groups: x.shape[1] ?? 0 }, options);
  if (elementCount(x.shape.slice(2)) === 1) {
    const message = `one value per map in ${formatShape(x.shape)}: it has no variance`;
    shapeError(
      'SHAPE_INSTANCE_NORM',
      where,
      message,
      'Use larger maps, or a module with running statistics in eval().',
    );
  }
  return found;
}

/** The running statistics of instance norm, [C] each, and how they are used. */
export interface RunningInstanceNorm extends NormOptions {
  readonly runningMean: TensorLike;
  readonly runningVar: TensorLike;
}

/**
 * As {@link instanceNorm2d}, and the running statistics [C] moved by the batch: register them with `graph.update`.
 *
 * @param options `momentum` is the share of the batch in the new ones, default 0.1. Its unbiased variances are
 *   averaged.
 */
export function instanceNorm2dTraining(
  x: TensorLike,
  options: RunningInstanceNorm & { readonly momentum?: number },
): { readonly y: Tensor; readonly runningMean: Tensor; readonly runningVar: Tensor } {
  checkNames('instanceNorm2dTraining', options, [...NORM_OPTIONS, 'runningMean', 'runningVar', 'momentum']);
  const { runningMean, runningVar, momentum = 0.1, ...given } = options;
  const { y, statistics } = overInstances(x, given, 'instanceNorm2dTraining');
  const attributes = { eps: given.eps ?? 1e-5, momentum, size: elementCount(x.shape.slice(2)) };
  const moved = applyNamed(instanceRunningOperator, { statistics, runningMean, runningVar }, attributes);
  return { y, runningMean: moved.newMean, runningVar: moved.newVar };
}

/** Instance norm by its running statistics, constants: what batch norm does in inference. */
export function instanceNorm2dRunning(x: TensorLike, options: RunningInstanceNorm): Tensor {
  checkNames('instanceNorm2dRunning', options, [...NORM_OPTIONS, 'runningMean', 'runningVar']);
  const { runningMean, runningVar, eps = 1e-5 } = options;
  const graph = graphOf([x, runningMean], 'instanceNorm2dRunning');
  const { weight = fill(graph, runningMean.shape, 1), bias = fill(graph, runningMean.shape, 0) } = options;
  return batchNorm2d(x, weight, bias, runningMean, runningVar, { eps });
}
