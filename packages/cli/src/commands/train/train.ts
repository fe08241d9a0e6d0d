/**
 * `infnet train`: slices and masks in, weights out, and a folder that tells how it went.
 *
 * Everything that can be wrong with the request (data, settings, weights, adapter) is found before the first step. From then on
 * nothing is lost: see `run-folder.ts` for what is written when, and the trainer for why a resumed run has the same bits.
 */
import { resolve } from 'node:path';
import { type Context, isInfnetError, open } from '@infnet/core';
import { trainingData } from '@infnet/data';
import type { InfNet } from '@infnet/inf-net';
import { infNetLoss, Trainer, type TrainerState, type TrainingMemory, type TrainingResult } from '@infnet/trainer';
import { renderError } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { Progress } from '../../progress.js';
import { augmentationOf, openData, type RunData } from './data.js';
import { Keeper } from './keeper.js';
import { RunLog } from './log.js';
import { clipOf, optimizerOf, scheduleOf } from './method.js';
import { makeNet } from './net.js';
import type { TrainOptions } from './options.js';
import { duration, trainingReport } from './report.js';
import { type OpenedRun, openRun, type RunFolder } from './run-folder.js';
import { isPictured, Samples } from './samples.js';
import { Validator } from './validation.js';

export async function train(options: TrainOptions, io: Io): Promise<number> {
  const progress = new Progress(io.stderr);
  const run = await openRun(options);
  const { folder, state } = run;
  const { net, initial, settings } = await makeNet(run.settings, state !== undefined);
  clipOf(settings);
  progress.phase('reading slices', 0);
  let data: RunData;
  try {
    const onProgress = (done: number, total: number, name: string): void => {
      if (done <= 1) progress.phase('reading slices', total);
      progress.update(done, name);
    };
    data = await openData(settings, { onProgress, signal: io.signal });
  } finally {
    progress.clear();
  }
  if (data.warnings !== '') say(io.stderr, data.warnings.replace(/^ {2}/gm, 'infnet: '));
  for (const change of run.changes) say(io.stderr, `infnet: from now on ${change}`);
  await folder.writeSettings(settings);
  const log = await RunLog.open(folder.log, state?.position.step ?? 0);
  try {
    return await new Training({ options, io, progress, run: { ...run, settings }, net, initial, data, log }).run();
  } finally {
    progress.clear();
    await log.close();
  }
}

interface TrainingParts {
  readonly options: TrainOptions;
  readonly io: Io;
  readonly progress: Progress;
  readonly run: OpenedRun;
  readonly net: InfNet;
  readonly initial: TrainerState['parameters'] | undefined;
  readonly data: RunData;
  readonly log: RunLog;
}

class Training {
  readonly #parts: TrainingParts;
  readonly #samples: Samples | undefined;
  readonly #validator: Validator | undefined;
  readonly #keeper: Keeper;
  #context: Context | undefined;
  #adapter = '';
  #memory: TrainingMemory | undefined;
  #allocated: number | undefined;
  #stopped: string | undefined;
  #validated = 0;

