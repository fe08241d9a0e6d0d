/** The calls that measure a batch: parts of each channel first, then parts joined until one is left. */
import {
  type Dispatch,
  elementCount,
  type Kernel,
  type KernelCall,
  type LowerContext,
  type Shape,
  type View,
} from '@infnet/core';
import { dispatch, lineCall, type OperandRange, rangeParams, wholeRange } from '../kernel/call.js';
import { partCount } from '../reduce/reduce.js';
import mergeSource from './merge-statistics.wgsl';
import source from './statistics.wgsl';

export const batchStatisticsKernel: Kernel = { name: 'nn/batch-statistics', source };
export const mergeStatisticsKernel: Kernel = { name: 'nn/merge-statistics', source: mergeSource };

/** Up to this many parts are joined by one invocation in the last step. */
export const LAST_GROUP = 64;
/** So many parts are joined by one invocation in the steps before. */
export const GROUP = 32;

/** How the values of each channel of [N, C, ...] are dealt to parts. */
export interface ChannelParts {
  readonly channels: number;
  readonly area: number;
  /** Values per channel. */
  readonly total: number;
  readonly parts: number;
}

export function channelParts(shape: Shape): ChannelParts {
  const [n = 1, channels = 1] = shape;
  const area = elementCount(shape.slice(2));
  return { channels, area, total: n * area, parts: partCount(channels, n * area) };
}

/** The fields of `struct Params` that walk through the values of a part. */
export function partParams({ area, total, parts }: ChannelParts): Record<string, number> {
  return { area, total, parts, items: Math.floor(parts / area), rest: parts % area };
}

/** One dispatch of `nn/batch-statistics`; bindings x, moments [C, parts, 3]. */
export function batchStatisticsCall(shape: Shape, x: OperandRange = wholeRange(shape)): KernelCall {
  const plan = channelParts(shape);
  const values = elementCount(shape);
  return lineCall(batchStatisticsKernel, {
    constants: {},
    params: { ...rangeParams('x', x), ...partParams(plan) },
    invocations: plan.channels * plan.parts,
    flops: 6 * values,
    values: values + 3 * plan.channels * plan.parts,
  });
}

/** One dispatch of `nn/merge-statistics` that joins every `group` parts; bindings moments, merged. */
export function mergeStatisticsCall(channels: number, parts: number, group: number): KernelCall {
  const groups = Math.ceil(parts / group);
  return lineCall(mergeStatisticsKernel, {
    constants: { FINAL: 0 },
    params: { parts, group, groups },
    invocations: channels * groups,
    flops: 8 * channels * parts,
    values: 3 * channels * (parts + groups),
  });
}

/** Where the results lie and how the running statistics move. */
export interface FinalStatisticsOptions {
  readonly channels: number;
  readonly parts: number;
  readonly eps: number;
  readonly momentum: number;
  /** First element of each operand in its buffer. */
  readonly offsets: Readonly<Record<'mean' | 'inverse' | 'runningMean' | 'runningVar' | 'newMean' | 'newVar', number>>;
}

/** The last dispatch; bindings moments, mean, inverse, newMean, newVar, runningMean, runningVar. */
export function finalStatisticsCall({ channels, parts, eps, momentum, offsets }: FinalStatisticsOptions): KernelCall {
  return lineCall(mergeStatisticsKernel, {
    constants: { FINAL: 1 },
    params: {
      parts,
      group: parts,
      groups: 1,
      ...Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [`${name}Offset`, offset])),
      eps,
      momentum,
    },
    invocations: channels,
    flops: 8 * channels * parts,
    values: channels * (3 * parts + 6),
  });
}

/** Views of the statistics of a batch, [C] each. */
export interface StatisticsViews {
  readonly runningMean: View;
  readonly runningVar: View;
  readonly newMean: View;
  readonly newVar: View;
  readonly mean: View;
  readonly inverse: View;
}

/** The dispatches that measure x and move the running statistics. */
export function lowerStatistics(
  x: View,
  views: StatisticsViews,
  attributes: { readonly eps: number; readonly momentum: number },
  context: Pick<LowerContext, 'scratch'>,
): readonly Dispatch[] {
  const { shape } = x.type;
  const plan = channelParts(shape);
  const { channels } = plan;
  let { parts } = plan;
  let moments = context.scratch(3 * channels * parts, 'moments');
  const dispatches = [dispatch(batchStatisticsCall(shape, x), { x, moments })];
  while (parts > LAST_GROUP) {
    const groups = Math.ceil(parts / GROUP);
    const merged = context.scratch(3 * channels * groups, 'moments');
    dispatches.push(dispatch(mergeStatisticsCall(channels, parts, GROUP), { moments, merged }));
    [moments, parts] = [merged, groups];
  }
  const offsets = Object.fromEntries(Object.entries(views).map(([name, view]) => [name, view.offset]));
  const call = finalStatisticsCall({
    channels,
    parts,
    ...attributes,
    offsets: offsets as FinalStatisticsOptions['offsets'],
  });
  return [...dispatches, dispatch(call, { moments, ...views })];
}
