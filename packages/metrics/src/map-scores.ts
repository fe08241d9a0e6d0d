/** The paper's evaluation of one map against one mask (`EvaluationTool/main.m` of the Inf-Net release). */
import { fail, requireRange } from './errors.js';
import { type Mask, type ProbabilityMap, readMap, readMask, requireExtents } from './input.js';
import { type Counts, countOne, countThresholds } from './overlap/counts.js';
import { bestThreshold, type Curves, curvesOf, largest, mean } from './overlap/curves.js';
import { type Conventions, ratios } from './overlap/ratios.js';
import { sMeasure } from './s-measure.js';
import type { Scores } from './scores.js';
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
  const { fmeasure: _, ...fixed } = ratios(counts, conventions);
  return {
    settings,
    width,
    height,
    counts,
    curves,
    ...curveScores(curves, thresholds),
    ...fixed,
    sMeasure: sMeasure(values, reference, width, height, conventions),
    mae: meanAbsoluteError(values, reference.data),
  };
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

/** The scores that are functions of the curves alone. */
export function curveScores(curves: Curves, thresholds: ArrayLike<number>): CurveScores {
  return {
    meanPrecision: mean(curves.precision),
    meanSensitivity: mean(curves.sensitivity),
    meanSpecificity: mean(curves.specificity),
    meanDice: mean(curves.dice),
    meanFMeasure: mean(curves.fmeasure),
    meanIou: mean(curves.iou),
    meanEMeasure: mean(curves.emeasure),
    maxPrecision: largest(curves.precision),
    maxSensitivity: largest(curves.sensitivity),
    maxSpecificity: largest(curves.specificity),
    maxDice: largest(curves.dice),
    maxFMeasure: largest(curves.fmeasure),
    maxIou: largest(curves.iou),
    maxEMeasure: largest(curves.emeasure),
    bestThreshold: bestThreshold(curves.dice, thresholds),
  };
}

export type CurveScores = Omit<
  Scores,
  'sMeasure' | 'mae' | 'dice' | 'iou' | 'sensitivity' | 'specificity' | 'precision'
>;

function meanAbsoluteError(map: Float64Array, mask: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < map.length; i++) sum += Math.abs(map[i]! - mask[i]!);
  return sum / map.length;
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
