/** What all trainings have in common: events to log, bar and folder; errors; the end. */
import { type Context, isInfnetError, type Module, type ParameterStore, type StateDict } from '@infnet/core';
import type { InfNet } from '@infnet/inf-net';
import type { TrainSettings } from '@infnet/segmentation/options';
import type { StepEvent, TrainerEvents, TrainingMemory } from '@infnet/trainer';
import { openContext } from '../../context.js';
import { renderError } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import type { Progress } from '../../progress.js';
import { asArgument } from '../../shell.js';
import type { RunData } from './data.js';
import { Keeper } from './keeper.js';
import type { EpochLine, RunLog } from './log.js';
import type { TrainOptions } from './options.js';
import type { RunFolder, StoredState } from './run-folder.js';
import { type Figures, figuresText, type RunValidation } from './run-validation.js';
import type { Samples } from './samples.js';

export interface RunParts {
  readonly options: TrainOptions;
  readonly io: Io;
  readonly progress: Progress;
  readonly folder: RunFolder;
  readonly settings: TrainSettings;
  readonly changes: readonly string[];
  /** What was noticed in data and weights. */
  readonly notes: readonly string[];
  readonly stored: StoredState | undefined;
  readonly net: Module<never, unknown>;
  readonly initial: StateDict | undefined;
  readonly data: { readonly train: SliceNames; readonly validation: SliceNames | undefined };
  /** Undefined: nothing is validated. */
  readonly validation: RunValidation | undefined;
  /** What the weights' files say of themselves. */
  readonly describe: Readonly<Record<string, unknown>>;
  readonly log: RunLog;
}

interface SliceNames {
  readonly length: number;
  readonly names: readonly string[];
}

/** A run of Inf-Net. */
export interface InfNetParts extends RunParts {
  readonly net: InfNet;
  readonly data: RunData;
}

/** How a run ended. */
export interface RunEnd {
  readonly aborted: boolean;
  /** For the report and the last line. */
  readonly text: string;
  /** What the command's document has beside what every run has. */
  readonly document: Readonly<Record<string, unknown>>;
}

export abstract class TrainingRun<P extends RunParts = RunParts> {
  protected readonly parts: P;
  protected readonly keeper: Keeper;
  protected adapter = '';
  /** Undefined while it runs. */
  protected stopped: string | undefined;
  #context: Context | undefined;
  #memory: TrainingMemory | undefined;
  #allocated: number | undefined;

  constructor(parts: P) {
    this.parts = parts;
    const { folder, settings, net, log, progress, describe } = parts;
    this.keeper = new Keeper({
      folder,
      log,
      net,
      seed: settings.seed,
      describe,
      tell: (line) => progress.line(line),
      report: () => this.page(),
    });
  }

  /** Trains to the end. @returns the exit code */
  async run(): Promise<number> {
    const { stored, changes, log } = this.parts;
    await this.samples?.open();
    log.note(stored === undefined ? 'start' : 'resume', this.steps, changes.length > 0 ? { changes } : {});
    let end: RunEnd;
    try {
      end = await this.train();
    } catch (error) {
      await this.#failed(error);
      throw error;
    }
    this.stopped = end.text;
    log.note('end', this.steps, { why: end.text });
    await this.keeper.log();
    await this.keeper.report();
    return this.#finish(end);
  }

  /** Steps so far, of all trainings of this run. */
  protected abstract get steps(): number;

  protected abstract train(): Promise<RunEnd>;

  /** Keeps the last good state after an error, if there is one. */
  protected abstract keepState(): Promise<void>;

  /** The report as it is now. */
  protected abstract page(): string;

  /** Under which name the pictures of the validation in progress are kept; undefined: not at all. */
  protected abstract pictureKey(): string | undefined;

  protected get hasValidation(): boolean {
    return this.parts.validation !== undefined;
  }

  protected get samples(): Samples | undefined {
    return this.parts.validation?.samples;
  }

  protected validate(parameters: ParameterStore): Promise<Figures> {
    const { folder } = this.parts;
    const validation = this.parts.validation as RunValidation;
    const { samples } = validation;
    return validation.run(parameters, async (index, draw) => {
      const key = samples.indices.includes(index) ? this.pictureKey() : undefined;
      if (key !== undefined) await this.keeper.file(folder.samples, async () => samples.add(index, key, await draw()));
    });
  }

