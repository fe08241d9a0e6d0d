import { countsAt, type ThresholdCounts } from './counts.js';
import { eMeasure } from './e-measure.js';
import { type Conventions, ratios } from './ratios.js';

/** The curves, in the order of the reference. */
export const CURVE_NAMES = ['precision', 'sensitivity', 'specificity', 'dice', 'fmeasure', 'iou', 'emeasure'] as const;

export type CurveName = (typeof CURVE_NAMES)[number];

/** Each curve has one value a threshold, from the highest threshold to the lowest. */
export type Curves = Readonly<Record<CurveName, readonly number[]>>;

export function emptyCurves(): Record<CurveName, number[]> {
  return { precision: [], sensitivity: [], specificity: [], dice: [], fmeasure: [], iou: [], emeasure: [] };
}

export function curvesOf(counts: ThresholdCounts, conventions: Conventions): Curves {
  const curves = emptyCurves();
  for (let t = 0; t < counts.tp.length; t++) {
    const at = countsAt(counts, t);
    const { precision, sensitivity, specificity, dice, fmeasure, iou } = ratios(at, conventions);
    curves.precision.push(precision);
    curves.sensitivity.push(sensitivity);
    curves.specificity.push(specificity);
    curves.dice.push(dice);
    curves.fmeasure.push(fmeasure);
    curves.iou.push(iou);
    curves.emeasure.push(eMeasure(at, conventions));
  }
  return curves;
}

/** The arithmetic mean, summed from the first value to the last. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** The largest value, NaN left out as MATLAB's `max` does; NaN when nothing else is there. */
export function largest(values: ArrayLike<number>): number {
  let best = Number.NaN;
  for (let i = 0; i < values.length; i++) if (!(values[i]! <= best) && !Number.isNaN(values[i])) best = values[i]!;
  return best;
}

/**
 * The threshold where `curve` is largest. Of several equal ones the nearest to 0.5, since a plateau is safest far from
 * its ends and 0.5 is where the network was trained to decide; of two equally near ones the higher.
 */
export function bestThreshold(curve: ArrayLike<number>, thresholds: ArrayLike<number>): number {
  const best = largest(curve);
  let at = Number.NaN;
  for (let t = 0; t < curve.length; t++) {
    if (curve[t] !== best) continue;
    if (Number.isNaN(at) || Math.abs(thresholds[t]! - 0.5) < Math.abs(at - 0.5)) at = thresholds[t]!;
  }
  return at;
}
