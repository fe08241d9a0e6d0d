/** Parts of pairs of sums, joined until few are left. */
import { type Dispatch, dispatch, type LowerContext, type View } from '@infnet/core';
import { mergeSumsCall } from './gradient-calls.js';
import { GROUP, LAST_GROUP } from './statistics.js';

/** `sums` [count, parts, 2] in at most so many parts as a last step takes, and the dispatches that join them. */
export function mergedSums(
  count: number,
  parts: number,
  sums: View,
  { scratch }: Pick<LowerContext, 'scratch'>,
): { readonly dispatches: readonly Dispatch[]; readonly parts: number; readonly sums: View } {
  const dispatches: Dispatch[] = [];
  let [from, left] = [sums, parts];
  while (left > LAST_GROUP) {
    const groups = Math.ceil(left / GROUP);
    const merged = scratch(2 * count * groups, 'sums');
    dispatches.push(dispatch(mergeSumsCall(count, left, GROUP), { sums: from, merged }));
    [from, left] = [merged, groups];
  }
  return { dispatches, parts: left, sums: from };
}
