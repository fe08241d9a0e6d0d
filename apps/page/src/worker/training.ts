/**
 * A training, supervised or semi-supervised, from settings and slices. It knows neither page nor storage: the page's
 * worker runs it, and so does the test that compares its bits with Node's.
 */
import type { Context, StateDict } from '@infnet/core';
import { binaryToEdge, unlabelledData } from '@infnet/data';
import { InfNet } from '@infnet/inf-net';
import {
  Adam,
  clampGradients,
  constant,
  cosine,
  decodePropagationState,
  decodeTrainerState,
  encodePropagationState,
  encodeTrainerState,
  infNetLoss,
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
import { type OpenedData, trainerData } from './train-data.js';
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
  return parts.data.unlabelled === undefined ? runSupervised(parts, signal) : runSemi(parts, signal);
}

function common({ settings, data, events = {} }: TrainingParts) {
  const { backbone, width, channels, size, epochs, learningRate } = settings;
  const net = new InfNet({ backbone, width, channels });
  const validator =
    data.validation === undefined
      ? undefined
      : new Validator(net, data.validation, size, (pictures) => events.onPictures?.(pictures));
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
  return {
    net,
    handlers,
    validate:
      validator === undefined
        ? {}
        : { validate: ({ context, parameters }: Validation) => validator.run(context, parameters) },
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
  const { net, handlers, validate, lastBatch, learningRate } = common(parts);
  const trainer = new Trainer({
    open,
    net,
    data: trainerData(data.train, settings),
    loss: ({ image, mask, edge }) => infNetLoss(net.call(image), { mask, edge }, { variant: 'dice' }),
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

async function runSemi(parts: TrainingParts, signal?: AbortSignal): Promise<TrainingEnd> {
  const { settings, data, open, resume, labels, events = {} } = parts;
  const { net, handlers, validate, lastBatch, learningRate, enter } = common(parts);
  const { size, epochs, batch, seed, group, roundEpochs, lastEpochs } = settings;
  const shared = new SharedContext(open);
  const batchSize = Math.min(batch, data.train.length);
  const propagation: Propagation<'image' | 'mask' | 'edge'> = new Propagation({
    open: () => shared.open(),
    close: (context) => shared.release(context),
    net,
    labelled: trainerData(data.train, settings),
    unlabelled: unlabelledData(data.unlabelled as NonNullable<OpenedData['unlabelled']>, size),
    loss: ({ image, mask, edge }) => infNetLoss(net.call(image), { mask, edge }, { variant: 'dice' }),
    logits: ({ image }) => net.call(image).lateralMap2,
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
