/** The paper's evaluation of one map against one mask (`EvaluationTool/main.m` of the Inf-Net release). */
import { fail, requireRange } from './errors.js';
import { type Mask, type ProbabilityMap, readMap, readMask, requireExtents } from './input.js';
import { type Counts, countOne, countThresholds } from './overlap/counts.js';
import { type Curves, curvesOf, mean } from './overlap/curves.js';
import { type Conventions, ratios } from './overlap/ratios.js';
import { type Scores, scoresOf } from './scores.js';
import { readThresholds } from './thresholds.js';

/** Options that say what is measured. Scores are comparable only when all of them are equal. */
export interface EvaluationOptions {
  /** Descending; default `k / 255` from 1 to 0, see `defaultThresholds`. */
  readonly thresholds?: ArrayLike<number>;
  /**
   * Whether the map is first stretched to 0..1, `(v - min) / (max - min)`, a constant map left alone. Default true, as
   * the paper's tool does. Everything is then measured on the stretched map, the scores at the fixed threshold too.
   */
  readonly stretch?: boolean;
  /**
   * The fixed threshold of `dice`, `iou`, `sensitivity`, `specificity`, `precision`; a pixel at it is positive. Default
   * 0.5.
   */
  readonly threshold?: number;
  /** How undefined cases are scored. Default `as-released`. */
  readonly conventions?: Conventions;
  /** A mask pixel is infected when its value is above this. Default: see `Mask`. */
  readonly maskAbove?: number;
}

export interface MapOptions extends EvaluationOptions {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** What the scores were made with. */
export interface EvaluationSettings {
  readonly stretch: boolean;
  readonly threshold: number;
  readonly conventions: Conventions;
  /** Descending. */
  readonly thresholds: readonly number[];
}

/** All scores of one map. Plain data: `JSON.stringify` writes it, NaN as null. */
export interface MapScores extends Scores {
  readonly settings: EvaluationSettings;
  readonly width: number;
  readonly height: number;
  /** Confusion counts at the fixed threshold. */
  readonly counts: Counts;
  readonly curves: Curves;
}

/**
 * Scores `map` against `mask`, both row-major, `width * height` values.
 *
 * @throws METRICS_SIZE, METRICS_MAP_VALUE, METRICS_MASK_VALUE, METRICS_THRESHOLDS, METRICS_OPTION
 */
export function evaluateMap(map: ProbabilityMap, mask: Mask, options: MapOptions): MapScores {
  const where = 'evaluateMap';
  const { width, height } = options;
  requireExtents([height, width], map.length, 'map', where);
  const settings = readSettings(options, where);
  const { threshold, conventions } = settings;
  const reference = readMask(mask, map.length, where, options.maskAbove);
  const values = readMap(map, settings.stretch, where);
  const thresholds = Float64Array.from(settings.thresholds);
  const curves = curvesOf(countThresholds(values, reference, thresholds), conventions);
  const counts = countOne(values, reference, threshold);
  const facts = { values, reference, width, height, conventions, counts, ratios: ratios(counts, conventions) };
  const scores = scoresOf(curves, thresholds, (_, ofImage) => ofImage(facts));
  return { settings, width, height, counts, curves, ...scores };
}

/** Mean Dice over the thresholds: `evaluateMap(...).meanDice` without the rest. */
export function meanDice(map: ProbabilityMap, mask: Mask, options: EvaluationOptions = {}): number {
  const where = 'meanDice';
  const { conventions, stretch, thresholds } = readSettings(options, where);
  const reference = readMask(mask, map.length, where, options.maskAbove);
  const values = readMap(map, stretch, where);
  const counts = countThresholds(values, reference, Float64Array.from(thresholds));
  return mean(curvesOf(counts, conventions).dice);
}

function readSettings(options: EvaluationOptions, where: string): EvaluationSettings {
  const { stretch = true, threshold = 0.5, conventions = 'as-released' } = options;
  requireRange(threshold, 0, 1, 'threshold', where);
  requireConventions(conventions, where);
  return { stretch, threshold, conventions, thresholds: Array.from(readThresholds(options.thresholds, where)) };
}

export function requireConventions(conventions: Conventions, where: string): void {
  if (conventions === 'as-released' || conventions === 'sane') return;
  fail('METRICS_OPTION', `conventions is '${conventions}'.`, where, "Pass 'as-released' or 'sane'.");
}
