/**
 * A training in IndexedDB, so that it survives a reload. State and log are written in one transaction: after a reload
 * the curves end where the weights do.
 */
import { InfnetError } from '@infnet/core';
import type { TrainedOn } from '@infnet/inf-net';
import type { PseudoLabel, PseudoLabelStore } from '@infnet/trainer';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { Picture, TrainData, TrainLog, TrainSettings, TrainStatus } from './train-protocol.js';
import { type StoredSettings, upToDate } from './train-settings.js';

/** That of a training that an older version of the page stored. */
const OLDER = 'older';

export interface StoredTraining {
  /** Absent in what older versions of the page stored. */
  readonly id?: string;
  readonly settings: TrainSettings;
  readonly data: TrainData;
}

/** As some version of the page stored it. */
type StoredAnyhow = Omit<StoredTraining, 'settings'> & { readonly settings: StoredSettings };

export interface StoredProgress {
  readonly status: TrainStatus;
  readonly log: TrainLog;
  readonly pictures: readonly Picture[];
  /** Absent until its slices were read. */
  readonly trainedOn?: TrainedOn | undefined;
}

export function idOf({ id }: StoredTraining): string {
  return id ?? OLDER;
}

/** Somebody else threw the training away, or put another in its place. */
export function taken(): InfnetError {
  return new InfnetError({
    code: 'TRAIN_TAKEN',
    message: 'Another tab threw this training away, or began another one in its place.',
    fix: 'Save the weights here: they are those of the last step. Then close one of the tabs.',
  });
}

/** One training at a time. */
export interface TrainStorage {
  /** Whether it is still there after the page was closed. */
  readonly isLasting: boolean;
  /** In place of what is there; all of it or nothing. */
  begin(training: StoredTraining): Promise<void>;
  clear(): Promise<void>;
  /** @throws InfnetError `TRAIN_UNREADABLE` where another version of the page stored what this one does not know */
  training(): Promise<StoredTraining | undefined>;
  progress(): Promise<StoredProgress | undefined>;
  state(): Promise<Uint8Array | undefined>;
  /**
   * @throws InfnetError `TRAIN_TAKEN` where what is stored is not the training `id` any more: then nothing is written
   */
  keep(id: string, progress: StoredProgress, state: Uint8Array | undefined): Promise<void>;
  readonly labels: PseudoLabelStore;
}

interface Schema extends DBSchema {
  /** `training`, `id`, `progress`, `state`: one training at a time. */
  current: { key: string; value: StoredTraining | StoredProgress | Uint8Array | string };
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
    const write = this.#database.transaction(['current', 'labels'], 'readwrite');
    const current = write.objectStore('current');
    const cleared = [current.clear(), write.objectStore('labels').clear()];
    await Promise.all([...cleared, current.put(training, 'training'), current.put(idOf(training), 'id'), write.done]);
  }

  async clear(): Promise<void> {
    const write = this.#database.transaction(['current', 'labels'], 'readwrite');
    await Promise.all([write.objectStore('current').clear(), write.objectStore('labels').clear(), write.done]);
  }

  async training(): Promise<StoredTraining | undefined> {
    const stored = (await this.#database.get('current', 'training')) as StoredAnyhow | undefined;
    return stored === undefined ? undefined : { ...stored, settings: upToDate(stored.settings, stored.data) };
  }

  async progress(): Promise<StoredProgress | undefined> {
    const progress = (await this.#database.get('current', 'progress')) as StoredProgress | undefined;
    if (progress === undefined) return undefined;
    // Those of an older version of the page hold something else; the next epoch brings new ones.
    return { ...progress, pictures: progress.pictures.filter(({ truth }) => truth !== undefined) };
  }

  async state(): Promise<Uint8Array | undefined> {
    return (await this.#database.get('current', 'state')) as Uint8Array | undefined;
  }

  async keep(id: string, progress: StoredProgress, state: Uint8Array | undefined): Promise<void> {
    const write = this.#database.transaction('current', 'readwrite');
    if (((await write.store.get('id')) ?? OLDER) !== id) {
      await write.done;
      throw taken();
    }
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
