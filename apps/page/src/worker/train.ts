/**
 * Train: a training that is stored as it goes, paused, continued after a reload, and taken up again when the device is
 * lost.
 */
import { writeSafetensors } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import { InfnetError, isInfnetError } from '@infnet/errors';
import { InfNet, stateDictEntries, type TrainedOn, trainingMetadata } from '@infnet/inf-net';
import { decodePropagationState, decodeTrainerState } from '@infnet/trainer';
import type { Gpu } from './gpu.js';
import type { Call, Handlers } from './handlers.js';
import { MemoryStore } from './memory-store.js';
import { checkFiles, openTrainData, phantomsOnly } from './train-data.js';
import { TrainOwner } from './train-owner.js';
import type {
  EpochLine,
  Picture,
  RoundLine,
  StepLine,
  StoredNow,
  TrainEnd,
  TrainEvent,
  TrainMethods,
  TrainRecord,
  TrainSettings,
} from './train-protocol.js';
import { idOf, type StoredProgress, type StoredTraining, type TrainStorage, TrainStore } from './train-store.js';
import { runTraining } from './training.js';

/** Milliseconds between two stored states: writing all weights takes a moment. */
const STORE_EVERY = 5000;

/** The last state of a training that could not be stored: its weights can be saved all the same. */
interface Unstored {
  readonly training: StoredTraining;
  readonly state: Uint8Array;
  readonly progress: StoredProgress;
}

