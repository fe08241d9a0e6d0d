/** Train: a training that is stored as it goes, paused, continued after a reload, and taken up again when the device is lost. */
import { writeSafetensors } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import { InfnetError } from '@infnet/errors';
import { InfNet, stateDictEntries } from '@infnet/inf-net';
import { decodePropagationState, decodeTrainerState } from '@infnet/trainer';
import type { Gpu } from './gpu.js';
import type { Call, Handlers } from './handlers.js';
import { MemoryStore } from './memory-store.js';
import { checkFiles, openTrainData } from './train-data.js';
import type {
  EpochLine,
  Picture,
  RoundLine,
  StepLine,
  TrainEnd,
  TrainEvent,
  TrainMethods,
  TrainRecord,
  TrainSettings,
} from './train-protocol.js';
import { type StoredTraining, type TrainStorage, TrainStore } from './train-store.js';
import { runTraining } from './training.js';

/** Milliseconds between two stored states: writing all weights takes a moment. */
const STORE_EVERY = 5000;

export function trainHandlers(gpu: Gpu): Handlers<TrainMethods> {
  let store: Promise<TrainStorage> | undefined;
  const opened = (): Promise<TrainStorage> => {
    store ??= TrainStore.open().catch(() => new MemoryStore());
    return store;
  };
  /** A storage with the training in it: one that lasts, unless the browser refuses. */
  const begin = async (training: StoredTraining): Promise<TrainStorage> => {
    const storage = await opened();
    try {
      await storage.begin(training);
      return storage;
    } catch {
      const instead = new MemoryStore();
      await instead.begin(training);
      store = Promise.resolve(instead);
      return instead;
    }
  };
  return {
    async trainRecord(): Promise<TrainRecord | undefined> {
      const storage = await opened();
      const [training, progress] = await Promise.all([storage.training(), storage.progress()]);
      if (training === undefined || progress === undefined) return undefined;
      const { settings, data } = training;
      const count = (files: number | readonly unknown[]): number => (typeof files === 'number' ? files : files.length);
      const sizes = { kind: data.kind, labelled: count(data.labelled), unlabelled: count(data.unlabelled) };
      return { settings, data: sizes, ...progress };
    },
    async trainDiscard() {
      await (await opened()).clear();
      return undefined;
    },
    trainCheck: ({ files, labelled, masks }, { tell, signal }) =>
      checkFiles(files, labelled, { masks, onProgress: tell, signal }),
    async train({ settings, data }, call) {
      return exclusively(async () => {
        const storage = await begin({ settings, data });
        if (!storage.isLasting) call.tell({ kind: 'fleeting' });
        return new StoredRun(storage, { settings, data }, gpu, call).run();
      });
    },
    async trainContinue(_, call) {
      const storage = await opened();
      const training = await storage.training();
      if (training === undefined) throw nothing();
      return exclusively(() => new StoredRun(storage, training, gpu, call).run());
    },
    async trainWeights() {
      const storage = await opened();
      const [training, state] = await Promise.all([storage.training(), storage.state()]);
      if (training === undefined || state === undefined) throw nothing();
      const isSemi = hasUnlabelled(training);
      const propagation = isSemi ? decodePropagationState(state) : undefined;
      const parameters =
        propagation === undefined
          ? decodeTrainerState(state).parameters
          : (propagation.trainer?.parameters ?? propagation.weights);
      if (parameters === undefined) throw nothing();
      const steps = (await storage.progress())?.log.steps.at(-1)?.step ?? 0;
      return { name: 'trained.safetensors', bytes: weightsFile(training.settings, parameters, steps) };
    },
  };
}

function hasUnlabelled({ data }: StoredTraining): boolean {
  return data.kind === 'phantoms' ? data.unlabelled > 0 : data.unlabelled.length > 0;
}

function nothing(): InfnetError {
  const fix = 'Start a training first.';
  return new InfnetError({ code: 'TRAIN_NOTHING', message: 'No training is stored in this browser.', fix });
}

/** Two pages that train would write over each other's state. */
async function exclusively<T>(body: () => Promise<T>): Promise<T> {
  const { locks } = navigator as Partial<Navigator>;
  if (locks === undefined) return body();
  // After a reload the worker of the old page may hold the lock for another moment.
  const patience = AbortSignal.timeout(3000);
  return locks.request('infnet-training', { signal: patience }, body).catch((error: unknown) => {
    if (error !== patience.reason) throw error;
    const fix = 'Look at that tab, or close it and continue here.';
    throw new InfnetError({ code: 'TRAIN_ELSEWHERE', message: 'Another tab of this page is training.', fix });
  });
}

/** Weights that `infnet segment`, PyTorch and this page read. Every entry of the state dict. */
export function weightsFile(settings: TrainSettings, parameters: StateDict, steps: number): Uint8Array {
  const { backbone, width, channels, size, seed } = settings;
  const entries = stateDictEntries(new InfNet({ backbone, width, channels }), parameters, { seed, steps });
  const texts = Object.entries({ backbone, width, channels, size, seed, steps }).map(([key, value]) => [
    key,
    String(value),
  ]);
  return writeSafetensors(entries, { made_by: 'infnet page', ...Object.fromEntries(texts) });
}

