/**
 * Ratios of the four confusion counts, and what they are when a ratio has no meaning.
 *
 * |             | formula                  | `as-released`         | `sane`                                        |
 * |-------------|--------------------------|-----------------------|-----------------------------------------------|
 * | precision   | TP / (TP + FP)           | 0 if TP = 0           | nothing marked: 1 if nothing was to be found, else 0 |
 * | sensitivity | TP / (TP + FN)           | 0 if TP = 0           | empty mask: NaN, left out of means            |
 * | specificity | TN / (TN + FP)           | 0 if TP = 0; full mask: NaN | full mask: NaN, left out of means       |
 * | dice        | 2TP / (2TP + FP + FN)    | 0 if TP = 0           | empty mask and empty prediction: 1            |
 * | fmeasure    | 2PR / (P + R), beta 1    | 0 if TP = 0           | equals Dice                                   |
 * | iou         | TP / (TP + FP + FN)      | 0 if TP = 0           | empty mask and empty prediction: 1            |
 *
 * `as-released` is what the paper's MATLAB code does (`Fmeasure_calu.m`). It gives a healthy slice that the network
 * left unmarked, the best answer there is, zero in everything. `sane` is for data sets that have such slices.
 */
import type { Counts } from './counts.js';

/** How undefined cases are scored: like the paper's code, or so that a right answer gets a good score. */
export type Conventions = 'as-released' | 'sane';

/** Overlap of one binary prediction with one mask. */
export interface Ratios {
  readonly precision: number;
  /** Also called recall. */
  readonly sensitivity: number;
  readonly specificity: number;
  readonly dice: number;
  readonly fmeasure: number;
  readonly iou: number;
}

const NOTHING_FOUND: Ratios = { precision: 0, sensitivity: 0, specificity: 0, dice: 0, fmeasure: 0, iou: 0 };

export function ratios(counts: Counts, conventions: Conventions): Ratios {
  return conventions === 'as-released' ? releasedRatios(counts) : saneRatios(counts);
}

function releasedRatios({ tp, fp, fn, tn }: Counts): Ratios {
  if (tp === 0) return NOTHING_FOUND;
  const precision = tp / (tp + fp);
  const sensitivity = tp / (tp + fn);
  return {
    precision,
    sensitivity,
    specificity: tn / (tn + fp),
    dice: (2 * tp) / (2 * tp + fp + fn),
    fmeasure: (2 * precision * sensitivity) / (precision + sensitivity),
    iou: tp / (tp + fp + fn),
  };
}

function saneRatios({ tp, fp, fn, tn }: Counts): Ratios {
  const right = fp + fn === 0 ? 1 : 0;
  const dice = tp === 0 ? right : (2 * tp) / (2 * tp + fp + fn);
  return {
    precision: tp === 0 ? right : tp / (tp + fp),
    sensitivity: tp / (tp + fn),
    specificity: tn / (tn + fp),
    dice,
    fmeasure: dice,
    iou: tp === 0 ? right : tp / (tp + fp + fn),
  };
}