export function trainHandlers(gpu: Gpu): Handlers<TrainMethods> {
  const owner = new TrainOwner((navigator as Partial<Navigator>).locks);
  let store: Promise<TrainStorage> | undefined;
  let unstored: Unstored | undefined;
  const opened = (): Promise<TrainStorage> => {
    // Without locks tabs would write over each other's training: each keeps its own.
    store ??= owner.canShare ? TrainStore.open().catch(() => new MemoryStore()) : Promise.resolve(new MemoryStore());
    return store;
  };
  /** A storage with the training in it: one that lasts, unless the browser refuses. */
  const begin = async (training: StoredTraining): Promise<TrainStorage> => {
    const storage = await opened();
    const record = await recordOf(storage);
    if (record !== undefined) throw otherStored(record);
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
  const run = (storage: TrainStorage, training: StoredTraining, call: Call<TrainEvent>): Promise<TrainEnd> =>
    new StoredRun(storage, training, gpu, call, (state) => {
      unstored = state;
    }).run();
  return {
    async trainRecord(): Promise<StoredNow> {
      // In this order: an owner that ends in between is then known to have ended.
      const isElsewhere = await owner.isElsewhere();
      return { isElsewhere, record: await recordOf(await opened()) };
    },
    async trainFree(_, { signal }) {
      await owner.untilFree(signal);
      return undefined;
    },
    async trainDiscard({ id }) {
      await owner.alone(async () => {
        const storage = await opened();
        const training = await storage.training();
        if (training !== undefined && idOf(training) !== id) throw changed();
        await storage.clear();
        unstored = undefined;
      });
      return undefined;
    },
    trainCheck: ({ files, labelled, masks }, { tell, signal }) =>
      checkFiles(files, labelled, { masks, onProgress: tell, signal }),
    async train({ settings, data }, call) {
      return owner.alone(async () => {
        const training = { id: crypto.randomUUID(), settings, data };
        const storage = await begin(training);
        if (!storage.isLasting) call.tell({ kind: 'fleeting' });
        return run(storage, training, call);
      });
    },
    async trainContinue({ id }, call) {
      return owner.alone(async () => {
        const storage = await opened();
        const training = await storage.training();
        if (training === undefined || idOf(training) !== id) throw changed();
        return run(storage, training, call);
      });
    },
    async trainWeights({ id }) {
      if (unstored !== undefined && idOf(unstored.training) === id) {
        return weightsOf(unstored.training, unstored.state, unstored.progress);
      }
      const storage = await opened();
      const [training, state, progress] = await Promise.all([storage.training(), storage.state(), storage.progress()]);
      if (training === undefined || idOf(training) !== id) throw changed();
      if (state === undefined || progress === undefined) throw nothing();
      return weightsOf(training, state, progress);
    },
  };
}

async function recordOf(storage: TrainStorage): Promise<TrainRecord | undefined> {
  const [training, progress] = await Promise.all([storage.training(), storage.progress()]);
  return training === undefined || progress === undefined ? undefined : recordFrom(training, progress);
}

function recordFrom(training: StoredTraining, { status, log, pictures }: StoredProgress): TrainRecord {
  const { settings, data } = training;
  const count = (files: number | readonly unknown[]): number => (typeof files === 'number' ? files : files.length);
  const sizes = { kind: data.kind, labelled: count(data.labelled), unlabelled: count(data.unlabelled) };
  return { id: idOf(training), settings, data: sizes, status, log, pictures };
}

function weightsOf(
  training: StoredTraining,
  state: Uint8Array,
  { log, trainedOn }: StoredProgress,
): { readonly name: string; readonly bytes: Uint8Array } {
  const propagation = hasUnlabelled(training) ? decodePropagationState(state) : undefined;
  const parameters =
    propagation === undefined
      ? decodeTrainerState(state).parameters
      : (propagation.trainer?.parameters ?? propagation.weights);
  if (parameters === undefined) throw nothing();
  const { data, settings } = training;
  const origin = trainedOn ?? (data.kind === 'phantoms' ? phantomsOnly(data) : undefined);
  const steps = log.steps.at(-1)?.step ?? 0;
  const bytes = weightsFile(settings, parameters, { steps, epochs: log.epochs.length, trainedOn: origin });
  return { name: 'trained.safetensors', bytes };
}

function hasUnlabelled({ data }: StoredTraining): boolean {
  return data.kind === 'phantoms' ? data.unlabelled > 0 : data.unlabelled.length > 0;
}

function nothing(): InfnetError {
  const fix = 'Train for an epoch first.';
  return new InfnetError({ code: 'TRAIN_NOTHING', message: 'No weights of this training are stored yet.', fix });
}

function changed(): InfnetError {
  const message = 'The training that is shown here is not the one that is stored any more: another tab changed it.';
  return new InfnetError({ code: 'TRAIN_CHANGED', message, fix: 'What is stored now is shown instead.' });
}

function otherStored({ status, log }: TrainRecord): InfnetError {
  const steps = log.steps.at(-1)?.step ?? 0;
  return new InfnetError({
    code: 'TRAIN_STORED',
    message: `This browser holds a training already (${status}, ${steps} steps), which another tab began. Nothing was started.`,
    fix: 'It is shown here now: go on with it, or discard it first.',
  });
}

/** What a file of weights tells of a training. */
export interface TrainedSoFar {
  readonly steps: number;
  readonly epochs: number;
  /** Undefined where it is not known: trainings that an older version of the page stored. */
  readonly trainedOn: TrainedOn | undefined;
}

/** Weights that `infnet segment`, PyTorch and this page read. Every entry of the state dict. */
export function weightsFile(
  settings: TrainSettings,
  parameters: StateDict,
  { steps, epochs, trainedOn }: TrainedSoFar,
): Uint8Array {
  const { backbone, width, channels, size, seed } = settings;
  const entries = stateDictEntries(new InfNet({ backbone, width, channels }), parameters, { seed, steps });
  const figures = { backbone, width, channels, size, seed, steps, trained_epochs: epochs };
  const texts = Object.entries(figures).map(([key, value]) => [key, String(value)]);
  return writeSafetensors(entries, {
    made_by: 'infnet page',
    ...Object.fromEntries(texts),
    ...(steps > 0 ? { trained: 'true' } : {}),
    ...(trainedOn === undefined ? {} : trainingMetadata(trainedOn)),
  });
}

class StoredRun {
  readonly #store: TrainStorage;
  readonly #training: StoredTraining;
  readonly #gpu: Gpu;
  readonly #call: Call<TrainEvent>;
  readonly #onUnstored: (state: Unstored | undefined) => void;
  #trainedOn: TrainedOn | undefined;
  #steps: StepLine[] = [];
  #epochs: EpochLine[] = [];
  #rounds: RoundLine[] = [];
  #pictures: readonly Picture[] = [];
  #storedAt = Number.NEGATIVE_INFINITY;
  /** The log as it was with the state that is stored. */
  #storedStep = 0;
  #begun = performance.now();
  #stepsNow = 0;

  /** @param onUnstored told the last state while it cannot be stored, undefined once it was */
  constructor(
    store: TrainStorage,
    training: StoredTraining,
    gpu: Gpu,
    call: Call<TrainEvent>,
    onUnstored: (state: Unstored | undefined) => void,
  ) {
    this.#store = store;
    this.#training = training;
    this.#gpu = gpu;
    this.#call = call;
    this.#onUnstored = onUnstored;
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
    this.#trainedOn = progress?.trainedOn;
    tell({ kind: 'record', record: recordFrom(this.#training, this.#progress('running')) });
    await this.#store.keep(idOf(this.#training), this.#progress('running'), undefined);
    try {
      const opened = await openTrainData(
        data,
        settings.seed,
        (step) => tell({ kind: 'progress', progress: step }),
        signal,
      );
      this.#trainedOn = opened.trainedOn;
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
      const isTaken = isInfnetError(error, 'TRAIN_TAKEN');
      // Stopped on the way to its first step it did not fail.
      const status = signal.aborted ? 'paused' : 'failed';
      if (!isTaken) {
        await this.#store.keep(idOf(this.#training), this.#progress(status), undefined).catch((why: unknown) => {
          tell({ kind: 'unstored', why: why instanceof Error ? why.message : String(why) });
        });
      }
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

  #progress(status: TrainRecord['status']): StoredProgress {
    const log = { steps: this.#steps, epochs: this.#epochs, rounds: this.#rounds };
    return { status, log, pictures: this.#pictures, trainedOn: this.#trainedOn };
  }

  /**
   * A full disk does not end a training: it is told, and the next state tries again.
   * @throws InfnetError `TRAIN_TAKEN`
   */
  async #keep(status: TrainRecord['status'], state: Uint8Array): Promise<void> {
    this.#storedAt = performance.now();
    const progress = this.#progress(status);
    try {
      await this.#store.keep(idOf(this.#training), progress, state);
      this.#onUnstored(undefined);
      this.#storedStep = this.#lastStep;
      this.#call.tell({ kind: 'stored' });
    } catch (error) {
      this.#onUnstored({ training: this.#training, state, progress: structuredClone(progress) });
      if (isInfnetError(error, 'TRAIN_TAKEN')) throw error;
      this.#call.tell({ kind: 'unstored', why: error instanceof Error ? error.message : String(error) });
    }
  }
}
