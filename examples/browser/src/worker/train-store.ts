/**
 * A training in IndexedDB, so that it survives a reload. State and log are written in one transaction: after a reload the curves end
 * where the weights do.
 */
import type { PseudoLabel, PseudoLabelStore } from '@infnet/trainer';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Picture, TrainData, TrainLog, TrainSettings, TrainStatus } from './train-protocol.js';

export interface StoredTraining {
  readonly settings: TrainSettings;
  readonly data: TrainData;
}

export interface StoredProgress {
  readonly status: TrainStatus;
  readonly log: TrainLog;
  readonly pictures: readonly Picture[];
}

/** One training at a time. */
export interface TrainStorage {
  /** Whether it is still there after the page was closed. */
  readonly isLasting: boolean;
  begin(training: StoredTraining): Promise<void>;
  clear(): Promise<void>;
  training(): Promise<StoredTraining | undefined>;
  progress(): Promise<StoredProgress | undefined>;
  state(): Promise<Uint8Array | undefined>;
  keep(progress: StoredProgress, state: Uint8Array | undefined): Promise<void>;
  readonly labels: PseudoLabelStore;
}

interface Schema extends DBSchema {
  /** `training`, `progress`, `state`: one training at a time. */
  current: { key: string; value: StoredTraining | StoredProgress | Uint8Array };
  labels: { key: number; value: PseudoLabel };
}

export class TrainStore implements TrainStorage {
  readonly isLasting = true;
  readonly #database: IDBPDatabase<Schema>;

  private constructor(database: IDBPDatabase<Schema>) {
    this.#database = database;
  }

  /** Fails where the browser gives no storage: some private windows, and where it was forbidden. */
  static async open(): Promise<TrainStore> {
    const database = await openDB<Schema>('infnet', 1, {
      upgrade(fresh) {
        fresh.createObjectStore('current');
        fresh.createObjectStore('labels');
      },
    });
    return new TrainStore(database);
  }

  async begin(training: StoredTraining): Promise<void> {
    await this.clear();
    await this.#database.put('current', training, 'training');
  }

  async clear(): Promise<void> {
    const write = this.#database.transaction(['current', 'labels'], 'readwrite');
    await Promise.all([write.objectStore('current').clear(), write.objectStore('labels').clear(), write.done]);
  }

  async training(): Promise<StoredTraining | undefined> {
    return (await this.#database.get('current', 'training')) as StoredTraining | undefined;
  }

  async progress(): Promise<StoredProgress | undefined> {
    return (await this.#database.get('current', 'progress')) as StoredProgress | undefined;
  }

  async state(): Promise<Uint8Array | undefined> {
    return (await this.#database.get('current', 'state')) as Uint8Array | undefined;
  }

  async keep(progress: StoredProgress, state: Uint8Array | undefined): Promise<void> {
    const write = this.#database.transaction('current', 'readwrite');
    await Promise.all([
      write.store.put(progress, 'progress'),
      state === undefined ? undefined : write.store.put(state, 'state'),
      write.done,
    ]);
  }

  get labels(): PseudoLabelStore {
    const database = this.#database;
    return {
      get: (index) => database.get('labels', index),
      put: async (index, label) => {
        await database.put('labels', label, index);
      },
    };
  }
}
