/**
 * A semi-supervised training. All stages and rounds share one context, so that kernels are compiled once, not in every
 * round.
 */
import { InfnetError, ParameterStore } from '@infnet/core';
import { binaryToEdge } from '@infnet/data';
import {
  constant,
  decodePropagationState,
  Propagation,
  type PropagationEvent,
  type PropagationState,
  propagatedOn,
} from '@infnet/trainer';
import { unlabelledSlices } from '../data.js';
import { SharedContext } from '../shared-context.js';
import { augmentationOf } from './data.js';
import { lastBatchOf, scheduleOf, strategyOf } from './method.js';
import type { Place, SessionParts, SessionState, TrainingSession } from './session.js';
import { trainerOptionsOf } from './trainer-options.js';

export function propagationSession(parts: SessionParts): TrainingSession {
  const { settings, net, loss, train, unlabelled, initial, labels, validate, events = {} } = parts;
  const { stageValidateEvery: validateEvery } = parts;
  if (unlabelled === undefined) {
    const fix = 'Give unlabelled slices, or settings without semi.';
    throw new InfnetError({ code: 'TRAIN_UNLABELLED', message: 'there are no slices without masks', fix });
  }
  const { size, epochs, roundEpochs, roundLr, pseudoEpochs, pseudoStart, finetuneEpochs, maxRounds } = settings;
  const { epochs: _, seed, batchSize, ...training } = trainerOptionsOf(settings);
  const shared = new SharedContext(parts.open);
  const course = new Course(parts, () => propagation.state.current?.epochs);
  const augmentation = augmentationOf(settings);
  const each = { batchSize, learningRate: scheduleOf(settings) };
  const propagation: Propagation = new Propagation({
    open: () => shared.open(),
    close: (context) => shared.release(context),
    net: net.module,
    labelled: train.training({ net, size, loss, ...(augmentation === undefined ? {} : { augmentation }) }),
    unlabelled: unlabelledSlices(unlabelled, net, size),
    loss: (batch) => net.loss(batch, loss),
    logits: ({ image }) => net.forward({ image }).logits,
    edgeOf: binaryToEdge,
    encoding: settings.labels,
    ...(labels === undefined ? {} : { store: labels }),
    strategy: strategyOf(settings),
    stages: {
      labelled: { ...each, epochs },
      rounds: { batchSize, epochs: roundEpochs, learningRate: constant(roundLr) },
      pseudo: { ...each, epochs: pseudoEpochs, start: pseudoStart },
      finetune: { ...each, epochs: finetuneEpochs },
    },
    training: {
      ...training,
      sizeMultiple: net.sizeMultiple,
      lastBatch: lastBatchOf(size, net),
      ...(validateEvery === undefined ? {} : { validateEvery }),
    },
    ...(maxRounds > 0 ? { maxRounds } : {}),
    seed,
    predictBatch: batchSize,
    ...(initial === undefined ? {} : { initial }),
    ...(validate === undefined
      ? {}
      : { validate: ({ context, parameters }) => validate({ context, parameters, place: course.place }) }),
    handlers: {
      onMemory: events.onMemory,
      onPrepare: events.onPrepare,
      onRebuild: events.onRebuild,
      onStep: (event) => events.onStep?.(event, course.place),
    },
    onEvent: (event) => course.tell(event),
    onState: (state) => events.onState?.({ kind: 'propagation', state }),
    ...(parts.resume === undefined ? {} : { resume: stateOf(parts.resume, train.length) }),
  });
  const stateNow = (): SessionState => ({ kind: 'propagation', state: propagation.state });
  /** Without a first stage, what there is before any pseudo label are the weights as given. */
  const scoreGiven = async (): Promise<void> => {
    if (epochs > 0 || initial === undefined || validate === undefined || parts.isGivenKnown === true) return;
    const metrics = await shared.use(async (context) => {
      const parameters = new ParameterStore(context, net.module);
      try {
        parameters.load(initial);
        return await validate({ context, parameters, place: course.place });
      } finally {
        parameters.dispose();
      }
    });
    await events.onGiven?.(metrics);
  };
  return {
    begun: undefined,
    get propagation() {
      return propagation.state;
    },
    get lastState(): SessionState | undefined {
      const { trainer, weights } = propagation.state;
      return trainer === undefined && weights === undefined ? undefined : stateNow();
    },
    async run(signal) {
      try {
        await scoreGiven();
        const { stopped, state, weights } = await propagation.run({ signal });
        return { stopped, state: { kind: 'propagation', state }, weights };
      } finally {
        shared.dispose();
      }
    },
  };
}

function stateOf(
  { bytes, file, acceptChangedData }: NonNullable<SessionParts['resume']>,
  labelled: number,
): PropagationState {
  const state = decodePropagationState(bytes, file);
  return acceptChangedData === true ? propagatedOn(state, labelled) : state;
}

/** Where a propagation stands, and how its listeners are told. */
class Course {
  readonly #parts: SessionParts;
  readonly #roundEpochs: () => number | undefined;
  #at: Pick<PropagationEvent, 'stage' | 'round' | 'rounds'> = {
    stage: 'labelled',
    round: undefined,
    rounds: undefined,
  };
  #epochBegan = 0;

  /** @param roundEpochs of the round in progress */
  constructor(parts: SessionParts, roundEpochs: () => number | undefined) {
    this.#parts = parts;
    this.#roundEpochs = roundEpochs;
  }

  get place(): Place {
    const { stage, round, rounds } = this.#at;
    const { epochs, pseudoEpochs, finetuneEpochs } = this.#parts.settings;
    const all = { labelled: epochs, rounds: this.#roundEpochs() ?? 0, pseudo: pseudoEpochs, finetune: finetuneEpochs };
    return {
      stage,
      epochs: all[stage],
      ...(round === undefined ? {} : { round: round + 1 }),
      ...(rounds === undefined ? {} : { rounds }),
    };
  }

  async tell(event: PropagationEvent): Promise<void> {
    const { events = {} } = this.#parts;
    this.#at = event;
    const { place } = this;
    if (event.kind === 'label') await events.onLabel?.(event.done, event.total, place);
    else if (event.kind === 'begin') {
      this.#epochBegan = performance.now();
      await events.onStage?.(place, { images: event.images, pseudo: event.pseudo });
    } else if (event.kind === 'epoch') {
      const { epoch, epochs, loss, parts, learningRate, metrics } = event;
      const seconds = (performance.now() - this.#epochBegan) / 1000;
      this.#epochBegan = performance.now();
      await events.onEpoch?.({ epoch: epoch + 1, epochs, loss, parts, learningRate, seconds, metrics }, place);
    } else await events.onStageEnd?.(place, event.weights);
  }
}
