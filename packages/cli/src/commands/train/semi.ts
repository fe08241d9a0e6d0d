/**
 * A semi-supervised training: `Propagation` of @infnet/trainer with its labels, state and course in the run folder.
 *
 * All stages and rounds share one context, so that kernels are compiled once, not in every round.
 */
import { join } from 'node:path';
import { type Context, ParameterStore, type StateDict } from '@infnet/core';
import { binaryToEdge, type Dataset, trainingData, unlabelledData } from '@infnet/data';
import { writeFileAtomic } from '@infnet/node';
import type { TrainSettings } from '@infnet/segmentation/options';
import {
  confidenceFiltered,
  constant,
  decodePropagationState,
  encodePropagationState,
  meanTeacher,
  Propagation,
  type PropagationEvent,
  type PropagationState,
  randomSelection,
  type SemiStrategy,
  writeJson,
} from '@infnet/trainer';
import { augmentationOf } from './data.js';
import { folderLabelStore } from './label-store.js';
import type { EpochLine } from './log.js';
import { clipOf, lastBatchOf, optimizerOf, scheduleOf } from './method.js';
import { inFolder } from './refusals.js';
import { duration } from './report.js';
import { bestOf, type InfNetParts, type RunEnd, TrainingRun } from './run.js';
import { figuresText } from './run-validation.js';
import { isPictured } from './samples.js';
import { propagationDocument, semiReport } from './semi-report.js';
import { infNetLossOf } from './task.js';

type StageName = PropagationEvent['stage'];
const ORDER: Readonly<Record<StageName, number>> = { labelled: 1, rounds: 2, pseudo: 3, finetune: 4 };

export class SemiRun extends TrainingRun<InfNetParts> {
  readonly #unlabelled: Dataset;
  readonly #propagation: Propagation<'image' | 'mask' | 'edge'>;
  #steps: number;
  #context: Context | undefined;
  #stage: StageName = 'labelled';
  /** From 1. */
  #round: number | undefined;
  #rounds: number | undefined;
  /** Whether the bar of the training in progress was begun. */
  #begun = false;
  #epochBegan = 0;

  /** @throws InfnetError `SEMI_...`, `CHECKPOINT_...` */
  constructor(parts: InfNetParts, unlabelled: Dataset) {
    super(parts);
    this.#unlabelled = unlabelled;
    this.#steps = parts.log.lines.filter(({ event }) => event === 'step').at(-1)?.step ?? 0;
    this.#propagation = this.#make();
  }

  protected override get steps(): number {
    return this.#steps;
  }

  protected override rewound(steps: number): void {
    this.#steps -= steps;
  }

  protected override pictureKey(): string | undefined {
    const stage = this.#stage;
    if (stage !== 'rounds') return `${ORDER[stage]}-${stage}`;
    const round = this.#round ?? 0;
    const isWanted = isPictured(round) || round === this.#rounds;
    return isWanted ? `${ORDER.rounds}-round-${String(round).padStart(3, '0')}` : undefined;
  }

