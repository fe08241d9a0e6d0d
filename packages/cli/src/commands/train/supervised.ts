/** A training on slices with masks. */
import {
  decodeTrainerState,
  encodeTrainerState,
  Trainer,
  type TrainerState,
  type TrainingResult,
} from '@infnet/trainer';
import { cliError } from '../../errors.js';
import { clipOf, optimizerOf, scheduleOf } from './method.js';
import { inFolder } from './refusals.js';
import { duration } from './report.js';
import { type RunEnd, type RunParts, TrainingRun } from './run.js';
import { figuresText } from './run-validation.js';
import { epochKey, isPictured } from './samples.js';
import type { TrainingTask } from './task.js';

export class SupervisedRun<N extends string> extends TrainingRun {
  readonly #task: TrainingTask<N>;
  readonly #resume: TrainerState | undefined;
  readonly #trainer: Trainer<N>;
  #steps: number;
  /** From 1: the epoch that is validated. */
  #epoch = 0;
  /** The best state, until its weights are written. */
  #best: TrainerState | undefined;

  /**
   * @throws InfnetError `CHECKPOINT_...`, `TRAINER_STATE_FILE` for a state that is none, `CLI_USAGE` for fewer epochs
   *   than it has
   */
  constructor(parts: RunParts, task: TrainingTask<N>) {
    super(parts);
    this.#task = task;
    const { stored } = parts;
    this.#resume = stored === undefined ? undefined : decodeTrainerState(stored.bytes, stored.file);
    this.#steps = this.#resume?.position.step ?? 0;
    const { epoch = 0, unit = 0 } = this.#resume?.position ?? {};
    const begun = epoch + Number(unit > 0);
    if (begun > parts.settings.epochs) {
      const message = `--epochs ${parts.settings.epochs}: epoch ${begun} of this run has begun.`;
      throw cliError('CLI_USAGE', message, `Give at least ${begun}, or leave it out.`);
    }
    this.#trainer = this.#makeTrainer();
  }

  protected override get steps(): number {
    return this.#steps;
  }

  protected override pictureKey(): string | undefined {
    const { epochs } = this.parts.settings;
    return isPictured(this.#epoch) || this.#epoch === epochs ? epochKey(this.#epoch) : undefined;
  }

  protected override async train(): Promise<RunEnd> {
    const { io, settings } = this.parts;
    const result = await this.#trainer.run({ signal: io.signal });
    const { stopped, state } = result;
    const { epoch, step } = state.position;
    this.#steps = step;
    await this.#keep(state);
    if (stopped !== 'aborted') await this.keeper.weights('final', state.parameters, { epoch, steps: step });
    const text = {
      finished: `finished: ${settings.epochs} epochs`,
      early: `stopped early after epoch ${epoch}: no better validation for ${settings.patience} of them`,
      aborted: `interrupted in epoch ${epoch + 1} of ${settings.epochs}, after step ${step}`,
    }[stopped];
    return { aborted: stopped === 'aborted', text, document: this.#document(result) };
  }

  protected override async keepState(): Promise<void> {
    const state = this.#trainer.lastState;
    if (state === undefined) return;
    this.#steps = state.position.step;
    await this.#keep(state);
  }

  protected override page(): string {
    const { settings, log, data } = this.parts;
    return this.#task.report({
      settings,
      lines: log.lines,
      samples: this.samples?.all ?? [],
      adapter: this.adapter,
      slices: { train: data.train.length, validation: data.validation?.length ?? 0 },
      ...(this.stopped === undefined ? {} : { stopped: this.stopped }),
    });
  }

  #makeTrainer(): Trainer<N> {
    const { settings, net, initial, progress, log, folder } = this.parts;
    const { epochs, batch, seed, scales, patience, snapshotEvery, snapshotEpochs } = settings;
    const { data, loss, sizeMultiple } = this.#task;
    let begun = false;
    return inFolder(
      () =>
        new Trainer({
          open: () => this.open(),
          net,
          data,
          loss,
          optimizer: (parameters) => optimizerOf(settings, parameters),
          learningRate: scheduleOf(settings),
          clip: clipOf(settings),
          epochs,
          batchSize: batch,
          seed,
          initial,
          frozenBatchNorm: settings.freezeBatchNorm,
          recompute: settings.recompute,
          plan: { precision: settings.precision ?? 'exact' },
          accumulate: settings.accumulate,
          scales,
          sizeMultiple,
          snapshotEpochs,
          ...(patience > 0 ? { patience } : {}),
          ...(snapshotEvery > 0 ? { snapshotEvery } : {}),
          ...(this.hasValidation
            ? {
                validateEvery: settings.validateEvery,
                validate: ({ parameters, epoch }) => {
                  this.#epoch = epoch + 1;
                  return this.validate(parameters);
                },
              }
            : {}),
          ...(this.#resume === undefined ? {} : { resume: this.#resume }),
          ...this.handlers(
            ({ batches, step }) => {
              if (!begun) progress.phase('training', epochs * batches * scales.length, step - 1);
              begun = true;
              this.#steps = step;
            },
            ({ epoch }) => ({ text: `epoch ${epoch + 1}`, line: {} }),
          ),
          onEpoch: async ({ epoch, loss, parts, learningRate, seconds, metrics, isBest, step }) => {
            log.add({ event: 'epoch', step, epoch: epoch + 1, loss, parts, learningRate, seconds, metrics, isBest });
            progress.line(
              `epoch ${epoch + 1} of ${epochs}: loss ${loss.toFixed(4)}${metrics === undefined ? '' : `, ${figuresText(metrics, 3)}`}${isBest ? ' (best)' : ''}, ${duration(seconds)}`,
            );
            await this.keeper.log();
            await this.keeper.report();
          },
          onSnapshot: (state) => this.#keep(state),
        }),
      folder.path,
    );
  }

  /** Best weights go first: once a state says that an epoch was the best, its weights are there. */
  async #keep(state: TrainerState): Promise<void> {
    const { best, position } = state;
    if (best !== undefined && best.step === position.step) this.#best = state;
    if (this.#best !== undefined) {
      const { parameters, position: at } = this.#best;
      if (!(await this.keeper.weights('best', parameters, { epoch: at.epoch, steps: at.step }))) return;
      this.#best = undefined;
    }
    await this.keeper.state((metadata) => encodeTrainerState(state, metadata));
  }

  #document({ stopped, best, state }: TrainingResult): Readonly<Record<string, unknown>> {
    const { folder } = this.parts;
    const files = {
      config: folder.config,
      log: folder.log,
      report: folder.report,
      state: folder.checkpoint('last'),
      ...(best === undefined ? {} : { best: folder.checkpoint('best') }),
      ...(stopped === 'aborted' ? {} : { final: folder.checkpoint('final') }),
    };
    const found = best === undefined ? null : { ...best, epoch: best.epoch + 1 };
    return { stopped, position: state.position, best: found, files };
  }
}
