/**
 * The scores of a set as a function of how often each image counts: once each for the set itself, a random number of
 * times in a bootstrap resample.
 *
 * As in the reference, curves are averaged over the images first; `mean*`, `max*` and the best threshold come from the
 * average curve. So `maxDice` of a set is what one threshold for all images can reach, not the mean of each image's
 * best.
 */

import type { MapScores } from '../map-scores.js';
import { CURVE_NAMES, type CurveName, type Curves, emptyCurves } from '../overlap/curves.js';
import { IMAGE_SCORES, record, type ScoreName, type Scores, scoresOf } from '../scores.js';

/** The images of a set, laid out for many averages. */
export class SetAverage {
  private readonly thresholds: readonly number[];
  private readonly curves: Readonly<Record<CurveName, readonly Float64Array[]>>;
  private readonly scalars: Readonly<Record<ScoreName, Float64Array>>;
  /** `sane`: an image on which a score is undefined is left out of that score. `as-released`: NaN wins. */
  private readonly skipUndefined: boolean;

  constructor(scores: readonly MapScores[]) {
    const { settings } = scores[0]!;
    this.thresholds = settings.thresholds;
    this.skipUndefined = settings.conventions === 'sane';
    // Scores that were written as JSON have null where they were undefined, which would count as 0.
    const value = (given: number | null): number => given ?? Number.NaN;
    this.curves = record(CURVE_NAMES, (name) => scores.map((image) => Float64Array.from(image.curves[name], value)));
    this.scalars = record(IMAGE_SCORES, (name) => Float64Array.from(scores, (image) => value(image[name])));
  }

  /** Mean curves and scores, image `i` counting `weights[i]` times (a whole number). */
  weighted(weights: ArrayLike<number>): { readonly curves: Curves; readonly scores: Scores } {
    const curves: Record<CurveName, readonly number[]> = emptyCurves();
    for (const name of CURVE_NAMES) curves[name] = this.curve(this.curves[name], weights);
    return { curves, scores: scoresOf(curves, this.thresholds, (name) => this.scalar(this.scalars[name], weights)) };
  }

  private curve(images: readonly Float64Array[], weights: ArrayLike<number>): number[] {
    const n = this.thresholds.length;
    const sum = new Float64Array(n);
    let count = 0;
    for (let i = 0; i < images.length; i++) {
      const weight = weights[i]!;
      const values = images[i]!;
      // Undefined at one threshold is undefined at all, because it hangs on the mask alone.
      if (weight === 0 || (this.skipUndefined && Number.isNaN(values[0]))) continue;
      count += weight;
      for (let t = 0; t < n; t++) sum[t]! += weight * values[t]!;
    }
    return Array.from(sum, (value) => value / count);
  }

  private scalar(images: Float64Array, weights: ArrayLike<number>): number {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < images.length; i++) {
      const weight = weights[i]!;
      if (weight === 0 || (this.skipUndefined && Number.isNaN(images[i]))) continue;
      count += weight;
      sum += weight * images[i]!;
    }
    return sum / count;
  }
}
