/**
 * Pixels by true and by predicted class, of one slice or of many, and the scores of each class that follow.
 *
 * Pixels of all slices are counted together, so that slices without a class do not decide its score: a mean over slices
 * would be over ones and zeros there.
 */

import { InfnetError } from '@infnet/core';
import type { GreyImage } from '@infnet/data';

/** Overlap of one class. A quotient 0/0 is 1 in Dice and IoU (nothing there, nothing found), else NaN. */
export interface ClassScores {
  readonly class: number;
  readonly name: string;
  readonly dice: number;
  readonly iou: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly precision: number;
  /** Pixels that are of the class, and that are said to be. */
  readonly truth: number;
  readonly predicted: number;
}

export class ClassTable {
  readonly #names: readonly string[];
  readonly #counts: Float64Array;

  /** @param names of the classes, by number */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#counts = new Float64Array(names.length ** 2);
  }

  /** @throws InfnetError `MAP_SIZE` for maps of different sizes */
  add(truth: GreyImage, predicted: GreyImage): void {
    if (truth.width !== predicted.width || truth.height !== predicted.height) {
      throw new InfnetError({
        code: 'MAP_SIZE',
        message: `The class map is ${predicted.width}x${predicted.height}, the true one ${truth.width}x${truth.height}.`,
        fix: 'Give class maps of the size of their slices.',
      });
    }
    const classes = this.#names.length;
    for (const [i, found] of predicted.data.entries()) {
      const at = (truth.data[i] as number) * classes + found;
      this.#counts[at] = (this.#counts[at] as number) + 1;
    }
  }

  addTable(other: ClassTable): void {
    for (const [i, count] of other.#counts.entries()) this.#counts[i] = (this.#counts[i] as number) + count;
  }

  /** Rows: the true class; columns: the predicted one. */
  get rows(): readonly (readonly number[])[] {
    const classes = this.#names.length;
    return this.#names.map((_, k) => Array.from(this.#counts.subarray(k * classes, (k + 1) * classes)));
  }

  get pixels(): number {
    return sum(this.#counts);
  }

  /** Share of the pixels whose class is right. */
  get accuracy(): number {
    return this.rows.reduce((right, row, k) => right + (row[k] as number), 0) / this.pixels;
  }

  scores(k: number): ClassScores {
    const rows = this.rows;
    const tp = rows[k]?.[k] as number;
    const truth = sum(rows[k] as number[]);
    const predicted = sum(rows.map((row) => row[k] as number));
    const [fn, fp] = [truth - tp, predicted - tp];
    const tn = this.pixels - tp - fn - fp;
    return {
      class: k,
      name: this.#names[k] as string,
      dice: tp + fp + fn === 0 ? 1 : (2 * tp) / (2 * tp + fp + fn),
      iou: tp + fp + fn === 0 ? 1 : tp / (tp + fp + fn),
      sensitivity: tp / (tp + fn),
      specificity: tn / (tn + fp),
      precision: tp / (tp + fp),
      truth,
      predicted,
    };
  }

  get classes(): readonly ClassScores[] {
    return this.#names.map((_, k) => this.scores(k));
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
