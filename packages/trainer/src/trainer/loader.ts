/** The batches of one step after the other, asked for while the step before runs. */
import type { TensorData } from '@infnet/core';
import { ownBatch } from './batch.js';
import type { TrainingData } from './data.js';
import { mixSeed, type StepItems } from './order.js';

export interface Batch {
  readonly items: readonly number[];
  readonly inputs: Readonly<Record<string, TensorData>>;
}

export class BatchLoader {
  readonly #data: TrainingData;
  readonly #seed: number;
  /** The batches that the data set was asked for last. */
  #loading: Promise<unknown> = Promise.resolve();

  constructor(data: TrainingData, seed: number) {
    this.#data = data;
    this.#seed = seed;
  }

  /** The batches of a step of an epoch; a failure is thrown where it is awaited. */
  load(step: StepItems, epoch: number): Promise<readonly Batch[]> {
    const before = this.#loading;
    const load = async (): Promise<readonly Batch[]> => {
      // A data set may use one array for all its batches, so it is never asked for two at a time, and each is copied at
      // once.
      await before;
      const batches: Batch[] = [];
      for (const items of step) {
        const requests = items.map((index) => ({ index, epoch, seed: mixSeed(this.#seed, epoch, index) }));
        batches.push({ items, inputs: ownBatch(this.#data, items, await this.#data.batch(requests)) });
      }
      return batches;
    };
    const loaded = load();
    this.#loading = loaded.catch(() => {});
    return loaded;
  }
}
