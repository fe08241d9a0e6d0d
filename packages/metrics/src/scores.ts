/**
 * Every score whole: what it is made of, what it is called, and where people are shown it. A new one is a field of
 * {@link Scores} and an entry of the table: sets, intervals, CSV, JSON, terminal and report follow.
 */
import type { BinaryMask } from './input.js';
import type { Counts } from './overlap/counts.js';
import { bestThreshold, type CurveName, type Curves, largest, mean } from './overlap/curves.js';
import type { Conventions, Ratios } from './overlap/ratios.js';
import { sMeasure } from './s-measure.js';

/** The scores that a map and a set have in common, each one number. */
export interface Scores {
  /** `mean*`: over the thresholds. For a set: of the curve that is the mean over the images. */
  readonly meanPrecision: number;
  readonly meanSensitivity: number;
  readonly meanSpecificity: number;
  readonly meanDice: number;
  readonly meanFMeasure: number;
  readonly meanIou: number;
  readonly meanEMeasure: number;
  /** `max*`: at the threshold that is best for this very score. */
  readonly maxPrecision: number;
  readonly maxSensitivity: number;
  readonly maxSpecificity: number;
  readonly maxDice: number;
  readonly maxFMeasure: number;
  readonly maxIou: number;
  readonly maxEMeasure: number;
  /** Where Dice is largest; of equal ones the nearest to 0.5. */
  readonly bestThreshold: number;
  /** Structure measure, of the map itself. */
  readonly sMeasure: number;
  /** Mean absolute error, of the map itself. Lower is better. */
  readonly mae: number;
  /** At the fixed threshold, as are the four below. */
  readonly dice: number;
  readonly iou: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly precision: number;
}

export type ScoreName = keyof Scores;

/** What the scores of one image are made of. */
export interface ImageFacts {
  /** 0..1, stretched where that was asked for. */
  readonly values: Float64Array;
  readonly reference: BinaryMask;
  readonly width: number;
  readonly height: number;
  readonly conventions: Conventions;
  /** At the fixed threshold, as are the ratios. */
  readonly counts: Counts;
  readonly ratios: Ratios;
}

/** Means over the thresholds; of the map itself; at the fixed threshold; each at its best threshold. */
export type ScoreGroup = 'thresholds' | 'map' | 'fixed' | 'best';

interface Score {
  /** Where people see it, under which title, behind those of a lower place; else it is in files alone. */
  readonly shown?: readonly [group: ScoreGroup, title: string, place?: number];
  /** Of an image or of a set, from its curves. */
  readonly ofCurves?: (curves: Curves, thresholds: ArrayLike<number>) => number;
  /** Of an image; that of a set is the mean. */
  readonly ofImage?: (image: ImageFacts) => number;
}

const meanOf = (name: CurveName, title?: string): Score => ({
  ofCurves: (curves) => mean(curves[name]),
  ...(title === undefined ? {} : { shown: ['thresholds', title] }),
});
const bestOf = (name: CurveName, title?: string, place = 0): Score => ({
  ofCurves: (curves) => largest(curves[name]),
  ...(title === undefined ? {} : { shown: ['best', title, place] }),
});
const ratio = (name: keyof Ratios, title: string): Score => ({
  ofImage: ({ ratios }) => ratios[name],
  shown: ['fixed', title],
});

/** In the order in which CSV files list them. */
const TABLE: Readonly<Record<ScoreName, Score>> = {
  meanDice: meanOf('dice', 'Dice'),
  meanSensitivity: meanOf('sensitivity', 'sensitivity'),
  meanSpecificity: meanOf('specificity', 'specificity'),
  sMeasure: {
    ofImage: ({ values, reference, width, height, conventions }) =>
      sMeasure(values, reference, width, height, conventions),
    shown: ['map', 'S-measure'],
  },
  meanEMeasure: meanOf('emeasure', 'E-measure'),
  mae: { ofImage: meanAbsoluteError, shown: ['map', 'mean absolute error'] },
  meanPrecision: meanOf('precision'),
  meanFMeasure: meanOf('fmeasure'),
  meanIou: meanOf('iou'),
  maxDice: bestOf('dice', 'Dice'),
  maxSensitivity: bestOf('sensitivity'),
  maxSpecificity: bestOf('specificity'),
  maxEMeasure: bestOf('emeasure', 'E-measure', 1),
  maxPrecision: bestOf('precision'),
  maxFMeasure: bestOf('fmeasure'),
  maxIou: bestOf('iou', 'IoU'),
  bestThreshold: { ofCurves: (curves, thresholds) => bestThreshold(curves.dice, thresholds) },
  dice: ratio('dice', 'Dice'),
  iou: ratio('iou', 'IoU'),
  sensitivity: ratio('sensitivity', 'sensitivity'),
  specificity: ratio('specificity', 'specificity'),
  precision: ratio('precision', 'precision'),
};

export const SCORE_NAMES: readonly ScoreName[] = Object.keys(TABLE) as ScoreName[];

/** Scores that people are shown in a group, with their titles. */
export function shownScores(group: ScoreGroup): { readonly name: ScoreName; readonly title: string }[] {
  const found = SCORE_NAMES.flatMap((name) => {
    const [where, title, place = 0] = TABLE[name].shown ?? [];
    return where === group && title !== undefined ? [{ name, title, place }] : [];
  });
  return found.sort((a, b) => a.place - b.place).map(({ name, title }) => ({ name, title }));
}

/** Every score, those of curves and those that `other` gives for the rest. */
export function scoresOf(
  curves: Curves,
  thresholds: ArrayLike<number>,
  other: (name: ScoreName, ofImage: (image: ImageFacts) => number) => number,
): Scores {
  return record(SCORE_NAMES, (name) => {
    const { ofCurves, ofImage } = TABLE[name];
    return ofCurves?.(curves, thresholds) ?? (ofImage === undefined ? Number.NaN : other(name, ofImage));
  });
}

/** Those of single images, of which a set has the mean. */
export const IMAGE_SCORES: readonly ScoreName[] = SCORE_NAMES.filter((name) => TABLE[name].ofImage !== undefined);

export function record<K extends string, V>(names: readonly K[], value: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<K, V>;
}

function meanAbsoluteError({ values, reference }: ImageFacts): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]! - reference.data[i]!);
  return sum / values.length;
}
