/**
 * The training loop: epochs of steps, validation, the best state kept, early stop, resume, and recovery.
 *
 * Everything random follows from the seed, every sum on the device has a fixed order, and the whole state is read back
 * as plain data: a training that was stopped and continued ends with the same bits as one that was not. The same holds
 * when the device is lost: the trainer opens another context, loads its last snapshot and repeats the steps since.
 *
 * Files are not the trainer's business: `onSnapshot` gets states to write, `resume` takes one that was read.
 */
import { type Context, checkNames, InfnetError, isInfnetError } from '@infnet/core';
import { noClip } from '../optimizer/clip.js';
import { checkLearningRate, type StepReport } from '../step/training-step.js';
import { checkOptions, checkSchedule } from './check.js';
import { type Batch, BatchLoader } from './loader.js';
import { Losses } from './losses.js';
import { notFinite } from './not-finite.js';
import type { TrainerOptions, TrainingResult } from './options.js';
import { batchSizes, type OrderOptions, type StepItems, stepCount, stepsOfEpoch } from './order.js';
import { TrainingProgress, type Values } from './progress.js';
import { Session, type SessionOptions } from './session.js';
import { assertContinues, type Best, namesHash, type Position, type TrainerState } from './state.js';

/** Errors of a step that leave everything as it was before it. */
const UNMOVED = ['TRAINING_NOT_FINITE', 'PLAN_INPUT', 'TRAINING_BATCH', 'TRAINING_LEARNING_RATE'];

