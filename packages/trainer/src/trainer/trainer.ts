/**
 * The training loop: epochs of steps, validation, the best state kept, early stop, resume, and recovery.
 *
 * Everything random follows from the seed, every sum on the device has a fixed order, and the whole state is read back
 * as plain data: a training that was stopped and continued ends with the same bits as one that was not. The same holds
 * when the device is lost: the trainer opens another context, loads its last snapshot and repeats the steps since.
 *
 * Files are not the trainer's business: `onSnapshot` gets states to write, `resume` takes one that was read.
 */
import {
  type Context,
  checkNames,
  InfnetError,
  isInfnetError,
  type Module,
  type ParameterStore,
  type StateDict,
  type Tensor,
  type TensorData,
} from '@infnet/core';
import { type GradientClip, noClip } from '../optimizer/clip.js';
import type { LearningRateSchedule } from '../schedule.js';
import type { BlockOf } from '../step/recompute.js';
import type { StepLoss, TraceStepOptions } from '../step/trace-step.js';
import { checkLearningRate, type GradientFigures, type StepReport } from '../step/training-step.js';
import { ownBatch } from './batch.js';
import { checkOptions, checkSchedule } from './check.js';
import type { TrainerCompanion } from './companion.js';
import type { TrainingData } from './data.js';
import { batchSizes, mixSeed, type OrderOptions, type StepItems, stepCount, stepsOfEpoch } from './order.js';
import { type PrepareProgress, Session, type SessionOptions, type TrainingMemory } from './session.js';
import { assertContinues, type Best, namesHash, type Position, type TrainerState } from './state.js';

/** What a validation may use. The net is in inference mode. */
export interface Validation {
  readonly context: Context;
  readonly net: Module<never, unknown>;
  readonly parameters: ParameterStore;
  readonly epoch: number;
}

export interface StepEvent {
  readonly epoch: number;
  /** Index of the batch in its epoch, and how many there are. */
  readonly batch: number;
  readonly batches: number;
  readonly scale: number;
  /** Steps of the optimiser, this one included. */
  readonly step: number;
  /** Means over the step's batches. */
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly seconds: number;
  /** Images per second. */
  readonly speed: number;
}

