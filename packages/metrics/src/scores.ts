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

/** Every score, in the order in which CSV files list them. */
export const SCORE_NAMES: readonly ScoreName[] = [
  'meanDice',
  'meanSensitivity',
  'meanSpecificity',
  'sMeasure',
  'meanEMeasure',
  'mae',
  'meanPrecision',
  'meanFMeasure',
  'meanIou',
  'maxDice',
  'maxSensitivity',
  'maxSpecificity',
  'maxEMeasure',
  'maxPrecision',
  'maxFMeasure',
  'maxIou',
  'bestThreshold',
  'dice',
  'iou',
  'sensitivity',
  'specificity',
  'precision',
];
