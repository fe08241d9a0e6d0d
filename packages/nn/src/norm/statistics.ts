/** The dispatches that measure groups, on batch norm's kernels: parts of each group, then parts joined. */
import { type Dispatch, dispatch, type LowerContext, type View } from '@infnet/core';
import { type KernelCall, lineCall, rangeParams, sizedCall } from '@infnet/core/kernels';
import {
  batchStatisticsKernel,
  channelParts,
  GROUP,
  LAST_GROUP,
  mergeStatisticsCall,
  mergeStatisticsKernel,
} from '../batch-norm/statistics.js';
import { partCount } from '../reduce/reduce.js';
import type { Grouping } from './grouping.js';

/** Into how many parts each sum over `length` values is cut when `sums` of them are made, as batch norm cuts them. */
export function partsOf(sums: number, length: number, device: Pick<LowerContext, 'device'>['device']): number {
  return length <= device.traits.dispatchCost ? 1 : partCount(sums, length);
}

const WHERE = 'the statistics of a norm';

/** Parts of every group go to `moments` [groups, parts, 4], or, whole, its statistics to `statistics` [3, groups]. */
function measureCall(
  x: View,
  grouping: Grouping,
  parts: number,
  final: Record<string, number> | undefined,
): KernelCall {
  const { perItem, groups, size, groupStep, valueStep } = grouping;
  const call = lineCall(batchStatisticsKernel, {
    constants: { FINAL: Number(final !== undefined), GROUPED: 1 },
    params: { ...rangeParams({ x }), perItem, groupStep, valueStep, total: size, parts, ...final },
    invocations: groups * parts,
    flops: 6 * groups * size,
    values: groups * size + groups * (final === undefined ? 4 * parts : 3),
  });
  return sizedCall(WHERE, call, {
    x: [x.type.shape, x],
    moments: 4 * groups * parts,
    statistics: (final?.['statisticsOffset'] ?? 0) + 3 * groups,
  });
}

function finalCall(groups: number, parts: number, final: Record<string, number>): KernelCall {
  const call = lineCall(mergeStatisticsKernel, {
    constants: { FINAL: 1, RUNNING: 0 },
    params: { parts, group: parts, groups: 1, ...final },
    invocations: groups,
    flops: 8 * groups * parts,
    values: groups * (4 * parts + 3),
  });
  const statistics = (final['statisticsOffset'] as number) + 3 * groups;
  return sizedCall(WHERE, call, { moments: 4 * groups * parts, statistics });
}

/** Writes mean, 1 / sqrt(variance + eps) and what the mean's float lacks of every group to `statistics` [3, groups]. */
export function lowerGroupStatistics(
  x: View,
  statistics: View,
  grouping: Grouping,
  eps: number,
  { scratch, device }: Pick<LowerContext, 'scratch' | 'device'>,
): readonly Dispatch[] {
  const { groups, size } = grouping;
  const final = { statisticsOffset: statistics.offset, eps };
  // No more steps than batch norm of x takes.
  const most = channelParts(x.type.shape, device).parts <= LAST_GROUP ? LAST_GROUP : LAST_GROUP * GROUP;
  let parts = Math.min(partsOf(groups, size, device), most);
  if (parts === 1) return [dispatch(measureCall(x, grouping, 1, final), { x, statistics })];
  let moments = scratch(4 * groups * parts, 'moments');
  const dispatches = [dispatch(measureCall(x, grouping, parts, undefined), { x, moments })];
  while (parts > LAST_GROUP) {
    const joined = Math.ceil(parts / GROUP);
    const merged = scratch(4 * groups * joined, 'moments');
    dispatches.push(dispatch(mergeStatisticsCall(groups, parts, GROUP), { moments, merged }));
    [moments, parts] = [merged, joined];
  }
  return [...dispatches, dispatch(finalCall(groups, parts, final), { moments, statistics })];
}