export interface EpochEvent {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  /** Means over the epoch's steps at scale 1 (or at all scales, where 1 is none of them). */
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly seconds: number;
  /** What the validation found, if there was one after this epoch. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
  readonly isBest: boolean;
}

/** What a training tells while it runs. Handlers are awaited, so a slow one slows training. */
export interface TrainerEvents {
  /** Before anything but the parameters is allocated. */
  onMemory?(memory: TrainingMemory): void | Promise<void>;
  onPrepare?(progress: PrepareProgress): void;
  /** Also for the steps that are repeated after a lost device. */
  onStep?(event: StepEvent): void | Promise<void>;
  onEpoch?(event: EpochEvent): void | Promise<void>;
  /** A state to keep: after epochs (`snapshotEpochs`), and within them (`snapshotEvery` steps). */
  onSnapshot?(state: TrainerState): void | Promise<void>;
  /** The state after the best validation so far. */
  onBest?(state: TrainerState, best: Best): void | Promise<void>;
  /** The device was lost; training goes on from `from`. */
  onRebuild?(lost: { readonly error: unknown; readonly at: Position; readonly from: Position }): void | Promise<void>;
}

export interface TrainerOptions<N extends string = string>
  extends TrainerEvents,
    Pick<SessionOptions, 'net' | 'optimizer'> {
  /** Opens a context; called again when its device was lost. */
  readonly open: () => Promise<Context>;
  /** What becomes of a context at the end of a run, and of one whose device was lost. Default: it is disposed. */
  readonly close?: (context: Context) => void;
  readonly data: TrainingData<N>;
  /**
   * Applies the net to a batch and compares the result with its targets. Traced once for every batch size and scale.
   */
  readonly loss: (inputs: Readonly<Record<N, Tensor>>) => Tensor | StepLoss;
  readonly learningRate: LearningRateSchedule;
  readonly epochs: number;
  readonly batchSize: number;
  /** A whole number from 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
  /** First values of the parameters. Default: from the seed. */
  readonly initial?: StateDict;
  readonly clip?: GradientClip;
  readonly frozenBatchNorm?: boolean | ((path: string) => boolean);
  /** Compute intermediates again instead of keeping them; see `trainingStep`. Default false. */
  readonly recompute?: boolean | BlockOf;
  /** Batches per step, whose gradients are averaged. Default 1. */
  readonly accumulate?: number;
  /** Every batch is trained at each of these rates of the image size, one after the other. Default [1]. */
  readonly scales?: readonly number[];
  /** How single inputs are resized at other scales, by name; see `trainingStep`. */
  readonly resize?: TraceStepOptions<N>['resize'];
  /** What sizes at other scales are rounded to a multiple of. Default 32. */
  readonly sizeMultiple?: number;
  /** Default true. */
  readonly shuffle?: boolean;
  /** What becomes of a last batch that is smaller. Default `keep`. */
  readonly lastBatch?: 'keep' | 'drop';
  /** Figures of the net as it is. */
  readonly validate?: (validation: Validation) => Promise<Readonly<Record<string, number>>>;
  /** Epochs between two validations. Default 1; the last epoch is always validated, Infinity: only that. */
  readonly validateEvery?: number;
  /**
   * Which figure decides what is best. Default: the first one, the larger the better. An infinite figure counts as what
   * it is, and NaN is never the best.
   */
  readonly best?: { readonly metric: string; readonly larger: boolean };
  /**
   * Stop after so many validations without a better one, at least 1; needs `validate`. Default, and Infinity: never.
   */
  readonly patience?: number;
  /** Steps between snapshots within an epoch. Default: none but at its end. */
  readonly snapshotEvery?: number;
  /**
   * Epochs between snapshots; the best and the last one always make one. Default 1. A snapshot reads the whole state
   * back.
   */
  readonly snapshotEpochs?: number;
  readonly plan?: Pick<SessionOptions, 'precision' | 'memoryBudget' | 'maxSubmitSeconds'>;
  /** Asks the data for a batch while the step before it runs. Default true; false for data that depend on that step. */
  readonly prefetch?: boolean;
  /** Something that moves with the parameters, and is kept and resumed with them. */
  readonly companion?: TrainerCompanion;
  /** Continue from this state. */
  readonly resume?: TrainerState;
}

export interface TrainingResult {
  readonly stopped: 'finished' | 'early' | 'aborted';
  readonly best: Best | undefined;
  /** The last state. */
  readonly state: TrainerState;
}

/** Errors of a step that leave everything as it was before it. */
const UNMOVED = ['TRAINING_NOT_FINITE', 'PLAN_INPUT', 'TRAINING_BATCH', 'TRAINING_LEARNING_RATE'];

/** Lost devices in a row, without a new snapshot between them, after which training gives up. */
const MOST_REBUILDS = 3;

export class Trainer<N extends string = string> {
  readonly #options: TrainerOptions<N>;
  readonly #order: OrderOptions;
  readonly #scales: readonly number[];
  readonly #plan: TrainerState['plan'];
  readonly #seed: number;
  #session: Session | undefined;
  #position: Position = { epoch: 0, unit: 0, step: 0 };
  #sums: Record<string, number> = {};
  #summed = 0;
  #best: Best | undefined;
  #stale = 0;
  #snapshot: TrainerState | undefined;
  #running = false;
  /** The batches that the data set was asked for last. */
  #loading: Promise<unknown> = Promise.resolve();
  /** Whether a step is on its way, so that values on the device may be neither those before it nor those after it. */
  #isMoving = false;

