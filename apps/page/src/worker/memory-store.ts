/** A training where the browser gives no storage: it lives as long as the page. */
import type { PseudoLabel, PseudoLabelStore } from '@infnet/trainer';
import {
  idOf,
  type StoredProgress,
  type StoredState,
  type StoredTraining,
  type TrainStorage,
  taken,
} from './train-store.js';

export class MemoryStore implements TrainStorage {
  readonly isLasting = false;
  #training: StoredTraining | undefined;
  #progress: StoredProgress | undefined;
  #state: Uint8Array | undefined;
  readonly #labels = new Map<number, PseudoLabel>();

  async begin(training: StoredTraining): Promise<void> {
    await this.clear();
    this.#training = training;
  }

  async clear(): Promise<void> {
    this.#training = undefined;
    this.#progress = undefined;
    this.#state = undefined;
    this.#labels.clear();
  }

  async training(): Promise<StoredTraining | undefined> {
    return this.#training;
  }

  async progress(): Promise<StoredProgress | undefined> {
    return this.#progress;
  }

  async whole(): Promise<StoredState | undefined> {
    return this.#progress === undefined ? undefined : { progress: this.#progress, state: this.#state };
  }

  async keep(id: string, progress: StoredProgress, state: Uint8Array | undefined): Promise<void> {
    if (this.#training === undefined || idOf(this.#training) !== id) throw taken();
    this.#progress = structuredClone(progress);
    if (state !== undefined) this.#state = state;
  }

  readonly labels: PseudoLabelStore = {
    get: async (index) => this.#labels.get(index),
    put: async (index, label) => {
      this.#labels.set(index, label);
    },
  };
}
