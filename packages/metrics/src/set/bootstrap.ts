/**
 * Percentile bootstrap over images (Efron, 1979): draw as many images as there are, with replacement, score the
 * resample like a set, repeat; the interval is the middle `confidence` of what came out.
 *
 * Images, not pixels, are drawn: the pixels of a slice are anything but independent. Slices of one patient are not
 * independent either, so for several slices a patient the intervals are too narrow.
 */
import { requireInteger, requireRange } from '../errors.js';
import { percentile } from '../percentile.js';
import { record, SCORE_NAMES, type ScoreName, type Scores } from '../scores.js';
import type { SetAverage } from './average.js';
import { randomUint32 } from './random.js';

export interface BootstrapOptions {
  /** Default 1000. */
  readonly resamples?: number;
  /** The fraction inside the interval, default 0.95. */
  readonly confidence?: number;
  /** A whole number 0..2^32 - 1, default 0. The same seed gives the same bits on every machine. */
  readonly seed?: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export type Intervals = Readonly<Record<ScoreName, Interval>>;

export function readBootstrap(options: BootstrapOptions, where: string): Required<BootstrapOptions> {
  const { resamples = 1000, confidence = 0.95, seed = 0 } = options;
  requireInteger(resamples, 1, 1e6, 'resamples', where);
  requireRange(confidence, 0, 1, 'confidence', where);
  requireInteger(seed, 0, 2 ** 32 - 1, 'seed', where);
  return { resamples, confidence, seed };
}

/**
 * Intervals around `scores`, the scores of the whole set. A score that is NaN has the interval NaN. Resamples on
 * which a score is undefined are left out of its interval.
 */
export function bootstrap(
  set: SetAverage,
  images: number,
  scores: Scores,
  { resamples, confidence, seed }: Required<BootstrapOptions>,
): Intervals {
  const next = randomUint32(seed);
  const drawn = new Map<ScoreName, number[]>(SCORE_NAMES.map((name) => [name, []]));
  const weights = new Uint32Array(images);
  for (let r = 0; r < resamples; r++) {
    weights.fill(0);
    for (let i = 0; i < images; i++) weights[Math.floor((next() / 2 ** 32) * images)]!++;
    const resample = set.weighted(weights).scores;
    for (const [name, values] of drawn) if (!Number.isNaN(resample[name])) values.push(resample[name]);
  }
  const interval = (name: ScoreName): Interval => {
    const sorted = Float64Array.from(drawn.get(name)!).sort();
    if (Number.isNaN(scores[name]) || sorted.length === 0) return { low: Number.NaN, high: Number.NaN };
    return { low: percentile(sorted, (1 - confidence) / 2), high: percentile(sorted, (1 + confidence) / 2) };
  };
  return record(SCORE_NAMES, interval);
}
