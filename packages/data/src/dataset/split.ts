/**
 * A data set in two parts: to train on and to validate on.
 *
 * Slices of one volume are of one patient and look alike, so they are never on both sides: a net would be asked what it
 * was taught.
 */
import { dataError } from '../errors.js';
import { Random } from '../phantom/random.js';
import type { Dataset } from './dataset.js';
import type { ItemFiles } from './layout.js';
import type { MaskContent } from './masks.js';
import { ProblemList } from './problems.js';
import { oneClassOf } from './read-all.js';

export interface SplitOptions {
  /**
   * Positions in the order of the names, from 0, of a volume all or none; or the share to draw, above 0 and below 1, of
   * pictures and of whole volumes.
   */
  readonly validate: readonly number[] | number;
  /** Which ones a share draws: a whole number. Default 0. */
  readonly seed?: number;
}

export interface DatasetSplit<D = Dataset> {
  readonly train: D;
  readonly validation: D;
}

/** What is needed of a data set to split it; `Dataset` and `MultiClassDataset` have it. */
export interface Splittable<D> {
  readonly length: number;
  readonly items: readonly (Pick<ItemFiles, 'image' | 'slice'> & { readonly content?: MaskContent })[];
  readonly store: { readonly name: string; readonly oneClass: 'error' | 'allow' };
  subset(indices: readonly number[]): D;
}

/**
 * Positions 4, 9, 14, ...: every fifth item, the split that the project's figures are made with. Of volumes, every
 * fifth as a whole.
 */
export function everyFifth({
  length,
  items,
}: Pick<Splittable<unknown>, 'length'> & Partial<Splittable<unknown>>): number[] {
  if (items === undefined) return Array.from({ length: Math.floor(length / 5) }, (_, i) => 5 * i + 4);
  return splitUnits({ items })
    .filter((_, i) => i % 5 === 4)
    .flat();
}

/** Positions that a split keeps together, in order: the slices of a volume, or one picture. */
export function splitUnits({ items }: Pick<Splittable<unknown>, 'items'>): number[][] {
  const groups: number[][] = [];
  const ofVolume = new Map<string, number[]>();
  for (const [position, { image, slice }] of items.entries()) {
    const known = slice === undefined ? undefined : ofVolume.get(image);
    if (known !== undefined) {
      known.push(position);
      continue;
    }
    const group = [position];
    groups.push(group);
    if (slice !== undefined) ofVolume.set(image, group);
  }
  return groups;
}

/**
 * Splits by positions or by share; each part keeps the order of names. A share draws `round(share * n)` of n pictures
 * or volumes, at least one and never all, the same ones for the same seed on every machine.
 *
 * @throws `DATA_ARGUMENT` for positions that are not there or occur twice, or take a volume apart, or an empty part;
 *   `DATA_DATASET` when the part to train on has one class only (unless the data set was opened with
 *   `{ oneClass: 'allow' }`)
 */
export function split<D extends Splittable<D>>(dataset: D, { validate, seed = 0 }: SplitOptions): DatasetSplit<D> {
  const { length, items, store } = dataset;
  const groups = splitUnits(dataset);
  const drawn = typeof validate === 'number' ? drawShare(groups.length, validate, seed) : [];
  const chosen = new Set(typeof validate === 'number' ? drawn.flatMap((i) => groups[i] as number[]) : validate);
  const all = Array.from({ length }, (_, i) => i);
  const wrong = [...chosen].filter((p) => !(Number.isInteger(p) && p >= 0 && p < length));
  const repeated = typeof validate !== 'number' && chosen.size < validate.length;
  const problem =
    wrong.length > 0
      ? `has no positions ${wrong.join(', ')}: they go from 0 to ${length - 1}`
      : repeated
        ? 'cannot hold an item twice: a position occurs twice'
        : chosen.size === 0
          ? `would have nothing to validate on${groups.length === 1 && length > 1 ? ': all are slices of one volume' : ''}`
          : chosen.size === length
            ? 'would have nothing to train on'
            : tornApart(groups, chosen, items);
  if (problem !== undefined) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `The split of ${length} items ${problem}.`,
      where: store.name,
      fix:
        groups.length === 1
          ? 'Add other slices or volumes, or train without a split.'
          : 'Give positions like [4, 9, 14], all of a volume or none, or a share above 0 and below 1, e.g. 0.2.',
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

/** What to say of a volume that would be on both sides. */
function tornApart(
  groups: readonly (readonly number[])[],
  chosen: ReadonlySet<number>,
  items: Splittable<unknown>['items'],
): string | undefined {
  const torn = groups.find((group) => group.some((p) => chosen.has(p)) && !group.every((p) => chosen.has(p)));
  if (torn === undefined) return undefined;
  const [first, last] = [torn[0] as number, torn.at(-1) as number];
  return `would have slices of one volume on both sides: ${items[first]?.image} is at ${first} to ${last}`;
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
