/**
 * Fewer points of a long curve, with the same look.
 *
 * A chart is some thousand pixels wide at most. So the points are cut into as many runs of neighbours, and each run
 * keeps its first, lowest, highest and last point (the M4 aggregation; Jugel et al., VLDB 2014): every spike stays, and
 * so do the lines from one run to the next. A run that had a gap keeps one.
 */
export type Point = readonly [x: number, y: number];

/** A point, or a gap in the curve. */
export type Step = Point | null;

/** Long enough for a chart across a wide screen. */
export const RUNS = 1200;

/** `steps` as they are if there are at most 4 times `runs`; otherwise at most 5 for each run. */
export function thin(steps: readonly Step[], runs: number = RUNS): readonly Step[] {
  if (steps.length <= 4 * runs) return steps;
  const kept: Step[] = [];
  for (let run = 0; run < runs; run++) {
    const from = Math.floor((run * steps.length) / runs);
    const to = Math.floor(((run + 1) * steps.length) / runs);
    for (const index of keep(steps, from, to)) kept.push(steps[index] ?? null);
  }
  return kept;
}

/** Indexes in `from`..`to` (exclusive) to keep, ascending. */
function keep(steps: readonly Step[], from: number, to: number): number[] {
  let first = -1;
  let last = -1;
  let low = -1;
  let high = -1;
  let gap = -1;
  for (let i = from; i < to; i++) {
    const step = steps[i] ?? null;
    if (step === null) {
      if (gap < 0) gap = i;
      continue;
    }
    if (first < 0) first = i;
    last = i;
    if (low < 0 || step[1] < steps[low]![1]) low = i;
    if (high < 0 || step[1] > steps[high]![1]) high = i;
  }
  return [...new Set([first, low, high, last, gap])].filter((index) => index >= 0).sort((a, b) => a - b);
}