export class Trainer<N extends string = string> {
  readonly #options: TrainerOptions<N>;
  readonly #order: OrderOptions;
  readonly #scales: readonly number[];
  readonly #plan: TrainerState['plan'];
  readonly #seed: number;
  #session: Session | undefined;
  readonly #loader: BatchLoader;
  readonly #progress = new TrainingProgress();
  #snapshot: TrainerState | undefined;
  readonly #losses = new Losses();
  /** When the last snapshot was made; a time of `performance.now()`. */
  #snapshotAt = 0;
  #running = false;
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
    this.#loader = new BatchLoader(data, seed);
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
      this.#progress.restore(options.resume);
    }
  }

  /** What comes next. */
  get position(): Position {
    return this.#progress.position;
  }

  get best(): Best | undefined {
    return this.#progress.best;
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
    try {
      for (;;) {
        try {
          await this.#open();
          const stopped = await this.#train(signal);
          this.#snapshot = await this.#currentState();
          return { stopped, best: this.#progress.best, state: this.#snapshot };
        } catch (reason) {
          const error = await this.#lossOr(reason);
          const isLost = isInfnetError(error, 'CONTEXT_LOST');
          if (!isLost) await this.#rescue(error);
          const at = this.#progress.position;
          // Before the first snapshot nothing has moved: it starts again from the first weights.
          const from = this.#snapshot?.position ?? at;
          if (!isLost || !this.#losses.goesOn(at, from)) throw error;
          this.#isMoving = false;
          if (this.#snapshot !== undefined) this.#progress.restore(this.#snapshot);
          await this.#options.onRebuild?.({ error, at, from });
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
        seed: this.#seed,
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
    this.#snapshotAt = performance.now();
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
    while (this.#progress.position.epoch < epochs) {
      if (this.#progress.stale >= patience) return 'early';
      if (!(await this.#epoch(signal))) return 'aborted';
    }
    return 'finished';
  }

  /** The rest of an epoch. False when it was stopped. */
  async #epoch(signal: AbortSignal | undefined): Promise<boolean> {
    const progress = this.#progress;
    const { epoch } = progress.position;
    const { prefetch = true } = this.#options;
    const started = performance.now();
    const steps = stepsOfEpoch(this.#order, epoch);
    const units = steps.length * this.#scales.length;
    let loaded = prefetch ? this.#load(steps, progress.position.unit, epoch) : undefined;
    let learningRate = 0;
    while (progress.position.unit < units) {
      if (signal?.aborted === true) {
        await loaded?.catch(() => {});
        return false;
      }
      const { unit } = progress.position;
      const batches = await (loaded ?? this.#load(steps, unit, epoch));
      loaded = prefetch ? this.#load(steps, unit + 1, epoch) : undefined;
      learningRate = await this.#unit(steps, unit, batches);
      if (progress.position.unit < units && this.#isSnapshotDue()) await this.#keepSnapshot();
    }
    await this.#endEpoch(epoch, learningRate, (performance.now() - started) / 1000);
    return true;
  }

  #load(steps: readonly StepItems[], unit: number, epoch: number): Promise<readonly Batch[]> {
    return this.#loader.load(steps[Math.floor(unit / this.#scales.length)] ?? [], epoch);
  }

  /** One step at one scale. Returns its learning rate. */
  async #unit(steps: readonly StepItems[], unit: number, batches: readonly Batch[]): Promise<number> {
    const { position } = this.#progress;
    const { epoch, step } = position;
    const { learningRate: rateAt, epochs, data } = this.#options;
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
      if (!report.finite) throw notFinite(report, { position, items, scale, data });
      reports.push(report);
    }
    await this.#options.companion?.step();
    const seconds = (performance.now() - started) / 1000;
    this.#progress.advance();
    this.#isMoving = false;
    const means = meanOf(reports.map(({ loss, parts }) => ({ loss, ...parts })));
    if (scale === 1 || !this.#scales.includes(1)) this.#progress.sum(means);
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
    const { step } = this.#progress.position;
    const isLast = epoch + 1 === epochs;
    const isDue = validate !== undefined && ((epoch + 1) % validateEvery === 0 || isLast);
    const metrics = isDue ? await this.#validate(epoch) : undefined;
    const isBest = metrics !== undefined && this.#progress.judge(metrics, this.#options.best);
    const { loss, parts } = this.#progress.endEpoch();
    // Told before the state is kept: a log never misses an epoch, whenever the program is killed; at most it hears of
    // one twice.
    await this.#options.onEpoch?.({ epoch, epochs, step, loss, parts, learningRate, seconds, metrics, isBest });
    if (isBest || isLast || (epoch + 1) % snapshotEpochs === 0 || this.#isTimeDue()) {
      const state = await this.#keepSnapshot();
      if (isBest) await this.#options.onBest?.(state, this.#progress.best as Best);
    }
  }

  async #validate(epoch: number): Promise<Values> {
    const { net } = this.#options;
    const { context, parameters } = this.#session as Session;
    net.eval();
    const metrics = await this.#options.validate?.({ context, net, parameters, epoch });
    // The caller's object may be another one by the time when it is looked at.
    return { ...metrics };
  }

  /** Within an epoch. */
  #isSnapshotDue(): boolean {
    const { snapshotEvery = Number.POSITIVE_INFINITY } = this.#options;
    const { step } = this.#progress.position;
    const since = step - (this.#snapshot?.position.step ?? 0);
    return step % snapshotEvery === 0 || this.#isTimeDue() || this.#losses.isSnapshotDue(step, since);
  }

  #isTimeDue(): boolean {
    const { snapshotMinutes = Number.POSITIVE_INFINITY } = this.#options;
    return performance.now() - this.#snapshotAt >= snapshotMinutes * 60_000;
  }

  async #keepSnapshot(): Promise<TrainerState> {
    const state = await this.#readState();
    this.#snapshot = state;
    this.#snapshotAt = performance.now();
    await this.#options.onSnapshot?.(state);
    return state;
  }

  /**
   * The loss of the device, if that is behind an error: what waits for a lost device is rejected with errors of its
   * own, some of them before the loss is known.
   */
  async #lossOr(error: unknown): Promise<unknown> {
    const context = this.#session?.context;
    if (context === undefined) return error;
    await Promise.race([context.device.lost, new Promise((resolve) => setTimeout(resolve, 50))]);
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
      this.#progress.restore(this.#snapshot);
      this.#isMoving = false;
      return;
    }
    this.#isMoving = false;
    this.#snapshot = await this.#readState().catch(() => this.#snapshot);
  }

  /** The last snapshot where it is up to date, else a new state. */
  async #currentState(): Promise<TrainerState> {
    return this.#snapshot?.position === this.#progress.position ? this.#snapshot : this.#readState();
  }

  async #readState(): Promise<TrainerState> {
    const { parameters, optimizer } = this.#session as Session;
    const { companion } = this.#options;
    const [values, moments, beside] = await Promise.all([parameters.read(), optimizer.state(), companion?.state()]);
    return {
      version: 1,
      seed: this.#seed,
      plan: this.#plan,
      ...this.#progress.kept,
      parameters: values,
      optimizer: moments,
      ...(beside === undefined ? {} : { companion: beside }),
    };
  }
}

function meanOf(rows: readonly Values[]): Record<string, number> {
  const [first = {}] = rows;
  return Object.fromEntries(
    Object.keys(first).map((name) => [name, rows.reduce((sum, row) => sum + (row[name] as number), 0) / rows.length]),
  );
}
