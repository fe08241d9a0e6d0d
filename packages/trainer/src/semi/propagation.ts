/**
 * Semi-supervised training: a net labels images, and learns from its labels.
 *
 *     labelled   train on the labelled images
 *     rounds     until the strategy ends: label some images with the weights as they are, train on what is labelled so
 *                far
 *     pseudo     train on all pseudo-labelled images
 *     finetune   train on the labelled images
 *
 * Every training is a `Trainer`'s, with its seed, snapshots and recovery of lost devices. What comes next follows from
 * the state alone, which is handed out after labelling and with every snapshot, so a propagation that was killed
 * anywhere and resumed ends with the same bits as one that was not. Labels are made anew where it was killed while
 * making them: same weights, same labels.
 *
 * Files are not its business: `onState` gets states to write, `store` keeps the labels.
 */
import { checkNames, isInfnetError, type StateDict } from '@infnet/core';
import { Adam } from '../optimizer/adam.js';
import type { TrainingData } from '../trainer/data.js';
import type { EpochEvent } from '../trainer/events.js';
import { mixSeed } from '../trainer/order.js';
import { namesHash, type TrainerState } from '../trainer/state.js';
import { Trainer } from '../trainer/trainer.js';
import { checkPropagation, checkPropagationNames } from './check.js';
import { hybridData } from './hybrid-data.js';
import { labelRound } from './labelling.js';
import { memoryLabelStore, type PseudoLabelStore } from './labels.js';
import type { PropagationEvent, PropagationOptions, PropagationProgress, PropagationResult } from './options.js';
import { randomSelection } from './random-selection.js';
import { defaultStages, type PseudoStageOptions, type StageName, type StageOptions, type Stages } from './stages.js';
import {
  assertLabels,
  assertResumes,
  labelledImages,
  type PropagationProblem,
  type PropagationState,
  type StageRecord,
} from './state.js';
import type { RoundRecord, RoundTraining, SemiStrategy } from './strategy.js';

/** An event without where the propagation stands. */
type News<E = PropagationEvent> = E extends unknown ? Omit<E, keyof PropagationProgress> : never;

type SingleStage = StageRecord['stage'];

const NEXT = { labelled: 'rounds', pseudo: 'finetune', finetune: 'done' } as const;
const SEEDS = { labelled: 0, rounds: 2, pseudo: 3, finetune: 4 } as const;

export class Propagation<N extends string = string> {
  readonly #options: PropagationOptions;
  readonly #stages: Stages;
  readonly #strategy: SemiStrategy;
  readonly #store: PseudoLabelStore;
  readonly #seed: number;
  #state: PropagationState;
  #started = 0;