  /**
   * @throws InfnetError `TRAINER_OPTION`, `OPTIMIZER_OPTION` for the clip, `TRAINING_LEARNING_RATE` for a schedule that
   *   gives none somewhere, `TRAINER_STATE` for a state of another training.
   */
  constructor(options: TrainerOptions<N>) {
    checkOptions(options);
    const { data, batchSize, accumulate = 1, lastBatch = 'keep', shuffle = true, seed = 0, scales = [1] } = options;
    this.#options = options;
    this.#seed = seed;
    this.#scales = scales;
    this.#order = { length: data.length, batchSize, accumulate, lastBatch, shuffle, seed };
    const names = namesHash(data);
    const kept = { rates: [...scales], shuffle, lastBatch, ...(names === undefined ? {} : { names }) };
    this.#plan = { items: data.length, batchSize, accumulate, scales: scales.length, ...kept };
    const { epochs, best, companion, learningRate } = options;
    const first = options.resume?.position.epoch ?? 0;
    if (options.resume !== undefined) {
      const units = stepCount(this.#order) * scales.length;
      const hasCompanion = companion !== undefined;
      assertContinues(options.resume, { seed, plan: this.#plan, epochs, units, best, hasCompanion });
    }
    checkSchedule(learningRate, this.#order, { scales: scales.length, epochs, first });
    if (options.resume !== undefined) {
      this.#snapshot = options.resume;
      this.#restoreProgress(options.resume);
    }
  }

  /** What comes next. */
  get position(): Position {
    return this.#position;
  }

  get best(): Best | undefined {
    return this.#best;
  }

  /**
   * Trains to the end, until `patience` runs out or `signal` stops it after the step in progress.
   *
   * @throws InfnetError `TRAINING_NOT_FINITE` naming step, items and largest gradients (the parameters are then those
   *   before the step; `lastState` has them), `TRAINER_RUNNING`, and whatever data, validation and handlers throw.
   */
  async run(options: { readonly signal?: AbortSignal } = {}): Promise<TrainingResult> {
    checkNames('Trainer.run', options, ['signal']);
    const { signal } = options;
    if (this.#running) throw new InfnetError({ code: 'TRAINER_RUNNING', message: 'this trainer runs already' });
    this.#running = true;
    let rebuilds = 0;
    let lastFrom = -1;
    try {
      for (;;) {
        try {
          await this.#open();
          const stopped = await this.#train(signal);
          this.#snapshot = await this.#currentState();
          return { stopped, best: this.#best, state: this.#snapshot };
        } catch (reason) {
          const error = await this.#lossOr(reason);
          const isLost = isInfnetError(error, 'CONTEXT_LOST');
          if (!isLost) await this.#rescue(error);
          if (!isLost || this.#snapshot === undefined) throw error;
          const from = this.#snapshot.position.step;
          rebuilds = from > lastFrom ? 1 : rebuilds + 1;
          lastFrom = from;
          if (rebuilds >= MOST_REBUILDS) throw error;
          const at = this.#position;
          this.#isMoving = false;
          this.#restoreProgress(this.#snapshot);
          await this.#options.onRebuild?.({ error, at, from: this.#position });
        } finally {
          this.#close();
        }
      }
    } finally {
      this.#running = false;
    }
  }

  /** The state in which `run` ended, also by an error: as it was before the failed step. */
  get lastState(): TrainerState | undefined {
    return this.#snapshot;
  }

  /** The state now, for handlers of events that want one. @throws InfnetError `TRAINER_IDLE` outside `run`. */
  async state(): Promise<TrainerState> {
    if (this.#session !== undefined) return this.#readState();
    throw new InfnetError({ code: 'TRAINER_IDLE', message: 'the trainer has parameters only while it runs' });
  }

  async #open(): Promise<void> {
    const {
      net,
      loss,
      optimizer,
      data,
      clip = noClip,
      frozenBatchNorm = false,
      recompute = false,
      sizeMultiple = 32,
      plan,
    } = this.#options;
    const context = await this.#options.open();
    try {
      this.#session = new Session(context, {
        net,
        loss: loss as SessionOptions['loss'],
        optimizer,
        clip,
        frozenBatchNorm,
        recompute,
        sizeMultiple,
        inputs: data.inputs,
        batchSizes: batchSizes(this.#order),
        scales: this.#scales,
        accumulate: this.#order.accumulate > 1,
        resize: this.#options.resize,
        ...plan,
      });
    } catch (error) {
      this.#closeContext(context);
      throw error;
    }
    const { parameters } = this.#session;
    if (this.#snapshot !== undefined) this.#session.load(this.#snapshot.parameters, this.#snapshot.optimizer);
    else if (this.#options.initial !== undefined) parameters.load(this.#options.initial);
    else parameters.initialize(this.#seed);
    const { companion } = this.#options;
    await companion?.open({ context, net, parameters, state: this.#snapshot?.companion });
    await this.#options.onMemory?.(this.#session.predictMemory());
    await this.#session.prepare(this.#options.onPrepare);
    this.#snapshot ??= await this.#readState();
  }

  #close(): void {
    const context = this.#session?.context;
    this.#options.companion?.close();
    this.#session?.dispose();
    this.#session = undefined;
    if (context !== undefined) this.#closeContext(context);
  }

  #closeContext(context: Context): void {
    if (this.#options.close !== undefined) this.#options.close(context);
    else context.dispose();
  }

  async #train(signal: AbortSignal | undefined): Promise<TrainingResult['stopped']> {
    const { epochs, patience = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#position.epoch < epochs) {
      if (this.#stale >= patience) return 'early';
      if (!(await this.#epoch(signal))) return 'aborted';
    }
    return 'finished';
  }

  /** The rest of an epoch. False when it was stopped. */
  async #epoch(signal: AbortSignal | undefined): Promise<boolean> {
    const { epoch } = this.#position;
    const { snapshotEvery = Number.POSITIVE_INFINITY, prefetch = true } = this.#options;
    const started = performance.now();
    const steps = stepsOfEpoch(this.#order, epoch);
    const units = steps.length * this.#scales.length;
    let loaded = prefetch ? this.#load(steps, this.#position.unit, epoch) : undefined;
    let learningRate = 0;
    while (this.#position.unit < units) {
      if (signal?.aborted === true) {
        await loaded?.catch(() => {});
        return false;
      }
      const { unit } = this.#position;
      const batches = await (loaded ?? this.#load(steps, unit, epoch));
      loaded = prefetch ? this.#load(steps, unit + 1, epoch) : undefined;
      learningRate = await this.#unit(steps, unit, batches);
      if (this.#position.step % snapshotEvery === 0 && this.#position.unit < units) await this.#keepSnapshot();
    }
    await this.#endEpoch(epoch, learningRate, (performance.now() - started) / 1000);
    return true;
  }

  /** The batches of a unit; a failure is thrown where it is awaited. */
  #load(steps: readonly StepItems[], unit: number, epoch: number): Promise<readonly Batch[]> {
    const { data } = this.#options;
    const step = steps[Math.floor(unit / this.#scales.length)] ?? [];
    const before = this.#loading;
    const load = async (): Promise<readonly Batch[]> => {
      // A data set may use one array for all its batches, so it is never asked for two at a time, and each is copied at
      // once.
      await before;
      const batches: Batch[] = [];
      for (const items of step) {
        const requests = items.map((index) => ({ index, epoch, seed: mixSeed(this.#seed, epoch, index) }));
        batches.push({ items, inputs: ownBatch(data, items, await data.batch(requests)) });
      }
      return batches;
    };
    const loaded = load();
    this.#loading = loaded.catch(() => {});
    return loaded;
  }

  /** One step at one scale. Returns its learning rate. */
  async #unit(steps: readonly StepItems[], unit: number, batches: readonly Batch[]): Promise<number> {
    const { epoch, step } = this.#position;
    const { learningRate: rateAt, epochs } = this.#options;
    const session = this.#session as Session;
    const scale = this.#scales[unit % this.#scales.length] as number;
    const stepsPerEpoch = steps.length * this.#scales.length;
    const learningRate = rateAt({ epoch, epochs, step, stepsPerEpoch });
    checkLearningRate(learningRate, `step ${step + 1}, epoch ${epoch + 1}`);
    const started = performance.now();
    const reports: StepReport[] = [];
    this.#isMoving = true;
    for (const [index, { items, inputs }] of batches.entries()) {
      const batch = { index, of: batches.length };
      const report = await session.step(items.length, scale).run(inputs, { learningRate, batch });
      if (!report.finite) throw this.#notFinite(report, items, scale);
      reports.push(report);
    }
    await this.#options.companion?.step();
    const seconds = (performance.now() - started) / 1000;
    this.#position = { epoch, unit: unit + 1, step: step + 1 };
    this.#isMoving = false;
    const means = meanOf(reports.map(({ loss, parts }) => ({ loss, ...parts })));
    if (scale === 1 || !this.#scales.includes(1)) this.#sum(means);
    const { loss, ...parts } = means as { readonly loss: number };
    const images = batches.reduce((count, { items }) => count + items.length, 0);
    await this.#options.onStep?.({
      epoch,
      batch: Math.floor(unit / this.#scales.length),
      batches: steps.length,
      scale,
      step: step + 1,
      loss,
      parts,
      learningRate,
      gradientNorm: reports.at(-1)?.gradientNorm as number,
      seconds,
      speed: images / seconds,
    });
    return learningRate;
  }

  async #endEpoch(epoch: number, learningRate: number, seconds: number): Promise<void> {
    const { epochs, validate, validateEvery = 1, snapshotEpochs = 1 } = this.#options;
    const { step } = this.#position;
    const isLast = epoch + 1 === epochs;
    const isDue = validate !== undefined && ((epoch + 1) % validateEvery === 0 || isLast);
    const metrics = isDue ? await this.#validate(epoch) : undefined;
    const isBest = metrics !== undefined && this.#isBest(epoch, metrics);
    const means = Object.entries(this.#sums).map(([name, sum]) => [name, sum / this.#summed]);
    const { loss = Number.NaN, ...parts } = Object.fromEntries(means) as Record<string, number>;
    this.#position = { epoch: epoch + 1, unit: 0, step };
    this.#sums = {};
    this.#summed = 0;
    // Told before the state is kept: who keeps a log never misses an epoch, whenever he is killed; at most he hears of
    // it twice.
    await this.#options.onEpoch?.({ epoch, epochs, step, loss, parts, learningRate, seconds, metrics, isBest });
    if (isBest || isLast || (epoch + 1) % snapshotEpochs === 0) {
      const state = await this.#keepSnapshot();
      if (isBest) await this.#options.onBest?.(state, this.#best as Best);
    }
  }

  async #validate(epoch: number): Promise<Readonly<Record<string, number>>> {
    const { net } = this.#options;
    const { context, parameters } = this.#session as Session;
    net.eval();
    const metrics = await this.#options.validate?.({ context, net, parameters, epoch });
    // The caller's object may be another one by the time when it is looked at.
    return { ...metrics };
  }

  /** Whether these figures are the best so far; counts those that are not. */
  #isBest(epoch: number, metrics: Readonly<Record<string, number>>): boolean {
    const { metric = this.#best?.metric ?? Object.keys(metrics)[0] ?? '', larger = true } = this.#options.best ?? {};
    const value = metrics[metric];
    if (typeof value !== 'number') {
      throw new InfnetError({
        code: 'TRAINER_METRIC',
        message: `the validation gave no "${metric}" but ${Object.keys(metrics).join(', ') || 'nothing'}`,
        fix: 'Name one of its figures in `best.metric`.',
      });
    }
    const before = this.#best?.value;
    const isFirst = before === undefined || Number.isNaN(before);
    const isBest = !Number.isNaN(value) && (isFirst || (larger ? value > before : value < before));
    if (isBest) this.#best = { epoch, step: this.#position.step, value, metrics, metric, larger };
    this.#stale = isBest ? 0 : this.#stale + 1;
    return isBest;
  }

  #sum(values: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(values)) this.#sums[name] = (this.#sums[name] ?? 0) + value;
    this.#summed++;
  }

  async #keepSnapshot(): Promise<TrainerState> {
    const state = await this.#readState();
    this.#snapshot = state;
    await this.#options.onSnapshot?.(state);
    return state;
  }

  /**
   * The loss of the device, if that is behind an error; browsers reject what waits for a lost device with errors of
   * their own.
   */
  async #lossOr(error: unknown): Promise<unknown> {
    const context = this.#session?.context;
    if (context === undefined) return error;
    if (!(error instanceof InfnetError)) {
      await Promise.race([context.device.lost, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    try {
      context.assertAlive('training');
      return error;
    } catch (loss) {
      return loss;
    }
  }

  /** After an error: what there is to keep. A second error would hide the first. */
  async #rescue(error: unknown): Promise<void> {
    if (this.#session === undefined || this.#snapshot === undefined) return;
    const changedNothing = UNMOVED.some((code) => isInfnetError(error, code));
    if (this.#isMoving && !changedNothing) {
      this.#restoreProgress(this.#snapshot);
      this.#isMoving = false;
      return;
    }
    this.#isMoving = false;
    this.#snapshot = await this.#readState().catch(() => this.#snapshot);
  }

  /** The last snapshot where it is up to date, else a new state. */
  async #currentState(): Promise<TrainerState> {
    return this.#snapshot?.position === this.#position ? this.#snapshot : this.#readState();
  }

  async #readState(): Promise<TrainerState> {
    const { parameters, optimizer } = this.#session as Session;
    const { companion } = this.#options;
    const [values, moments, beside] = await Promise.all([parameters.read(), optimizer.state(), companion?.state()]);
    return {
      version: 1,
      seed: this.#seed,
      plan: this.#plan,
      position: this.#position,
      sums: { ...this.#sums },
      summed: this.#summed,
      best: this.#best,
      stale: this.#stale,
      parameters: values,
      optimizer: moments,
      ...(beside === undefined ? {} : { companion: beside }),
    };
  }

  #restoreProgress({ position, sums, summed, best, stale }: TrainerState): void {
    this.#position = position;
    this.#sums = { ...sums };
    this.#summed = summed;
    this.#best = best;
    this.#stale = stale;
  }

  #notFinite(report: StepReport, items: readonly number[], scale: number): InfnetError {
    const { epoch, step } = this.#position;
    const names = items.map((index) => this.#options.data.name?.(index) ?? `item ${index}`);
    const largest = report.gradients().slice(0, 5);
    const what = !Number.isFinite(report.loss)
      ? 'the loss'
      : !Number.isFinite(report.largestGradient)
        ? 'a gradient'
        : 'a new value of a parameter, of the optimiser or of a running statistic';
    const figures = largest.map(({ name, largest }) => `${name} ${describe(largest)}`).join(', ');
    return new InfnetError({
      code: 'TRAINING_NOT_FINITE',
      message: `${what} is not a finite number in step ${step + 1} (epoch ${epoch + 1}), batch ${names.join(', ')}; largest gradients: ${figures}`,
      where: `step ${step + 1}`,
      fix: 'The step changed nothing. Look at these items, lower the learning rate, or clip gradients (clampGradients).',
      details: {
        epoch,
        step: step + 1,
        scale,
        items: names,
        loss: report.loss,
        parts: report.parts,
        gradients: largest,
      },
    });
  }
}

interface Batch {
  readonly items: readonly number[];
  readonly inputs: Readonly<Record<string, TensorData>>;
}

function describe(largest: GradientFigures['largest']): string {
  return Number.isFinite(largest) ? largest.toPrecision(3) : String(largest);
}

function meanOf(rows: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const [first = {}] = rows;
  return Object.fromEntries(
    Object.keys(first).map((name) => [name, rows.reduce((sum, row) => sum + (row[name] as number), 0) / rows.length]),
  );
}
