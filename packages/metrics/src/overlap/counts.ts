/**
 * Confusion counts at every threshold, from one pass over the pixels.
 *
 * A pixel of value v is positive at threshold t when v >= t. Thresholds descend, so each pixel has one first threshold
 * at which it becomes positive, and stays positive from there on. Two histograms over that index (infected pixels, the
 * others) and their running sums give TP and FP at all thresholds. FN and TN follow from the sizes of the mask.
 */
import type { BinaryMask } from '../input.js';

/** Pixels of one binary prediction against one mask. */
export interface Counts {
  /** Infected, and found. */
  readonly tp: number;
  /** Not infected, but marked. */
  readonly fp: number;
  /** Infected, but missed. */
  readonly fn: number;
  /** Not infected, not marked. */
  readonly tn: number;
}

/** TP and FP at each threshold. */
export interface ThresholdCounts {
  readonly tp: Float64Array;
  readonly fp: Float64Array;
  /** Infected pixels of the mask. */
  readonly positives: number;
  /** Pixels of the mask. */
  readonly pixels: number;
}

/** Counts at `thresholds`, which descend. `map` and `mask` have the same length. */
export function countThresholds(map: Float64Array, mask: BinaryMask, thresholds: Float64Array): ThresholdCounts {
  const n = thresholds.length;
  const tp = new Float64Array(n + 1);
  const fp = new Float64Array(n + 1);
  const { data } = mask;
  const high = thresholds[0]!;
  const scale = n > 1 ? (n - 1) / (high - thresholds[n - 1]!) : 0;
  for (let i = 0; i < map.length; i++) {
    const value = map[i]!;
    // The index if thresholds were evenly spaced, then a walk to the right one: for the default array no step or one.
    let at = Math.round((high - value) * scale);
    at = at < 0 ? 0 : at > n ? n : at;
    while (at > 0 && thresholds[at - 1]! <= value) at--;
    while (at < n && thresholds[at]! > value) at++;
    if (data[i] === 1) tp[at]!++;
    else fp[at]!++;
  }
  for (let t = 1; t < n; t++) {
    tp[t]! += tp[t - 1]!;
    fp[t]! += fp[t - 1]!;
  }
  return { tp: tp.subarray(0, n), fp: fp.subarray(0, n), positives: mask.positives, pixels: map.length };
}

/** The four counts at threshold number `index`. */
export function countsAt(counts: ThresholdCounts, index: number): Counts {
  return fromPositives(counts.tp[index]!, counts.fp[index]!, counts.positives, counts.pixels);
}

/** The four counts at one threshold. */
export function countOne(map: Float64Array, mask: BinaryMask, threshold: number): Counts {
  const { data } = mask;
  let tp = 0;
  let fp = 0;
  for (let i = 0; i < map.length; i++) {
    if (map[i]! >= threshold) {
      if (data[i] === 1) tp++;
      else fp++;
    }
  }
  return fromPositives(tp, fp, mask.positives, map.length);
}

function fromPositives(tp: number, fp: number, positives: number, pixels: number): Counts {
  return { tp, fp, fn: positives - tp, tn: pixels - positives - fp };
}