  /**
   * @throws InfnetError `SEMI_NO_LABELLED`, `SEMI_NO_UNLABELLED`, `SEMI_OPTION`, `OPTIMIZER_OPTION` for a clip,
   *   `TRAINING_LEARNING_RATE` for a schedule, `SEMI_STATE` for a state of another one.
   */
  constructor(given: PropagationOptions<N>) {
    const options = given as unknown as PropagationOptions;
    checkPropagationNames(options);
    const { strategy = randomSelection(), store = memoryLabelStore(), seed = 0 } = options;
    this.#options = options;
    this.#stages = stagesOf(options);
    this.#strategy = strategy;
    this.#store = store;
    this.#seed = seed;
    checkPropagation(options, this.#stages, strategy);
    const [labelled, unlabelled] = [options.labelled.length, options.unlabelled.length];
    const { encoding = 'stretched' } = options;
    const names = { labelledNames: namesHash(options.labelled), unlabelledNames: namesHash(options.unlabelled) };
    const problem: PropagationProblem = {
      seed,
      labelled,
      unlabelled,
      strategy: strategy.name,
      settings: strategy.settings,
      encoding: typeof encoding === 'string' ? encoding : 'own',
      ...Object.fromEntries(Object.entries(names).filter(([, hash]) => hash !== undefined)),
    };
    if (options.resume !== undefined) assertResumes(options.resume, problem);
    this.#state = options.resume ?? firstState(problem, options.initial);
  }

  /** The last state, also after an error: what `resume` takes. */
  get state(): PropagationState {
    return this.#state;
  }

  /**
   * Goes on to the end, or until `signal` stops it after the step or the batch of predictions in progress.
   *
   * @throws InfnetError `SEMI_LABEL` when the labels of a resumed propagation are missing or others, `SEMI_NOT_FINITE`
   *   for predictions, `TRAINING_NOT_FINITE` for losses and gradients, `SEMI_DATA`, `SEMI_PREDICTION`, `SEMI_PLAN`, and
   *   what data, store, validation and handlers throw.
   */
  async run(options: { readonly signal?: AbortSignal } = {}): Promise<PropagationResult> {
    checkNames('Propagation.run', options, ['signal']);
    const { signal } = options;
    this.#started = performance.now();
    const { resume, unlabelled } = this.#options;
    if (resume !== undefined) await assertLabels(this.#state, this.#store, unlabelled);
    try {
      for (let stage = this.#state.stage; stage !== 'done'; stage = this.#state.stage) {
        const ended = stage === 'rounds' ? await this.#round(signal) : await this.#single(stage, signal);
        if (!ended) return this.#result('aborted');
      }
    } catch (error) {
      if (signal?.aborted === true && isInfnetError(error, 'RUN_ABORTED')) return this.#result('aborted');
      throw error;
    }
    return this.#result('finished');
  }

  #result(stopped: PropagationResult['stopped']): PropagationResult {
    return { stopped, state: this.#state, weights: this.#state.weights };
  }

  /** Trains a stage that is no round. False when it was stopped. */
  async #single(stage: SingleStage, signal: AbortSignal | undefined): Promise<boolean> {
    const { labelled, loss, initial } = this.#options;
    const settings = this.#stages[stage];
    const { pseudo } = this.#stages;
    const images = stage === 'pseudo' ? labelledImages(this.#state) : [];
    const data = stage === 'pseudo' ? this.#hybrid(images, pseudo.labelled) : labelled;
    let { weights } = this.#state;
    if (settings.epochs > 0 && data.length > 0) {
      const first = stage === 'pseudo' && pseudo.start === 'anew' ? initial : weights;
      const end = await this.#train(stage, { data, loss }, settings, first, signal);
      if (end === undefined) return false;
      weights = end.parameters;
      await this.#tell(stage, { kind: 'end', figures: this.#state.figures, weights }, data.length, images.length);
    }
    const { stages, figures } = this.#state;
    const ended = { stage, figures };
    await this.#keep({ stage: NEXT[stage], stages: [...stages, ended], figures: {}, weights, trainer: undefined });
    return true;
  }

  /** Labels and trains; leaves the stage when the strategy has ended. False when it was stopped. */
  async #round(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#state.current === undefined) {
      const current = await this.#label(signal);
      await this.#keep(current === undefined ? { stage: 'pseudo' } : { current });
      if (current === undefined) return true;
    }
    const current = this.#state.current as RoundRecord;
    const images = labelledImages(this.#state);
    let { weights } = this.#state;
    let size = this.#options.labelled.length + images.length;
    if (current.epochs > 0) {
      const training = this.#roundTraining(images, current.round);
      size = training.data.length;
      const settings = { ...this.#stages.rounds, epochs: current.epochs };
      const end = await this.#train('rounds', training, settings, weights, signal);
      if (end === undefined) return false;
      weights = training.weights?.(end) ?? end.parameters;
    }
    const { rounds, figures } = this.#state;
    await this.#tell('rounds', { kind: 'end', figures, weights: weights as StateDict }, size, images.length);
    const record = current.epochs > 0 ? { ...current, figures } : current;
    // Not handed out: the state before it leads here at once, and the next one follows after labelling.
    this.#state = {
      ...this.#state,
      rounds: [...rounds, record],
      current: undefined,
      figures: {},
      weights,
      trainer: undefined,
    };
    return true;
  }

  async #label(signal: AbortSignal | undefined): Promise<RoundRecord | undefined> {
    const { open, net, logits, labelled, unlabelled, predictBatch = 8, maxRounds = Infinity } = this.#options;
    const { rounds, weights } = this.#state;
    if (rounds.length >= maxRounds) return undefined;
    const known = new Set(labelledImages(this.#state));
    const all = Array.from({ length: unlabelled.length }, (_, i) => i);
    const used = labelled.length + known.size;
    return labelRound({
      predictor: {
        open,
        close: this.#options.close ?? ((context) => context.dispose()),
        net,
        logits,
        image: imageSpec(labelled),
        unlabelled,
        weights: weights as StateDict,
        batchSize: Math.min(predictBatch, unlabelled.length),
        signal,
      },
      strategy: this.#strategy,
      round: {
        round: rounds.length,
        seed: this.#seed,
        unlabelled: unlabelled.length,
        rounds,
        remaining: all.filter((index) => !known.has(index)),
      },
      store: this.#store,
      encoding: this.#options.encoding ?? 'stretched',
      epochs: this.#stages.rounds.epochs,
      onLabel: (done, total) => this.#tell('rounds', { kind: 'label', done, total }, used, known.size),
    });
  }

  #roundTraining(images: readonly number[], round: number): RoundTraining {
    const { net, logits, labelled, unlabelled, loss } = this.#options;
    const plain = { data: this.#hybrid(images, true), loss };
    const { batchSize } = this.#stages.rounds;
    const seed = mixSeed(this.#seed, SEEDS.rounds, round);
    const context = { round, seed, batchSize, net, logits, labelled, unlabelled, image: imageSpec(labelled) };
    return this.#strategy.training?.(plain, context) ?? plain;
  }

  #hybrid(images: readonly number[], withLabelled: boolean): TrainingData {
    const { labelled, unlabelled, edgeOf } = this.#options;
    return hybridData({ labelled, withLabelled, unlabelled, images, store: this.#store, edgeOf });
  }

  /** The state at the end of a training; undefined when it was stopped. */
  async #train(
    stage: StageName,
    training: RoundTraining,
    settings: StageOptions,
    initial: StateDict | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TrainerState | undefined> {
    const { trainer: resume, current } = this.#state;
    if (resume !== undefined && resume.position.epoch >= settings.epochs) return resume;
    const { open, close, net, validate, handlers } = this.#options;
    const { data, loss, companion, prefetch = true } = training;
    // What only the stage `pseudo` has is not the trainer's.
    const { start: _start, labelled: _labelled, ...options } = settings as Partial<PseudoStageOptions> & StageOptions;
    const pseudo = stage === 'rounds' || stage === 'pseudo' ? labelledImages(this.#state).length : 0;
    await this.#tell(stage, { kind: 'begin' }, data.length, pseudo);
    const trainer = new Trainer({
      optimizer: (parameters) => new Adam(parameters),
      validateEvery: Infinity,
      ...options,
      ...handlers,
      open,
      net,
      data,
      loss,
      prefetch,
      seed: seedOf(this.#seed, stage, current?.round),
      ...(close === undefined ? {} : { close }),
      ...(validate === undefined ? {} : { validate }),
      ...(companion === undefined ? {} : { companion }),
      ...(initial === undefined ? {} : { initial }),
      ...(resume === undefined ? {} : { resume }),
      onEpoch: (event) => this.#onEpoch(stage, event, data.length, pseudo),
      onSnapshot: (state) => this.#keep({ trainer: state, weights: undefined }),
    });
    try {
      const { stopped, state } = await trainer.run(signal === undefined ? {} : { signal });
      this.#state = { ...this.#state, trainer: state, weights: undefined };
      return stopped === 'finished' ? state : undefined;
    } catch (error) {
      const state = trainer.lastState;
      if (state !== undefined) this.#state = { ...this.#state, trainer: state, weights: undefined };
      throw error;
    }
  }

  async #onEpoch(stage: StageName, event: EpochEvent, images: number, pseudo: number): Promise<void> {
    const { epoch, epochs, loss, parts, learningRate, metrics } = event;
    this.#state = { ...this.#state, figures: { loss, ...(metrics === undefined ? {} : { metrics }) } };
    await this.#tell(stage, { kind: 'epoch', epoch, epochs, loss, parts, learningRate, metrics }, images, pseudo);
  }

  async #keep(change: Partial<PropagationState>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    await this.#options.onState?.(this.#state);
  }

  async #tell(stage: StageName, news: News, images: number, pseudo: number): Promise<void> {
    const { maxRounds = Infinity, unlabelled } = this.#options;
    const all = this.#strategy.rounds?.(unlabelled.length) ?? Infinity;
    const rounds = Math.min(all, maxRounds);
    const where = {
      stage,
      round: stage === 'rounds' ? this.#state.rounds.length : undefined,
      rounds: Number.isFinite(rounds) ? rounds : undefined,
      images,
      pseudo,
      seconds: (performance.now() - this.#started) / 1000,
    };
    await this.#options.onEvent?.({ ...where, ...news });
  }
}

function firstState(problem: PropagationProblem, weights: StateDict | undefined): PropagationState {
  const nothing = { stages: [], rounds: [], current: undefined, figures: {}, trainer: undefined };
  return { version: 1, problem, stage: 'labelled', ...nothing, weights };
}

function stagesOf({ stages = {}, training = {} }: PropagationOptions): Stages {
  const { labelled, rounds, pseudo, finetune } = defaultStages;
  return {
    labelled: { ...labelled, ...training, ...stages.labelled },
    rounds: { ...rounds, ...training, ...stages.rounds },
    pseudo: { ...pseudo, ...training, ...stages.pseudo },
    finetune: { ...finetune, ...training, ...stages.finetune },
  };
}

/** The stage `labelled` has the seed itself: it is the training that `Trainer` would do. */
function seedOf(seed: number, stage: StageName, round = 0): number {
  return stage === 'labelled' ? seed : mixSeed(seed, SEEDS[stage], round);
}

function imageSpec({ inputs }: TrainingData): TrainingData['inputs'][string] {
  return inputs['image'] as TrainingData['inputs'][string];
}
