/** In which order items are visited: a function of seed and epoch, so that a resumed epoch goes on where it stopped. */
import { seededRandom } from '@infnet/core';

/** The numbers 0 to `count` - 1, shuffled (Fisher and Yates). */
export function permutation(count: number, seed: number, epoch: number): number[] {
  const random = seededRandom(mixSeed(seed, epoch));
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** A 32-bit number that depends on all of its parts. */
export function mixSeed(...parts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part | 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    hash ^= hash >>> 13;
  }
  return hash >>> 0;
}

/** What is computed between two moves of the parameters: one batch, or several whose gradients are averaged. */
export type StepItems = readonly (readonly number[])[];

export interface OrderOptions {
  readonly length: number;
  readonly batchSize: number;
  /** Batches per step. */
  readonly accumulate: number;
  readonly lastBatch: 'keep' | 'drop';
  readonly shuffle: boolean;
  readonly seed: number;
}

/** The steps of an epoch. */
export function stepsOfEpoch(options: OrderOptions, epoch: number): StepItems[] {
  const { length, batchSize, accumulate, lastBatch, shuffle, seed } = options;
  const order = shuffle ? permutation(length, seed, epoch) : Array.from({ length }, (_, i) => i);
  const batches = chunks(order, batchSize).filter((batch) => lastBatch === 'keep' || batch.length === batchSize);
  return chunks(batches, accumulate);
}

/** How many steps an epoch has. */
export function stepCount({ length, batchSize, accumulate, lastBatch }: OrderOptions): number {
  const batches = length / batchSize;
  return Math.ceil((lastBatch === 'keep' ? Math.ceil(batches) : Math.floor(batches)) / accumulate);
}

/** Sizes of the batches that occur, largest first. */
export function batchSizes(options: OrderOptions): number[] {
  const sizes = stepsOfEpoch({ ...options, shuffle: false }, 0).flatMap((step) => step.map((batch) => batch.length));
  return [...new Set(sizes)].sort((a, b) => b - a);
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}