class StoredRun {
  readonly #store: TrainStorage;
  readonly #training: StoredTraining;
  readonly #gpu: Gpu;
  readonly #call: Call<TrainEvent>;
  #steps: StepLine[] = [];
  #epochs: EpochLine[] = [];
  #rounds: RoundLine[] = [];
  #pictures: readonly Picture[] = [];
  #storedAt = Number.NEGATIVE_INFINITY;
  /** The log as it was with the state that is stored. */
  #storedStep = 0;
  #begun = performance.now();
  #stepsNow = 0;

  constructor(store: TrainStorage, training: StoredTraining, gpu: Gpu, call: Call<TrainEvent>) {
    this.#store = store;
    this.#training = training;
    this.#gpu = gpu;
    this.#call = call;
  }

  async run(): Promise<TrainEnd> {
    const { settings, data } = this.#training;
    const { tell, signal } = this.#call;
    const [progress, resume] = await Promise.all([this.#store.progress(), this.#store.state()]);
    if (progress !== undefined && resume !== undefined) {
      this.#steps = [...progress.log.steps];
      this.#epochs = [...progress.log.epochs];
      this.#rounds = [...progress.log.rounds];
      this.#pictures = progress.pictures;
      this.#storedStep = this.#lastStep;
    }
    await this.#store.keep(this.#progress('running'), undefined);
    try {
      const opened = await openTrainData(
        data,
        settings.seed,
        (step) => tell({ kind: 'progress', progress: step }),
        signal,
      );
      const end = await runTraining(
        {
          settings,
          data: opened,
          open: () => this.#gpu.openAnother(),
          labels: this.#store.labels,
          ...(resume === undefined ? {} : { resume }),
          events: {
            onMemory: (bytes) => tell({ kind: 'memory', bytes }),
            onPrepare: (done, total) => this.#tellProgress('Compiling GPU programs', done, total),
            onLabel: (done, total) => this.#tellProgress('Labelling slices', done, total),
            onStep: ({ loss, epoch, batch, batches, speed }, { stage, epochs }) => {
              const line = { step: (this.#steps.at(-1)?.step ?? 0) + 1, loss };
              this.#steps.push(line);
              this.#stepsNow++;
              const left = epochs * batches - (epoch * batches + batch + 1);
              const each = (performance.now() - this.#begun) / 1000 / this.#stepsNow;
              const secondsLeft = this.#stepsNow < 3 ? undefined : left * each;
              tell({ kind: 'step', line, stage, epoch: epoch + 1, epochs, speed, secondsLeft });
            },
            onEpoch: (epoch) => {
              const line = { ...epoch, step: this.#lastStep, heldOut: opened.validation !== opened.train };
              this.#epochs.push(line);
              tell({ kind: 'epoch', line });
            },
            onRound: (round) => {
              // A round that is taken up again begins a second time.
              if (this.#rounds.some((known) => known.round === round.round)) return;
              const line = { ...round, step: this.#lastStep };
              this.#rounds.push(line);
              tell({ kind: 'round', line });
            },
            onPictures: (pictures) => {
              this.#pictures = pictures;
              tell({ kind: 'pictures', pictures });
            },
            onRebuild: (steps) => {
              this.#rewind(this.#lastStep - steps);
              tell({ kind: 'rebuilt', step: this.#lastStep });
            },
            onState: async (encode) => {
              if (performance.now() - this.#storedAt < STORE_EVERY) return;
              await this.#keep('running', encode());
            },
          },
        },
        signal,
      );
      const status = end.stopped;
      await this.#keep(status, end.state);
      return { status, step: this.#lastStep };
    } catch (error) {
      // What came after the stored state comes again when it is continued.
      this.#rewind(this.#storedStep);
      await this.#store.keep(this.#progress('failed'), undefined).catch(() => {});
      throw error;
    }
  }

  get #lastStep(): number {
    return this.#steps.at(-1)?.step ?? 0;
  }

  #tellProgress(what: string, done: number, total: number): void {
    this.#begun = performance.now();
    this.#stepsNow = 0;
    this.#call.tell({ kind: 'progress', progress: { what, done, total } });
  }

  #rewind(step: number): void {
    const before = <T extends { readonly step: number }>(lines: readonly T[]): T[] =>
      lines.filter((line) => line.step <= step);
    this.#steps = before(this.#steps);
    this.#epochs = before(this.#epochs);
    this.#rounds = before(this.#rounds);
  }

  #progress(status: TrainRecord['status']) {
    const log = { steps: this.#steps, epochs: this.#epochs, rounds: this.#rounds };
    return { status, log, pictures: this.#pictures };
  }

  /** A full disk does not end a training: it is told, and the next state tries again. */
  async #keep(status: TrainRecord['status'], state: Uint8Array): Promise<void> {
    this.#storedAt = performance.now();
    try {
      await this.#store.keep(this.#progress(status), state);
      this.#storedStep = this.#lastStep;
      this.#call.tell({ kind: 'stored' });
    } catch (error) {
      this.#call.tell({ kind: 'unstored', why: error instanceof Error ? error.message : String(error) });
    }
  }
}
