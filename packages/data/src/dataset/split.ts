/** A data set in two parts: to train on and to validate on. */
import { dataError } from '../errors.js';
import { Random } from '../phantom/random.js';
import type { Dataset } from './dataset.js';
import type { MaskContent } from './masks.js';
import { ProblemList } from './problems.js';
import { oneClassOf } from './read-all.js';

export interface SplitOptions {
  /** Positions in the order of the names, from 0; or the share to draw, above 0 and below 1. */
  readonly validate: readonly number[] | number;
  /** Which items a share draws: a whole number. Default 0. */
  readonly seed?: number;
}

export interface DatasetSplit<D = Dataset> {
  readonly train: D;
  readonly validation: D;
}

/** What is needed of a data set to split it; `Dataset` and `MultiClassDataset` have it. */
export interface Splittable<D> {
  readonly length: number;
  readonly items: readonly { readonly content?: MaskContent }[];
  readonly store: { readonly name: string; readonly oneClass: 'error' | 'allow' };
  subset(indices: readonly number[]): D;
}

/** Positions 4, 9, 14, ...: every fifth item, the split that the project's figures are made with. */
export function everyFifth(dataset: { readonly length: number }): number[] {
  return Array.from({ length: Math.floor(dataset.length / 5) }, (_, i) => 5 * i + 4);
}

/**
 * Splits by positions or by share; each part keeps the order of names. A share draws `round(share * length)` items, at
 * least one and never all, the same ones for the same seed on every machine.
 *
 * @throws `DATA_ARGUMENT` for positions that are not there or occur twice, or an empty part; `DATA_DATASET` when the part
 * to train on has one class only (unless the data set was opened with `{ oneClass: 'allow' }`)
 */
export function split<D extends Splittable<D>>(dataset: D, { validate, seed = 0 }: SplitOptions): DatasetSplit<D> {
  const { length, store } = dataset;
  const chosen = new Set(typeof validate === 'number' ? drawShare(length, validate, seed) : validate);
  const all = Array.from({ length }, (_, i) => i);
  const wrong = [...chosen].filter((p) => !(Number.isInteger(p) && p >= 0 && p < length));
  const repeated = typeof validate !== 'number' && chosen.size < validate.length;
  const problem =
    wrong.length > 0
      ? `has no positions ${wrong.join(', ')}: they go from 0 to ${length - 1}`
      : repeated
        ? 'cannot hold an item twice: a position occurs twice'
        : chosen.size === 0
          ? 'would have nothing to validate on'
          : chosen.size === length
            ? 'would have nothing to train on'
            : undefined;
  if (problem !== undefined) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `The split of ${length} items ${problem}.`,
      where: store.name,
      fix: 'Give positions like [4, 9, 14], or a share above 0 and below 1, e.g. 0.2.',
    });
  }
  const train = dataset.subset(all.filter((position) => !chosen.has(position)));
  const single = store.oneClass === 'error' ? oneClassOf(train.items) : undefined;
  if (single !== undefined) {
    const problems = new ProblemList();
    problems.add('oneClass', `the part to train on: ${single}`);
    throw problems.error(store.name);
  }
  return { train, validation: dataset.subset(all.filter((position) => chosen.has(position))) };
}

function drawShare(length: number, share: number, seed: number): number[] {
  if (!(share > 0 && share < 1)) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `The share to validate on is ${share}; it must be above 0 and below 1.`,
      fix: 'Give e.g. 0.2, or positions like [4, 9, 14].',
    });
  }
  if (!Number.isSafeInteger(seed)) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `The seed of the split is ${seed}; it must be a whole number.`,
      fix: 'Give e.g. 1, and the same one for the same split.',
    });
  }
  const count = Math.min(length - 1, Math.max(1, Math.round(share * length)));
  const order = Array.from({ length }, (_, i) => i);
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    const j = i + random.int(length - i);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order.slice(0, count);
}
