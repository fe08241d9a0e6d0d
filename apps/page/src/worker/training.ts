/**
 * A training, supervised or semi-supervised, from settings and slices. It knows neither page nor storage: the page's
 * worker runs it, and so does the test that compares its bits with Node's.
 */
import type { Context, StateDict, Tensor } from '@infnet/core';
import { binaryToEdge, MILD_AUGMENTATION } from '@infnet/data';
import { type SegmentationTask, type TaskData, unlabelledSlices } from '@infnet/segmentation';
import {
  Adam,
  clampGradients,
  constant,
  cosine,
  decodePropagationState,
  decodeTrainerState,
  encodePropagationState,
  encodeTrainerState,
  Propagation,
  type PropagationState,
  type PseudoLabelStore,
  randomSelection,
  type StepEvent,
  Trainer,
  type TrainerEvents,
  type TrainerState,
  type Validation,
} from '@infnet/trainer';
import type { OpenedData } from './train-data.js';
import type { EpochLine, Picture, RoundLine, TrainSettings } from './train-protocol.js';
import { Validator } from './validator.js';

export interface TrainingEvents {
  onMemory?(bytes: number): void;
  onPrepare?(done: number, total: number): void;
  onStep?(event: StepEvent, place: { readonly stage: string; readonly epochs: number }): void;
  onEpoch?(line: Omit<EpochLine, 'step'>): void;
  onRound?(line: Omit<RoundLine, 'step'>): void;
  onPictures?(pictures: readonly Picture[]): void;
  onLabel?(done: number, total: number): void;
  /** The device was lost: so many steps come again. */
  onRebuild?(steps: number): void;
  /** A state to keep; encoding it copies all weights, so it is left to the receiver. */
  onState?(encode: () => Uint8Array): void | Promise<void>;
}

export interface TrainingParts {
  /** That of the settings. */
  readonly task: SegmentationTask;
  readonly settings: TrainSettings;
  readonly data: OpenedData;
  readonly open: () => Promise<Context>;
  readonly labels?: PseudoLabelStore;
  /** A state as `onState` gave it. */
  readonly resume?: Uint8Array;
  readonly events?: TrainingEvents;
}

export interface TrainingEnd {
  readonly stopped: 'finished' | 'paused';
  readonly parameters: StateDict;
  readonly state: Uint8Array;
}

const CLIP = clampGradients(0.5);

/** @throws InfnetError of data, trainer and device */
export function runTraining(parts: TrainingParts, signal?: AbortSignal): Promise<TrainingEnd> {
  const { unlabelled } = parts.data;
  return unlabelled === undefined ? runSupervised(parts, signal) : runSemi(parts, unlabelled, signal);
}

function common({ task, settings, data, events = {} }: TrainingParts) {
  const { options, size, epochs, learningRate, augment } = settings;
  const net = task.net(options);
  const variant = task.losses.find((name) => name === 'dice') ?? task.losses[0] ?? '';
  const validator =
    data.validation === undefined
      ? undefined
      : new Validator(task, net, data.validation, size, (pictures) => events.onPictures?.(pictures));
  let stage = 'labelled';
  let stageEpochs = epochs;
  const handlers: Pick<TrainerEvents, 'onMemory' | 'onPrepare' | 'onStep' | 'onRebuild'> = {
    onMemory: ({ total }) => events.onMemory?.(total),
    onPrepare: ({ done, total }) => events.onPrepare?.(done, total),
    onStep: (event) => events.onStep?.(event, { stage, epochs: stageEpochs }),
    onRebuild: ({ at, from }) => {
      validator?.forget();
      events.onRebuild?.(at.step - from.step);
    },
  };
  const train = data.train.training({
    ...{ net, size, loss: variant },
    ...(augment ? { augmentation: MILD_AUGMENTATION } : {}),
  });
  return {
    net,
    train,
    loss: (batch: Readonly<Record<string, Tensor>>) => net.loss(batch, variant),
    handlers,
    validate: validator === undefined ? {} : { validate: ({ parameters }: Validation) => validator.run(parameters) },
    // At the smallest size the deepest maps are single values, of which one alone has no variance.
    lastBatch: size === net.sizeMultiple ? ('drop' as const) : ('keep' as const),
    learningRate: cosine(learningRate),
    enter(name: string, count: number) {
      stage = name;
      stageEpochs = count;
    },
  };
}

