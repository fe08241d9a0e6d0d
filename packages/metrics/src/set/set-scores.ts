import { fail } from '../errors.js';
import type { EvaluationSettings, MapScores } from '../map-scores.js';
import type { Curves } from '../overlap/curves.js';
import type { Scores } from '../scores.js';
import { SetAverage } from './average.js';
import { type BootstrapOptions, bootstrap, type Intervals, readBootstrap } from './bootstrap.js';

export interface SetOptions {
  /** Confidence intervals over the images; `false` leaves them out. Default: 1000 resamples, 95 %, seed 0. */
  readonly bootstrap?: BootstrapOptions | false;
}

/** The scores of a data set. Plain data: `JSON.stringify` writes it, NaN as null. */
export interface SetScores extends Scores {
  readonly settings: EvaluationSettings;
  /** How many images. */
  readonly images: number;
  /** Means over the images. */
  readonly curves: Curves;
  readonly bootstrap?: Required<BootstrapOptions>;
  readonly intervals?: Intervals;
}

/**
 * Scores of a data set from those of its images.
 *
 * Curves are averaged over the images, then `mean*` over the thresholds; `max*` is the average curve at its best
 * threshold. S-measure, MAE and the scores at the fixed threshold are means over the images. With the conventions
 * `as-released` one full mask makes the specificities NaN, as in the reference; with `sane` an image takes no part in
 * a score that is undefined on it. Scores that were written as JSON and read again are as good, with null for NaN.
 *
 * @throws METRICS_EMPTY_SET, METRICS_MIXED_SETTINGS, METRICS_OPTION
 */
export function evaluateSet(scores: readonly MapScores[], options: SetOptions = {}): SetScores {
  const where = 'evaluateSet';
  if (scores.length === 0) {
    fail('METRICS_EMPTY_SET', 'The set has no images.', where, 'Pass the scores of at least one image.');
  }
  const { settings } = scores[0]!;
  requireSame(scores, where);
  const images = scores.length;
  const average = new SetAverage(scores);
  const whole = average.weighted(new Uint32Array(images).fill(1));
  const result = { settings, images, curves: whole.curves, ...whole.scores };
  if (options.bootstrap === false) return result;
  const drawing = readBootstrap(options.bootstrap ?? {}, where);
  return { ...result, bootstrap: drawing, intervals: bootstrap(average, images, whole.scores, drawing) };
}

function requireSame(scores: readonly MapScores[], where: string): void {
  const first = scores[0]!.settings;
  const other = scores.findIndex(({ settings }) => difference(first, settings) !== undefined);
  if (other < 0) return;
  const name = difference(first, scores[other]!.settings);
  fail(
    'METRICS_MIXED_SETTINGS',
    `Images 0 and ${other} were scored with different ${name}.`,
    where,
    'Score every image of a set with the same options.',
    { image: other, setting: name },
  );
}

function difference(a: EvaluationSettings, b: EvaluationSettings): string | undefined {
  if (a.conventions !== b.conventions) return 'conventions';
  if (a.stretch !== b.stretch) return 'stretch';
  if (a.threshold !== b.threshold) return 'threshold';
  const same = a.thresholds.length === b.thresholds.length && a.thresholds.every((t, i) => t === b.thresholds[i]);
  return same ? undefined : 'thresholds';
}
