/**
 * The calls that measure a batch: parts of each channel first, then parts joined until one is left. Where a channel is
 * one part, that part's invocation finishes it.
 */
import {
  checkOptions,
  type DeviceProfile,
  type Dispatch,
  dispatch,
  elementCount,
  type LowerContext,
  MOST_EPS,
  requireBetween,
  type Shape,
  type View,
} from '@infnet/core';
import {
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
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

/** A channel stays whole, in one invocation, where a further dispatch would cost more than its values. */
export function channelParts(shape: Shape, device?: Pick<DeviceProfile, 'traits'>): ChannelParts {
  const [n = 1, channels = 1] = shape;
  const area = elementCount(shape.slice(2));
  const total = n * area;
  const whole = device !== undefined && total <= device.traits.dispatchCost;
  return { channels, area, total, parts: whole ? 1 : partCount(channels, total) };
}

/** The fields of `struct Params` that walk through the values of a part. */
export function partParams({ area, total, parts }: ChannelParts): Record<string, number> {
  return { area, total, parts, items: Math.floor(parts / area), rest: parts % area };
}

const PARTS = { channels: 'size', area: 'size', total: 'size', parts: 'size' } as const;
const NUMBERS = { eps: 'number', momentum: 'number' } as const;
const OFFSETS = {
  statistics: 'count',
  runningMean: 'count',
  runningVar: 'count',
  newMean: 'count',
  newVar: 'count',
} as const;

/** Sizes of the buffers that {@link finalStatisticsCall} binds, but for the moments. */
function finalSizes(channels: number, offsets: FinalStatisticsOptions['offsets']): Record<string, number> {
  const sizes = Object.entries(offsets).map(([name, offset]) => [name, offset + channels] as const);
  return { ...Object.fromEntries(sizes), statistics: offsets.statistics + 3 * channels };
}

/**
 * One dispatch of `nn/batch-statistics`; bindings x, moments [C, parts, 4].
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function batchStatisticsCall(shape: Shape, given?: OperandRange, deal?: ChannelParts): KernelCall {
  const where = 'batchStatisticsCall';
  checkOptions(where, { shape, x: given, plan: deal }, { shape: 'maps', 'x?': 'range', 'plan?': PARTS });
  const own = channelParts(shape);
  const { x = wholeRange(shape), plan = own } = { x: given, plan: deal };
  // The deal of a plan is free in its parts only.
  const { channels, area, total } = own;
  checkOptions(where, { ...plan }, { channels: [channels], area: [area], total: [total], parts: 'size' }, 'plan');
  const values = elementCount(shape);
  const call = lineCall(batchStatisticsKernel, {
    constants: { FINAL: 0 },
    params: { ...rangeParams({ x }), ...partParams(plan) },
    invocations: plan.channels * plan.parts,
    flops: 6 * values,
    values: values + 4 * plan.channels * plan.parts,
  });
  return sizedCall(where, call, { x: [shape, x], moments: 4 * plan.channels * plan.parts });
}

/**
 * One dispatch of `nn/batch-statistics` that does everything, one invocation per channel; bindings x and those of
 * {@link finalStatisticsCall}.
 */
export function wholeStatisticsCall(
  shape: Shape,
  options: Omit<FinalStatisticsOptions, 'channels' | 'parts'>,
  given?: OperandRange,
): KernelCall {
  const where = 'wholeStatisticsCall';
  checkOptions(where, { shape, x: given }, { shape: 'maps', 'x?': 'range' });
  checkOptions(where, options, { ...NUMBERS, offsets: OFFSETS });
  const x = given ?? wholeRange(shape);
  const plan: ChannelParts = { ...channelParts(shape), parts: 1 };
  const values = elementCount(shape);
  const call = lineCall(batchStatisticsKernel, {
    constants: { FINAL: 1 },
    params: { ...rangeParams({ x }), ...partParams(plan), ...finalParams(options) },
    invocations: plan.channels,
    flops: 6 * values,
    values: values + 7 * plan.channels,
  });
  return sizedCall(where, call, { x: [shape, x], ...finalSizes(plan.channels, options.offsets) });
}

/** One dispatch of `nn/merge-statistics` that joins every `group` parts; bindings moments, merged. */
export function mergeStatisticsCall(channels: number, parts: number, group: number): KernelCall {
  const where = 'mergeStatisticsCall';
  checkOptions(where, { channels, parts, group }, { channels: 'size', parts: 'size', group: 'size' });
  const groups = Math.ceil(parts / group);
  const call = lineCall(mergeStatisticsKernel, {
    constants: { FINAL: 0 },
    params: { parts, group, groups },
    invocations: channels * groups,
    flops: 8 * channels * parts,
    values: 4 * channels * (parts + groups),
  });
  return sizedCall(where, call, { moments: 4 * channels * parts, merged: 4 * channels * groups });
}

/** Where the results lie and how the running statistics move. */
export interface FinalStatisticsOptions {
  readonly channels: number;
  readonly parts: number;
  readonly eps: number;
  readonly momentum: number;
  /** First element of each operand in its buffer. */
  readonly offsets: Readonly<Record<'statistics' | 'runningMean' | 'runningVar' | 'newMean' | 'newVar', number>>;
}

function finalParams({
  eps,
  momentum,
  offsets,
}: Omit<FinalStatisticsOptions, 'channels' | 'parts'>): Record<string, number> {
  requireBetween(eps, 0, MOST_EPS, 'epsilon', 'the statistics of a batch');
  requireBetween(momentum, 0, 1, 'the momentum', 'the statistics of a batch');
  const named = Object.entries(offsets).map(([name, offset]) => [`${name}Offset`, offset]);
  return { ...Object.fromEntries(named), eps, momentum };
}

/** The last dispatch; bindings moments, statistics [3, C], newMean, newVar, runningMean, runningVar. */
export function finalStatisticsCall(options: FinalStatisticsOptions): KernelCall {
  const where = 'finalStatisticsCall';
  checkOptions(where, options, { channels: 'size', parts: 'size', ...NUMBERS, offsets: OFFSETS });
  const { channels, parts, ...rest } = options;
  const call = lineCall(mergeStatisticsKernel, {
    constants: { FINAL: 1 },
    params: {
      parts,
      group: parts,
      groups: 1,
      ...finalParams(rest),
    },
    invocations: channels,
    flops: 8 * channels * parts,
    values: channels * (4 * parts + 7),
  });
  return sizedCall(where, call, { moments: 4 * channels * parts, ...finalSizes(channels, rest.offsets) });
}

/**
 * Views of the statistics of a batch: `statistics` [3, C] holds mean, inverse deviation and what the mean's float
 * lacks, the others are [C].
 */
export interface StatisticsViews {
  readonly runningMean: View;
  readonly runningVar: View;
  readonly newMean: View;
  readonly newVar: View;
  readonly statistics: View;
}

/** The dispatches that measure x and move the running statistics. */
export function lowerStatistics(
  x: View,
  views: StatisticsViews,
  { eps, momentum }: { readonly eps: number; readonly momentum: number },
  context: Pick<LowerContext, 'scratch' | 'device'>,
): readonly Dispatch[] {
  const { shape } = x.type;
  const attributes = { eps, momentum };
  const plan = channelParts(shape, context.device);
  const { channels } = plan;
  let { parts } = plan;
  const named = Object.entries<View>({ ...views }).map(([name, { offset }]) => [name, offset] as const);
  const offsets = Object.fromEntries(named) as FinalStatisticsOptions['offsets'];
  if (parts === 1) return [dispatch(wholeStatisticsCall(shape, { ...attributes, offsets }, x), { x, ...views })];
  let moments = context.scratch(4 * channels * parts, 'moments');
  const dispatches = [dispatch(batchStatisticsCall(shape, x, plan), { x, moments })];
  while (parts > LAST_GROUP) {
    const groups = Math.ceil(parts / GROUP);
    const merged = context.scratch(4 * channels * groups, 'moments');
    dispatches.push(dispatch(mergeStatisticsCall(channels, parts, GROUP), { moments, merged }));
    [moments, parts] = [merged, groups];
  }
  const call = finalStatisticsCall({ channels, parts, ...attributes, offsets });
  return [...dispatches, dispatch(call, { moments, ...views })];
}