async function runSupervised(parts: TrainingParts, signal?: AbortSignal): Promise<TrainingEnd> {
  const { settings, data, open, resume, events = {} } = parts;
  const { net, train, loss, handlers, validate, lastBatch, learningRate } = common(parts);
  const trainer = new Trainer({
    open,
    net: net.module,
    data: train,
    loss,
    optimizer: (parameters) => new Adam(parameters),
    learningRate,
    clip: CLIP,
    epochs: settings.epochs,
    batchSize: Math.min(settings.batch, data.train.length),
    seed: settings.seed,
    lastBatch,
    ...validate,
    ...handlers,
    ...(resume === undefined ? {} : { resume: decodeTrainerState(resume) }),
    onEpoch: ({ epoch, loss, metrics }) =>
      events.onEpoch?.({ epoch: epoch + 1, loss, dice: metrics?.['dice'], stage: 'labelled' }),
    onSnapshot: (state: TrainerState) => events.onState?.(() => encodeTrainerState(state)),
  });
  const { stopped, state } = await trainer.run({ signal });
  return {
    stopped: stopped === 'aborted' ? 'paused' : 'finished',
    parameters: state.parameters,
    state: encodeTrainerState(state),
  };
}

async function runSemi(parts: TrainingParts, unlabelled: TaskData, signal?: AbortSignal): Promise<TrainingEnd> {
  const { settings, data, open, resume, labels, events = {} } = parts;
  const { net, train, loss, handlers, validate, lastBatch, learningRate, enter } = common(parts);
  const { size, epochs, batch, seed, group, roundEpochs, lastEpochs } = settings;
  const shared = new SharedContext(open);
  const batchSize = Math.min(batch, data.train.length);
  const propagation = new Propagation({
    open: () => shared.open(),
    close: (context) => shared.release(context),
    net: net.module,
    labelled: train,
    unlabelled: unlabelledSlices(unlabelled, net, size),
    loss,
    logits: (inputs) => net.forward(inputs).logits,
    edgeOf: binaryToEdge,
    encoding: 'probability',
    strategy: randomSelection({ groupSize: group }),
    stages: {
      labelled: { epochs, batchSize, learningRate },
      rounds: { epochs: roundEpochs, batchSize, learningRate: constant(settings.learningRate / 3) },
      pseudo: { epochs: lastEpochs, batchSize, learningRate, start: 'continue' },
      finetune: { epochs: lastEpochs, batchSize, learningRate },
    },
    training: { clip: CLIP, scales: [1], lastBatch, validateEvery: 1 },
    seed,
    predictBatch: batch,
    handlers,
    ...validate,
    ...(labels === undefined ? {} : { store: labels }),
    ...(resume === undefined ? {} : { resume: decodePropagationState(resume) }),
    onEvent(event) {
      const { stage, round, images, pseudo } = event;
      const rounds = propagation.state.current?.epochs ?? roundEpochs;
      enter(
        round === undefined ? stage : `round ${round + 1}`,
        { labelled: epochs, rounds, pseudo: lastEpochs, finetune: lastEpochs }[stage],
      );
      if (event.kind === 'label') events.onLabel?.(event.done, event.total);
      else if (event.kind === 'begin' && round !== undefined) events.onRound?.({ round: round + 1, pseudo, images });
      else if (event.kind === 'epoch') {
        const { epoch, loss, metrics } = event;
        const place = round === undefined ? stage : `round ${round + 1}`;
        events.onEpoch?.({ epoch: epoch + 1, loss, dice: metrics?.['dice'], stage: place });
      }
    },
    onState: (state: PropagationState) => events.onState?.(() => encodePropagationState(state)),
  });
  try {
    const { stopped, state, weights } = await propagation.run({ signal });
    return {
      stopped: stopped === 'aborted' ? 'paused' : 'finished',
      parameters: weights ?? state.trainer?.parameters ?? new Map(),
      state: encodePropagationState(state),
    };
  } finally {
    shared.dispose();
  }
}

/** One context for all stages and rounds, so that GPU programs are compiled once. */
class SharedContext {
  readonly #open: () => Promise<Context>;
  #context: Context | undefined;

  constructor(open: () => Promise<Context>) {
    this.#open = open;
  }

  async open(): Promise<Context> {
    this.#context ??= await this.#open();
    return this.#context;
  }

  release(context: Context): void {
    if (context.status === 'alive') return;
    context.dispose();
    if (this.#context === context) this.#context = undefined;
  }

  dispose(): void {
    this.#context?.dispose();
  }
}
