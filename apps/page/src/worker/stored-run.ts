/** A training that runs: what it tells goes to the page and, with its state, into the storage. */
import { isInfnetError } from '@infnet/core';
import type { TrainedOn } from '@infnet/inf-net';
import type { Place, SessionEvents } from '@infnet/segmentation';
import { taskNamed } from '../tasks.js';
import type { Gpu } from './gpu.js';
import type { Call } from './handlers.js';
import { type OpenedData, openTrainData } from './train-data.js';
import type { EpochLine, Picture, RoundLine, StepLine, TrainEnd, TrainEvent, TrainRecord } from './train-protocol.js';
import { idOf, type StoredProgress, type StoredTraining, type TrainStorage } from './train-store.js';
import { encodeState, openTraining } from './training.js';

/** Milliseconds between two stored states: writing all weights takes a moment. */
const STORE_EVERY = 5000;

/** The last state of a training that could not be stored: its weights can be saved all the same. */
export interface Unstored {
  readonly training: StoredTraining;
  readonly state: Uint8Array;
  readonly progress: StoredProgress;
}

export function recordFrom(training: StoredTraining, { status, log, pictures }: StoredProgress): TrainRecord {
  const { settings, data } = training;
  const count = (files: number | readonly unknown[]): number => (typeof files === 'number' ? files : files.length);
  const sizes = { kind: data.kind, labelled: count(data.labelled), unlabelled: count(data.unlabelled) };
  return { id: idOf(training), settings, data: sizes, status, log, pictures };
}

export class StoredRun {
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
    const { progress, state: resume, damaged } = (await this.#store.whole()) ?? {};
    if (progress !== undefined && resume !== undefined) {
      this.#steps = [...progress.log.steps];
      this.#epochs = [...progress.log.epochs];
      this.#rounds = [...progress.log.rounds];
      this.#pictures = progress.pictures;
      this.#storedStep = this.#lastStep;
    }
    this.#trainedOn = progress?.trainedOn;
    tell({ kind: 'record', record: recordFrom(this.#training, this.#progress('running')) });
    if (damaged !== undefined) {
      const why = damaged instanceof Error ? damaged.message : String(damaged);
      tell({ kind: 'damaged', step: this.#lastStep, why });
    }
    await this.#store.keep(idOf(this.#training), this.#progress('running'), undefined);
    try {
      const task = taskNamed(settings.task);
      const opened = await openTrainData(data, {
        task,
        settings,
        signal,
        onProgress: (step) => tell({ kind: 'progress', progress: step }),
      });
      this.#trainedOn = opened.trainedOn;
      const session = openTraining({
        task,
        settings,
        resume,
        data: opened,
        labels: this.#store.labels,
        open: () => this.#gpu.openAnother(),
        events: this.#events(opened),
        onPictures: (pictures) => {
          this.#pictures = pictures;
          tell({ kind: 'pictures', pictures });
        },
      });
      const end = await session.run(signal);
      const status = end.stopped === 'aborted' ? 'paused' : 'finished';
      await this.#keep(status, encodeState(end.state));
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

  #events({ train, validation }: OpenedData): SessionEvents {
    const { tell } = this.#call;
    return {
      onMemory: ({ total }) => tell({ kind: 'memory', bytes: total }),
      onPrepare: ({ done, total }) => this.#tellProgress('Compiling GPU programs', done, total),
      onLabel: (done, total) => this.#tellProgress('Labelling slices', done, total),
      onStep: ({ loss, epoch, batch, batches, speed }, place) => {
        const line = { step: this.#lastStep + 1, loss };
        this.#steps.push(line);
        this.#stepsNow++;
        const { epochs } = place;
        const left = epochs * batches - (epoch * batches + batch + 1);
        const each = (performance.now() - this.#begun) / 1000 / this.#stepsNow;
        const secondsLeft = this.#stepsNow < 3 ? undefined : left * each;
        tell({ kind: 'step', line, stage: stageOf(place), epoch: epoch + 1, epochs, speed, secondsLeft });
      },
      onEpoch: ({ epoch, loss, metrics }, place) => {
        const stage = stageOf(place);
        const heldOut = validation !== train;
        const line = { epoch, loss, dice: metrics?.['dice'], stage, step: this.#lastStep, heldOut };
        this.#epochs.push(line);
        tell({ kind: 'epoch', line });
      },
      onStage: ({ round }, { images, pseudo }) => {
        // A round that is taken up again begins a second time.
        if (round === undefined || this.#rounds.some((known) => known.round === round)) return;
        const line = { round, pseudo, images, step: this.#lastStep };
        this.#rounds.push(line);
        tell({ kind: 'round', line });
      },
      onRebuild: ({ at, from }) => {
        this.#rewind(this.#lastStep - (at.step - from.step));
        tell({ kind: 'rebuilt', step: this.#lastStep });
      },
      onState: async (state) => {
        if (performance.now() - this.#storedAt >= STORE_EVERY) await this.#keep('running', encodeState(state));
      },
    };
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

function stageOf({ stage = 'labelled', round }: Place): string {
  return round === undefined ? stage : `round ${round}`;
}