  protected override async train(): Promise<RunEnd> {
    const { io, folder, settings } = this.parts;
    try {
      await this.#scoreGiven();
      const { stopped, state, weights } = await this.#propagation.run({ signal: io.signal });
      await this.#keep(state);
      const epochs = this.parts.log.epochs.length;
      if (stopped === 'finished' && weights !== undefined) {
        await this.keeper.weights('final', weights, { epoch: epochs, steps: this.#steps });
      }
      const document = propagationDocument(state, this.#unlabelled.names);
      const text =
        stopped === 'finished'
          ? `finished: ${state.rounds.length} rounds, ${epochs} epochs`
          : `interrupted in ${this.#placeText()}, after step ${this.#steps}`;
      const files = {
        config: folder.config,
        log: folder.log,
        report: folder.report,
        propagation: this.#documentFile,
        pseudoLabels: folder.pseudoLabels,
        state: folder.checkpoint('last'),
        supervised: settings.epochs > 0 ? folder.checkpoint('supervised') : settings.weights,
        ...(stopped === 'finished' ? { final: folder.checkpoint('final') } : {}),
      };
      return { aborted: stopped === 'aborted', text, document: { stopped, semi: document, files } };
    } finally {
      this.#context?.dispose();
    }
  }

  /** Without a first stage, what there is before any pseudo label are the weights as given. */
  async #scoreGiven(): Promise<void> {
    const { settings, initial, net, log, progress } = this.parts;
    if (settings.epochs > 0 || initial === undefined || !this.hasValidation) return;
    if (log.lines.some(({ event }) => event === 'given')) return;
    const context = await this.#sharedContext();
    const parameters = new ParameterStore(context, net);
    try {
      parameters.load(initial);
      const metrics = await this.validate(parameters);
      log.note('given', this.#steps, { metrics });
      progress.line(`the weights as given: ${figuresText(metrics, 3)}`);
    } finally {
      parameters.dispose();
    }
  }

  protected override async keepState(): Promise<void> {
    const { state } = this.#propagation;
    if (state.trainer !== undefined || state.weights !== undefined) await this.#keep(state);
  }

  protected override page(): string {
    const { settings, log, data } = this.parts;
    return semiReport({
      settings,
      lines: log.lines,
      samples: this.samples?.all ?? [],
      adapter: this.adapter,
      slices: {
        train: data.train.length,
        validation: data.validation?.length ?? 0,
        unlabelled: this.#unlabelled.length,
      },
      propagation: propagationDocument(this.#propagation.state, this.#unlabelled.names),
      ...(this.stopped === undefined ? {} : { stopped: this.stopped }),
    });
  }

  get #documentFile(): string {
    return join(this.parts.folder.path, 'propagation.json');
  }

  #make(): Propagation<'image' | 'mask' | 'edge'> {
    const { settings, net, initial, data, stored, folder, progress } = this.parts;
    const { size, epochs, batch, seed, scales, labels, maxRounds } = settings;
    const shared = { batchSize: batch, learningRate: scheduleOf(settings) };
    return inFolder(
      () =>
        new Propagation({
          open: () => this.#sharedContext(),
          close: (context) => this.#release(context),
          net,
          labelled: trainingData(data.train, { size, augmentation: augmentationOf(settings) }),
          unlabelled: unlabelledData(this.#unlabelled, size),
          loss: infNetLossOf(settings, net),
          logits: ({ image }) => net.call(image).lateralMap2,
          edgeOf: binaryToEdge,
          encoding: labels,
          store: folderLabelStore(folder.pseudoLabels, this.#unlabelled.names),
          strategy: strategyOf(settings),
          stages: {
            labelled: { ...shared, epochs },
            rounds: { batchSize: batch, epochs: settings.roundEpochs, learningRate: constant(settings.roundLr) },
            pseudo: { ...shared, epochs: settings.pseudoEpochs, start: settings.pseudoStart },
            finetune: { ...shared, epochs: settings.finetuneEpochs },
          },
          training: {
            optimizer: (parameters) => optimizerOf(settings, parameters),
            clip: clipOf(settings),
            scales,
            sizeMultiple: net.sizeMultiple,
            lastBatch: lastBatchOf(size, net),
            frozenBatchNorm: settings.freezeBatchNorm,
            recompute: settings.recompute,
            plan: { precision: settings.precision ?? 'exact' },
            accumulate: settings.accumulate,
            snapshotEpochs: settings.snapshotEpochs,
            ...(settings.snapshotEvery > 0 ? { snapshotEvery: settings.snapshotEvery } : {}),
          },
          ...(maxRounds > 0 ? { maxRounds } : {}),
          seed,
          predictBatch: batch,
          ...(initial === undefined ? {} : { initial }),
          ...(this.hasValidation ? { validate: ({ parameters }) => this.validate(parameters) } : {}),
          handlers: this.handlers(
            ({ batches, step }) => {
              this.#steps++;
              if (this.#begun) return;
              this.#begun = true;
              progress.phase(this.#placeText(), this.#epochsNow * batches * scales.length, step - 1);
            },
            ({ epoch }) => ({ text: `epoch ${epoch + 1}`, line: this.#place() }),
          ),
          onEvent: (event) => this.#onEvent(event),
          onState: (state) => this.#keep(state),
          ...(stored === undefined ? {} : { resume: decodePropagationState(stored.bytes, stored.file) }),
        }),
      folder.path,
    );
  }

  /** Epochs of the stage or round in progress. */
  get #epochsNow(): number {
    const { epochs, pseudoEpochs, finetuneEpochs } = this.parts.settings;
    const rounds = this.#propagation.state.current?.epochs ?? 0;
    return { labelled: epochs, rounds, pseudo: pseudoEpochs, finetune: finetuneEpochs }[this.#stage];
  }

  #place(): { readonly stage: string; readonly round?: number } {
    return { stage: this.#stage, ...(this.#round === undefined ? {} : { round: this.#round }) };
  }

  #placeText(): string {
    if (this.#stage !== 'rounds') return `stage ${this.#stage}`;
    return `round ${this.#round ?? 0}${this.#rounds === undefined ? '' : ` of ${this.#rounds}`}`;
  }

  async #onEvent(event: PropagationEvent): Promise<void> {
    const { log, progress } = this.parts;
    this.#stage = event.stage;
    this.#round = event.round === undefined ? undefined : event.round + 1;
    this.#rounds = event.rounds;
    if (event.kind === 'label') {
      if (event.done === 1) progress.phase(`${this.#placeText()}: labelling`, event.total);
      progress.update(event.done);
    } else if (event.kind === 'begin') {
      this.#begun = false;
      this.#epochBegan = performance.now();
      log.note('stage', this.#steps, { ...this.#place(), images: event.images, pseudoLabelled: event.pseudo });
      const pseudo = event.pseudo === 0 ? '' : `, ${event.pseudo} of them with a pseudo label`;
      progress.line(`${this.#placeText()}: ${event.images} slices${pseudo}`);
    } else if (event.kind === 'epoch') await this.#onEpoch(event);
    else await this.#onEnd(event.weights);
  }

  async #onEpoch(event: PropagationEvent & { readonly kind: 'epoch' }): Promise<void> {
    const { log, progress } = this.parts;
    const { epoch, epochs, loss, parts, learningRate, metrics } = event;
    const seconds = (performance.now() - this.#epochBegan) / 1000;
    this.#epochBegan = performance.now();
    const before = bestOf(log.epochs)?.metrics?.['dice'] ?? Number.NEGATIVE_INFINITY;
    const isBest = (metrics?.['dice'] ?? Number.NEGATIVE_INFINITY) > before;
    const figures = { loss, parts, learningRate, seconds, metrics, isBest };
    log.add({ event: 'epoch', step: this.#steps, epoch: epoch + 1, ...figures, ...this.#place() });
    progress.line(
      `${this.#placeText()}, epoch ${epoch + 1} of ${epochs}: loss ${loss.toFixed(4)}${metrics === undefined ? '' : `, ${figuresText(metrics, 3)}`}${isBest ? ' (best)' : ''}, ${duration(seconds)}`,
    );
    await this.keeper.log();
    if (metrics !== undefined || epoch % 5 === 0) await this.keeper.report();
  }

  async #onEnd(weights: StateDict): Promise<void> {
    const { log } = this.parts;
    const origin = { epoch: log.epochs.length, steps: this.#steps };
    if (this.#stage === 'labelled') await this.keeper.weights('supervised', weights, origin);
    const last: EpochLine | undefined = log.epochs.at(-1);
    if (last?.isBest === true) await this.keeper.weights('best', weights, origin);
  }

  async #keep(state: PropagationState): Promise<void> {
    const document = propagationDocument(state, this.#unlabelled.names);
    const text = `${writeJson(document, 2)}\n`;
    const file = this.#documentFile;
    await this.keeper.file(file, () => writeFileAtomic(file, new TextEncoder().encode(text)));
    await this.keeper.state((metadata) => encodePropagationState(state, metadata));
  }

  async #sharedContext(): Promise<Context> {
    this.#context ??= await this.open();
    return this.#context;
  }

  /** Kept for the next training, unless its device was lost. */
  #release(context: Context): void {
    try {
      context.assertAlive('propagation');
    } catch {
      context.dispose();
      if (this.#context === context) this.#context = undefined;
    }
  }
}

function strategyOf({ strategy, group, teacherEpochs, accept }: TrainSettings): SemiStrategy {
  if (strategy === 'mean-teacher') return meanTeacher({ epochs: teacherEpochs });
  if (strategy === 'confidence') return confidenceFiltered({ pool: group, accept: { best: accept } });
  return randomSelection({ groupSize: group });
}