  constructor(parts: TrainingParts) {
    this.#parts = parts;
    const { run, net, data, log, progress } = parts;
    const { folder, settings } = run;
    const { validation } = data;
    if (validation !== undefined) {
      const { size, batch, epochs, samples } = settings;
      const pictured = new Samples(folder.samples, validation, samples);
      this.#samples = pictured;
      this.#validator = new Validator({
        net,
        dataset: validation,
        size,
        batch,
        onSlice: async (index, probability) => {
          const epoch = this.#validated;
          if (!pictured.indices.includes(index) || !(isPictured(epoch) || epoch === epochs)) return;
          await this.#keeper.file(folder.samples, () => pictured.add(index, epoch, probability));
        },
      });
    }
    this.#keeper = new Keeper({
      folder,
      log,
      net,
      seed: settings.seed,
      describe: {
        backbone: settings.backbone,
        width: settings.width,
        channels: settings.channels,
        size: settings.size,
      },
      tell: (line) => progress.line(line),
      report: () => this.#report(),
    });
  }

  async run(): Promise<number> {
    const { run, io, log } = this.#parts;
    const { state, settings, changes } = run;
    await this.#samples?.open(state?.position.epoch ?? 0);
    log.note(
      state === undefined ? 'start' : 'resume',
      state?.position.step ?? 0,
      changes.length > 0 ? { changes } : {},
    );
    const trainer = this.#trainer();
    let result: TrainingResult;
    try {
      result = await trainer.run({ signal: io.signal });
    } catch (error) {
      await this.#failed(error, trainer.lastState);
      throw error;
    }
    const { stopped, state: end } = result;
    await this.#keeper.state(end);
    if (stopped !== 'aborted') await this.#keeper.weights('final', end);
    this.#stopped = {
      finished: `finished: ${settings.epochs} epochs`,
      early: `stopped early after epoch ${end.position.epoch}: no better validation for ${settings.patience} of them`,
      aborted: `interrupted in epoch ${end.position.epoch + 1} of ${settings.epochs}, after step ${end.position.step}`,
    }[stopped];
    log.note('end', end.position.step, { why: this.#stopped });
    await this.#keeper.log();
    await this.#keeper.report();
    return this.#finish(result);
  }

  #trainer(): Trainer<'image' | 'mask' | 'edge'> {
    const { run, net, initial, data, io, progress, log } = this.#parts;
    const { settings, state } = run;
    const { size, epochs, loss: variant } = settings;
    let step = state?.position.step ?? 0;
    return new Trainer({
      open: () => this.#open(),
      net,
      data: trainingData(data.train, { size, augmentation: augmentationOf(settings) }),
      loss: ({ image, mask, edge }) => infNetLoss(net.call(image), { mask, edge }, { variant }),
      optimizer: (parameters) => optimizerOf(settings, parameters),
      learningRate: scheduleOf(settings),
      clip: clipOf(settings),
      epochs,
      batchSize: settings.batch,
      seed: settings.seed,
      initial,
      frozenBatchNorm: settings.freezeBatchNorm,
      recompute: settings.recompute,
      accumulate: settings.accumulate,
      scales: settings.scales,
      sizeMultiple: net.sizeMultiple,
      ...(settings.patience > 0 ? { patience: settings.patience } : {}),
      ...(settings.snapshotEvery > 0 ? { snapshotEvery: settings.snapshotEvery } : {}),
      ...(this.#validator === undefined
        ? {}
        : {
            validateEvery: settings.validateEvery,
            validate: ({ context, parameters, epoch }) => {
              this.#validated = epoch + 1;
              return (this.#validator as Validator).run(context, parameters);
            },
          }),
      ...(state === undefined ? {} : { resume: state }),
      onMemory: (memory) => this.#tellMemory(memory, step),
      onPrepare: ({ plan, plans, phase, done, total }) => {
        if (io.signal?.aborted) return;
        if (done === 0) progress.phase(`preparing plan ${plan + 1} of ${plans}: ${phase}`, total);
        progress.update(done);
      },
      onStep: async (event) => {
        const { parts, loss, learningRate, gradientNorm, seconds, scale } = event;
        if (this.#allocated === undefined) this.#compareMemory();
        if (step === (state?.position.step ?? 0)) this.#startBar(event.batches, step);
        step = event.step;
        const epoch = event.epoch + 1;
        log.add({ event: 'step', step, epoch, scale, loss, parts, learningRate, gradientNorm, seconds });
        await this.#keeper.log();
        const what = Object.entries(parts).map(([name, value]) => `${name} ${value.toFixed(2)}`);
        progress.update(
          step,
          `epoch ${epoch}, loss ${loss.toFixed(3)} (${what.join(' ')}), ${event.speed.toFixed(2)} slices/s`,
        );
      },
      onEpoch: async ({ epoch, loss, parts, learningRate, seconds, metrics, isBest, step: at }) => {
        log.add({ event: 'epoch', step: at, epoch: epoch + 1, loss, parts, learningRate, seconds, metrics, isBest });
        const scores =
          metrics === undefined ? '' : `, Dice ${metrics['dice']?.toFixed(3)}, IoU ${metrics['iou']?.toFixed(3)}`;
        progress.line(
          `epoch ${epoch + 1} of ${epochs}: loss ${loss.toFixed(4)}${scores}${isBest ? ' (best)' : ''}, ${duration(seconds)}`,
        );
        await this.#keeper.log();
        await this.#keeper.report();
      },
      onSnapshot: (kept) => this.#keeper.state(kept),
      onRebuild: async ({ error, at, from }) => {
        progress.line(`infnet: the device was lost in step ${at.step + 1}; going on from step ${from.step}`);
        log.note('rebuild', from.step, { lostIn: at.step + 1, error: String(error) });
        this.#validator?.forget();
        await this.#keeper.log();
      },
    });
  }

  async #open(): Promise<Context> {
    const { options, progress } = this.#parts;
    const context = await open({ adapter: options.adapter, onMessage: (line) => progress.line(line) });
    this.#adapter = context.adapter.message.replace(/^infnet: /, '');
    this.#context = context;
    return context;
  }

  async #tellMemory(memory: TrainingMemory, step: number): Promise<void> {
    const { progress, log } = this.#parts;
    const { total, parameters, optimizer, step: maps } = memory;
    this.#memory = memory;
    progress.line(
      `a training step needs ${megabytes(total)} on the device: parameters ${megabytes(parameters)}, ` +
        `optimiser ${megabytes(optimizer)}, maps and gradients ${megabytes(maps)}`,
    );
    log.note('memory', step, { predicted: memory });
    await this.#keeper.log();
  }

  /** What is really allocated once the first step has run, before any validation. */
  #compareMemory(): void {
    this.#allocated = this.#context?.memory.bytes ?? 0;
    this.#parts.progress.line(`allocated: ${megabytes(this.#allocated)}`);
  }

  #startBar(batches: number, done: number): void {
    const { progress, run } = this.#parts;
    const { epochs, scales } = run.settings;
    progress.phase('training', epochs * batches * scales.length, done);
  }

  #report(): string {
    const { run, log, data } = this.#parts;
    return trainingReport({
      settings: run.settings,
      lines: log.lines,
      samples: this.#samples?.all ?? [],
      adapter: this.#adapter,
      slices: { train: data.train.length, validation: data.validation?.length ?? 0 },
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped }),
    });
  }

  /** An error ended the training: what is good is kept, and the report says why. */
  async #failed(error: unknown, state: TrainerState | undefined): Promise<void> {
    const { log } = this.#parts;
    if (state === undefined) return;
    await this.#keeper.state(state);
    const [text] = renderError(error).split('\n');
    this.#stopped = `stopped by an error after step ${state.position.step}`;
    log.note('problem', state.position.step, {
      error: text,
      ...(isInfnetError(error) ? { details: error.details } : {}),
    });
    await this.#keeper.log();
    await this.#keeper.report();
  }

  #finish({ stopped, best, state }: TrainingResult): number {
    const { options, io, run, progress, log } = this.#parts;
    const { folder } = run;
    progress.clear();
    const failed = [...this.#keeper.failures].map(([file, reason]) => ({ file, ...reason }));
    const exitCode = stopped === 'aborted' ? EXIT.interrupted : failed.length > 0 ? EXIT.someFailed : EXIT.ok;
    for (const { file, code, message } of failed) say(io.stderr, `infnet: not written: ${file}: [${code}] ${message}`);
    if (stopped === 'aborted') {
      say(io.stderr, `infnet: ${this.#stopped}. Continue with: infnet train --out ${options.out} --resume`);
    }
    if (options.json) {
      say(io.stdout, JSON.stringify(this.#document(exitCode, failed, { stopped, best, state }), undefined, 2));
      return exitCode;
    }
    const last = log.epochs.at(-1);
    say(
      io.stdout,
      `${this.#stopped}; ${last === undefined ? 'no epoch was completed' : `loss ${last.loss.toFixed(4)}`}`,
    );
    if (best !== undefined) {
      const { dice, iou } = best.metrics;
      say(
        io.stdout,
        `best: epoch ${best.epoch + 1}, Dice ${dice?.toFixed(4)}, IoU ${iou?.toFixed(4)}, ${folder.checkpoint('best')}`,
      );
    }
    say(io.stdout, `look at ${folder.report}`);
    return exitCode;
  }

  #document(
    exitCode: number,
    errors: readonly object[],
    { stopped, best, state }: TrainingResult,
  ): Readonly<Record<string, unknown>> {
    const { run, log, data } = this.#parts;
    const { folder, settings } = run;
    return {
      command: 'train',
      ok: exitCode === EXIT.ok,
      exitCode,
      stopped,
      run: resolve(folder.path),
      adapter: this.#adapter,
      settings,
      slices: { train: data.train.names, validation: data.validation?.names ?? [] },
      position: state.position,
      last: log.epochs.at(-1) ?? null,
      best: best === undefined ? null : { ...best, epoch: best.epoch + 1 },
      files: filesOf(folder, stopped !== 'aborted', best !== undefined),
      memory: { predicted: this.#memory ?? null, allocatedBytes: this.#allocated ?? null },
      seconds: log.epochs.reduce((sum, { seconds }) => sum + seconds, 0),
      errors,
    };
  }
}

function filesOf(folder: RunFolder, isFinal: boolean, hasBest: boolean): Readonly<Record<string, string>> {
  return {
    config: folder.config,
    log: folder.log,
    report: folder.report,
    state: folder.checkpoint('last'),
    ...(hasBest ? { best: folder.checkpoint('best') } : {}),
    ...(isFinal ? { final: folder.checkpoint('final') } : {}),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