  protected async open(): Promise<Context> {
    const { options, progress } = this.parts;
    const context = await openContext(options, (line) => this.#tellOnce(progress, line));
    this.adapter = context.adapter.message.replace(/^infnet: /, '');
    this.#context = context;
    return context;
  }

  /** Handlers that every training has; `step` is told each step, `where` what there is to say of it. */
  protected handlers(
    begin: (event: StepEvent) => void,
    where: (event: StepEvent) => { readonly text: string; readonly line: Readonly<Record<string, string | number>> },
  ): Pick<Required<TrainerEvents>, 'onMemory' | 'onPrepare' | 'onStep' | 'onRebuild'> {
    const { progress, log, io } = this.parts;
    return {
      onMemory: (memory) => this.#tellMemory(memory),
      onPrepare: ({ plan, plans, done, total }) => {
        if (io.signal?.aborted) return;
        if (done === 0) progress.phase(`preparing plan ${plan + 1} of ${plans}`, total);
        progress.update(done);
      },
      onStep: async (event) => {
        if (this.#allocated === undefined) this.#compareMemory();
        begin(event);
        const { parts, loss, learningRate, gradientNorm, seconds, scale, speed } = event;
        const { text, line } = where(event);
        const epoch = event.epoch + 1;
        const figures = { loss, parts, learningRate, gradientNorm, seconds };
        log.add({ event: 'step', step: this.steps, epoch, scale, ...figures, ...line });
        await this.keeper.log();
        const what = Object.entries(parts).map(([name, value]) => `${name} ${value.toFixed(2)}`);
        const which = what.length > 0 ? ` (${what.join(' ')})` : '';
        progress.update(
          event.step,
          `${text}, loss ${loss.toFixed(3)}${which}, ${speed.toFixed(speed < 10 ? 2 : 0)} slices/s`,
        );
      },
      onRebuild: async ({ error, at, from }) => {
        progress.line(`infnet: the device was lost in step ${at.step + 1}; going on from step ${from.step}`);
        await log.rewind(this.keeper.linesOfState);
        this.rewound(at.step - from.step);
        log.note('rebuild', this.steps, { lostIn: at.step + 1, error: String(error) });
        await this.keeper.log();
      },
    };
  }

  /** A device was lost, and so many steps will come again. */
  protected rewound(_steps: number): void {}

  async #tellMemory(memory: TrainingMemory): Promise<void> {
    const { progress, log } = this.parts;
    const { total, parameters, optimizer, step } = memory;
    if (this.#memory?.total === total) return;
    this.#memory = memory;
    this.#allocated = undefined;
    progress.line(
      `a training step needs ${megabytes(total)} on the device: parameters ${megabytes(parameters)}, ` +
        `optimiser ${megabytes(optimizer)}, maps and gradients ${megabytes(step)}`,
    );
    log.note('memory', this.steps, { predicted: memory });
    await this.keeper.log();
  }

  /** What is really allocated once the first step has run, before any validation. */
  #compareMemory(): void {
    this.#allocated = this.#context?.memory.bytes ?? 0;
    this.parts.progress.line(`allocated: ${megabytes(this.#allocated)}`);
  }

  #told = new Set<string>();

  /** Rounds open contexts again and again; which adapter it is needs saying once. */
  #tellOnce(progress: Progress, line: string): void {
    if (this.#told.has(line)) return;
    this.#told.add(line);
    progress.line(line);
  }

  /** An error ended the training: what is good is kept, and the report says why. */
  async #failed(error: unknown): Promise<void> {
    const { log } = this.parts;
    await this.keepState();
    const [text] = renderError(error).split('\n');
    this.stopped = `stopped by an error after step ${this.steps}`;
    log.note('problem', this.steps, { error: text, ...(isInfnetError(error) ? { details: error.details } : {}) });
    await this.keeper.log();
    await this.keeper.report();
  }

  #finish({ aborted, text, document }: RunEnd): number {
    const { options, io, progress, folder, log, settings, data, notes } = this.parts;
    progress.clear();
    const errors = [...this.keeper.failures].map(([file, reason]) => ({ file, ...reason }));
    const exitCode = aborted ? EXIT.interrupted : errors.length > 0 ? EXIT.someFailed : EXIT.ok;
    for (const { file, code, message } of errors) say(io.stderr, `infnet: not written: ${file}: [${code}] ${message}`);
    if (aborted)
      say(io.stderr, `infnet: ${text}. Continue with: infnet train --out ${asArgument(options.out)} --resume`);
    if (!options.json) {
      const last = log.epochs.at(-1);
      say(io.stdout, `${text}; ${last === undefined ? 'no epoch was completed' : `loss ${last.loss.toFixed(4)}`}`);
      const best = bestOf(log.epochs);
      if (best?.metrics !== undefined) {
        const when =
          best.stage === undefined ? '' : `${best.stage}${best.round === undefined ? '' : ` ${best.round}`}, `;
        say(io.stdout, `best validation: ${when}epoch ${best.epoch}, ${figuresText(best.metrics, 4)}`);
      }
      say(io.stdout, `look at ${folder.report}`);
      return exitCode;
    }
    const common = {
      command: 'train',
      ok: exitCode === EXIT.ok,
      exitCode,
      run: folder.path,
      adapter: this.adapter,
      settings,
      slices: { train: data.train.names, validation: data.validation?.names ?? [] },
      notes,
      last: log.epochs.at(-1) ?? null,
      memory: { predicted: this.#memory ?? null, allocatedBytes: this.#allocated ?? null },
      seconds: log.epochs.reduce((sum, { seconds }) => sum + seconds, 0),
    };
    sayJson(io, { ...common, ...document, errors });
    return exitCode;
  }
}

/** The epoch with the best validation: NaN is none. */
export function bestOf(epochs: readonly EpochLine[]): EpochLine | undefined {
  const diceOf = (line: EpochLine): number => line.metrics?.['dice'] ?? Number.NaN;
  return epochs
    .filter((line) => !Number.isNaN(diceOf(line)))
    .reduce<EpochLine | undefined>(
      (best, line) => (best === undefined || diceOf(line) > diceOf(best) ? line : best),
      undefined,
    );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
