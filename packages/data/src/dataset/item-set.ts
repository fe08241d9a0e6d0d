/** What data sets have in common, whatever their items hold. */
import type { InfnetError } from '@infnet/errors';
import { dataError } from '../errors.js';
import type { AugmentationOptions } from './augment.js';
import type { ItemFiles } from './layout.js';
import type { Problem } from './problems.js';
import type { ItemContent } from './read-all.js';

/** An item of a data set: its files, and which classes its mask has. */
export interface DatasetItem extends ItemFiles, ItemContent {}

/** What a data set and its parts share. */
export interface ItemStore {
  readonly name: string;
  readonly oneClass: 'error' | 'allow';
  readonly warnings: readonly Problem[];
}

export abstract class ItemSet<S extends ItemStore, D> {
  /** In the order of their names, numbers by value: 2 before 10. */
  readonly items: readonly DatasetItem[];
  readonly store: S;

  constructor(store: S, items: readonly DatasetItem[]) {
    this.store = store;
    this.items = items;
  }

  get length(): number {
    return this.items.length;
  }

  /** What was left out or needs attention, of the whole data set; `describeProblems` puts it into lines. */
  get warnings(): readonly Problem[] {
    return this.store.warnings;
  }

  /** File names without folder and extension. */
  get names(): readonly string[] {
    return this.items.map(({ name }) => name);
  }

  /** Some of the items, in the order given. Files, cache and warnings are shared. */
  subset(indices: readonly number[]): D {
    return this.with(indices.map((index) => this.item(index)));
  }

  protected abstract with(items: readonly DatasetItem[]): D;

  /** @throws `DATA_ARGUMENT` */
  protected item(index: number): DatasetItem {
    const item = this.items[index];
    if (item !== undefined) return item;
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `There is no item ${index} in a data set of ${this.length}; the first one is 0.`,
      where: this.store.name,
    });
  }
}

/** A tensor of one item, without the batch dimension. */
export function withoutBatch<T extends { readonly shape: readonly number[] }>(tensor: T): T {
  return { ...tensor, shape: tensor.shape.slice(1) };
}

export function checkSide(size: number): number {
  if (Number.isInteger(size) && size > 0 && size <= 4096) return size;
  throw dataError({ code: 'DATA_ARGUMENT', message: `The size is ${size}; it must be a whole number, 1..4096.` });
}

interface Varying<R> {
  readonly augmentation?: AugmentationOptions;
  readonly random?: R;
}

/** Which variation an item gets; without augmentation it does not matter. @throws `DATA_ARGUMENT` */
export function numberFor({ augmentation, random }: Varying<number>): number {
  if (augmentation !== undefined && random === undefined) throw noRandom('a random number, got none');
  return random ?? 0;
}

/** One number for each item of a batch, where they are varied. @throws `DATA_ARGUMENT` */
export function checkNumbers(
  { length }: readonly number[],
  { augmentation, random }: Varying<readonly number[]>,
): void {
  if (augmentation === undefined || random?.length === length) return;
  throw noRandom(`${length} numbers for the batch's ${length} items, got ${random?.length ?? 0}`);
}

function noRandom(text: string): InfnetError {
  return dataError({
    code: 'DATA_ARGUMENT',
    message: `Augmentation needs ${text}.`,
    fix: 'Give { random: itemSeed(seed, epoch, index) }, so that the same training can be repeated.',
  });
}
