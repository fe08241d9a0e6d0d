/** The calls of batch norm's gradient, for buffers of your own: two sums per channel, then one pass over the input. */
import { checkOptions, elementCount, MOST_EPS, requireBetween, type Shape } from '@infnet/core';
import {
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
import inputSource from './gradient-input.wgsl';
import sumsSource from './gradient-sums.wgsl';
import mergeSource from './merge-sums.wgsl';
import { planeTiles } from './normalize.js';
import { channelParts, partParams } from './statistics.js';

export const batchNormGradientSumsKernel: Kernel = { name: 'nn/batch-norm-gradient-sums', source: sumsSource };
export const batchNormGradientInputKernel: Kernel = { name: 'nn/batch-norm-gradient-input', source: inputSource };
export const mergeSumsKernel: Kernel = { name: 'nn/merge-sums', source: mergeSource };

const TILE = 4;

/** One dispatch of `nn/merge-sums` that adds every `group` parts; bindings sums, merged. */
export function mergeSumsCall(channels: number, parts: number, group: number): KernelCall {
  const where = 'mergeSumsCall';
  checkOptions(where, { channels, parts, group }, { channels: 'size', parts: 'size', group: 'size' });
  const groups = Math.ceil(parts / group);
  const call = lineCall(mergeSumsKernel, {
    constants: { FINAL: 0 },
    params: { parts, group, groups },
    invocations: channels * groups,
    flops: 2 * channels * parts,
    values: 2 * channels * (parts + groups),
  });
  return sizedCall(where, call, { sums: 2 * channels * parts, merged: 2 * channels * groups });
}

/** The last dispatch of `nn/merge-sums`; bindings sums, first, second. */
export function finalSumsCall(
  channels: number,
  parts: number,
  offsets: { readonly first: number; readonly second: number } = { first: 0, second: 0 },
): KernelCall {
  const where = 'finalSumsCall';
  const table = { channels: 'size', parts: 'size', offsets: { first: 'count', second: 'count' } } as const;
  checkOptions(where, { channels, parts, offsets }, table);
  const call = lineCall(mergeSumsKernel, {
    constants: { FINAL: 1 },
    params: { parts, group: parts, groups: 1, firstOffset: offsets.first, secondOffset: offsets.second },
    invocations: channels,
    flops: 2 * channels * parts,
    values: 2 * channels * (parts + 1),
  });
  const { first, second } = offsets;
  return sizedCall(where, call, { sums: 2 * channels * parts, first: first + channels, second: second + channels });
}

export interface BatchNormGradientSumsCallOptions {
  /** [N, C, ...] of x. */
  readonly shape: Shape;
  readonly eps?: number;
  /** The batch's own statistics, bound as `statistics` [3, C] in place of mean and variance. Default false. */
  readonly batch?: boolean;
  readonly x?: OperandRange;
  readonly g?: OperandRange;
  /**
   * Where the result of a relu lies whose gradient `g` is: g counts where it is above 0. Default: g counts everywhere.
   */
  readonly mask?: OperandRange | undefined;
  /** First element of mean and variance, or statistics, in their buffers. Default 0. */
  readonly offsets?: { readonly mean?: number; readonly variance?: number; readonly statistics?: number };
  /** Parts of a channel. Default: by the shape. */
  readonly parts?: number;
  /**
   * One part per channel, and its sums go to the bindings first, second, from these elements on. Default: parts, to
   * `sums`.
   */
  readonly whole?: { readonly first: number; readonly second: number } | undefined;
}

/**
 * One dispatch of `nn/batch-norm-gradient-sums`; bindings x, g, mean and variance (or statistics), sums [C, parts, 2]
 * (or first, second [C]), and mask if there is one.
 */
export function batchNormGradientSumsCall(options: BatchNormGradientSumsCallOptions): KernelCall {
  const where = 'batchNormGradientSumsCall';
  checkOptions(where, options, {
    shape: 'maps',
    'eps?': 'number',
    'batch?': 'flag',
    'x?': 'range',
    'g?': 'range',
    'mask?': 'range',
    'offsets?': { 'mean?': 'count', 'variance?': 'count', 'statistics?': 'count' },
    'parts?': 'size',
    'whole?': { first: 'count', second: 'count' },
  });
  const { shape, eps = 1e-5, batch = false, x = wholeRange(shape), g = wholeRange(shape), offsets = {} } = options;
  const { mask, whole } = options;
  requireBetween(eps, 0, MOST_EPS, 'epsilon', 'batchNormGradientSumsCall');
  const byShape = channelParts(shape);
  const plan = { ...byShape, parts: whole === undefined ? (options.parts ?? byShape.parts) : 1 };
  const values = elementCount(shape);
  const masked = Number(mask !== undefined);
  const call = lineCall(batchNormGradientSumsKernel, {
    constants: { BATCH: Number(batch), MASK: masked, FINAL: Number(whole !== undefined) },
    params: {
      ...rangeParams({ x, g, mask }),
      ...(whole === undefined ? {} : { firstOffset: whole.first, secondOffset: whole.second }),
      ...partParams(plan),
      ...(batch
        ? { statisticsOffset: offsets.statistics ?? 0, channels: plan.channels }
        : { meanOffset: offsets.mean ?? 0, varianceOffset: offsets.variance ?? 0, eps }),
    },
    invocations: plan.channels * plan.parts,
    flops: 4 * values,
    values: (2 + masked) * values + 2 * plan.channels * plan.parts,
  });
  const { channels } = plan;
  return sizedCall(where, call, {
    x: [shape, x],
    g: [shape, g],
    ...(mask && { mask: [shape, mask] }),
    mean: (offsets.mean ?? 0) + channels,
    variance: (offsets.variance ?? 0) + channels,
    statistics: (offsets.statistics ?? 0) + 3 * channels,
    sums: 2 * channels * plan.parts,
    first: (whole?.first ?? 0) + channels,
    second: (whole?.second ?? 0) + channels,
  });
}

export interface BatchNormGradientInputCallOptions {
  /** [N, C, ...] of x. */
  readonly shape: Shape;
  readonly eps?: number;
  /**
   * Statistics of the batch, bound as `statistics` [3, C]: mean, inverse deviation, what the mean's float lacks. Else
   * running ones.
   */
  readonly batch: boolean;
  readonly x?: OperandRange;
  readonly g?: OperandRange;
  readonly d?: OperandRange;
  /** As of {@link BatchNormGradientSumsCallOptions}. */
  readonly mask?: OperandRange | undefined;
  /** First element of each in its buffer. Default 0. */
  readonly offsets?: Partial<Readonly<Record<'weight' | 'statistics' | 'variance' | 'sumG' | 'sumGH', number>>>;
}

/**
 * One dispatch of `nn/batch-norm-gradient-input`; bindings g, weight, d, for a batch x, statistics, sumG, sumGH, else
 * variance, and mask if there is one.
 */
export function batchNormGradientInputCall(options: BatchNormGradientInputCallOptions): KernelCall {
  const where = 'batchNormGradientInputCall';
  checkOptions(where, options, {
    shape: 'maps',
    'eps?': 'number',
    batch: 'flag',
    'x?': 'range',
    'g?': 'range',
    'd?': 'range',
    'mask?': 'range',
    'offsets?': {
      'weight?': 'count',
      'statistics?': 'count',
      'variance?': 'count',
      'sumG?': 'count',
      'sumGH?': 'count',
    },
  });
  const { shape, eps = 1e-5, batch, offsets = {} } = options;
  requireBetween(eps, 0, MOST_EPS, 'epsilon', 'batchNormGradientInputCall');
  const { x = wholeRange(shape), g = wholeRange(shape), d = wholeRange(shape) } = options;
  const { mask } = options;
  const ranges = [g, d, ...(batch ? [x] : []), ...(mask === undefined ? [] : [mask])];
  const { area, channels, span, vector } = planeTiles(shape, ranges, TILE);
  const values = elementCount(shape);
  const ofBatch = {
    ...rangeParams({ x }),
    statisticsOffset: offsets.statistics ?? 0,
    sumGOffset: offsets.sumG ?? 0,
    sumGHOffset: offsets.sumGH ?? 0,
    perCount: channels / values,
  };
  const call = lineCall(batchNormGradientInputKernel, {
    constants: { BATCH: Number(batch), MASK: Number(mask !== undefined), VECTOR: vector, TILE },
    params: {
      ...rangeParams({ g, d, mask }),
      weightOffset: offsets.weight ?? 0,
      channels,
      area,
      span,
      ...(batch ? ofBatch : { varianceOffset: offsets.variance ?? 0, eps }),
    },
    invocations: elementCount(shape.slice(0, 2)) * span,
    flops: values * (batch ? 5 : 1),
    values: values * ranges.length + 4 * channels,
  });
  return sizedCall(where, call, {
    x: [shape, x],
    g: [shape, g],
    d: [shape, d],
    ...(mask && { mask: [shape, mask] }),
    weight: (offsets.weight ?? 0) + channels,
    variance: (offsets.variance ?? 0) + channels,
    statistics: (offsets.statistics ?? 0) + 3 * channels,
    sumG: (offsets.sumG ?? 0) + channels,
    sumGH: (offsets.sumGH ?? 0) + channels,
  });
}
