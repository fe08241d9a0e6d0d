/**
 * A training in IndexedDB, so that it survives a reload. State and log are written in one transaction: after a reload
 * the curves end where the weights do.
 *
 * Two generations of both are kept, each in a slot of its own, and which one is the latest. A state has a checksum;
 * where the latest is damaged, or the browser cannot read it any more, the one before is gone on with.
 */
import { readSafetensors } from '@infnet/checkpoint';
import { InfnetError, isInfnetError } from '@infnet/core';
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

/** What a training goes on from. */
export interface StoredState {
  readonly progress: StoredProgress;
  /** Absent until its first steps were stored. */
  readonly state: Uint8Array | undefined;
  /** Why the later one is not gone on from. */
  readonly damaged?: unknown;
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
  /**
   * The latest that is whole; a later one that is damaged is forgotten.
   * @throws InfnetError `TRAIN_STATE_DAMAGED` where none is
   */
  whole(): Promise<StoredState | undefined>;
  /**
   * @throws InfnetError `TRAIN_TAKEN` where what is stored is not the training `id` any more: then nothing is written
   */
  keep(id: string, progress: StoredProgress, state: Uint8Array | undefined): Promise<void>;
  readonly labels: PseudoLabelStore;
}

interface Schema extends DBSchema {
  /**
   * `training`, `id`, `generation`; `progress` and `state` of even generations, `odd progress` and `odd state` of odd
   * ones: one training at a time. Older versions of the page know no generations, and what they stored is 0.
   */
  current: { key: string; value: StoredTraining | StoredProgress | Uint8Array | string | number };
  labels: { key: number; value: PseudoLabel };
}

function slotOf(kind: 'progress' | 'state', generation: number): string {
  return generation % 2 === 0 ? kind : `odd ${kind}`;
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

  close(): void {
    this.#database.close();
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
    return this.#progressOf(await this.#generation());
  }

  async whole(): Promise<StoredState | undefined> {
    const latest = await this.#generation();
    const progress = await this.#progressOf(latest);
    if (progress === undefined) return undefined;
    try {
      return { progress, state: await this.#stateOf(latest) };
    } catch (damaged) {
      const before = await this.#before(latest);
      if (before === undefined) throw bothDamaged(damaged);
      await this.#database.put('current', latest - 1, 'generation');
      return { ...before, damaged };
    }
  }

  /** The generation before this one, if it is whole. */
  async #before(latest: number): Promise<StoredState | undefined> {
    const progress = await this.#progressOf(latest - 1);
    const state = await this.#stateOf(latest - 1).catch(() => undefined);
    return progress === undefined || state === undefined ? undefined : { progress, state };
  }

  async #generation(): Promise<number> {
    return Number((await this.#database.get('current', 'generation')) ?? 0);
  }

  async #progressOf(generation: number): Promise<StoredProgress | undefined> {
    const slot = slotOf('progress', generation);
    const progress = (await this.#database.get('current', slot)) as StoredProgress | undefined;
    if (progress === undefined) return undefined;
    // Those of an older version of the page hold something else; the next epoch brings new ones.
    return { ...progress, pictures: progress.pictures.filter(({ truth }) => truth !== undefined) };
  }

  /** @throws InfnetError `CHECKPOINT_...`; the browser's error */
  async #stateOf(generation: number): Promise<Uint8Array | undefined> {
    const state = (await this.#database.get('current', slotOf('state', generation))) as Uint8Array | undefined;
    if (state !== undefined) readSafetensors(state);
    return state;
  }

  async keep(id: string, progress: StoredProgress, state: Uint8Array | undefined): Promise<void> {
    const write = this.#database.transaction('current', 'readwrite');
    const [owner, latest] = await Promise.all([write.store.get('id'), write.store.get('generation')]);
    if ((owner ?? OLDER) !== id) {
      await write.done;
      throw taken();
    }
    const generation = Number(latest ?? 0) + (state === undefined ? 0 : 1);
    const put = [write.store.put(progress, slotOf('progress', generation))];
    if (state !== undefined) {
      put.push(write.store.put(state, slotOf('state', generation)), write.store.put(generation, 'generation'));
    }
    await Promise.all([...put, write.done]);
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

function bothDamaged(cause: unknown): InfnetError {
  const why = isInfnetError(cause) ? cause.code : String(cause);
  return new InfnetError({
    code: 'TRAIN_STATE_DAMAGED',
    message: `The stored state of the training is damaged (${why}), and the one before it is damaged or missing.`,
    fix: 'Discard the training and start it again; the same settings and slices give the same net.',
    cause,
  });
}
