/** A training of one stage. */
import { InfnetError } from '@infnet/core';
import { continuedOn, decodeTrainerState, Trainer, type TrainerState } from '@infnet/trainer';
import { augmentationOf } from './data.js';
import { scheduleOf } from './method.js';
import type { Place, SessionParts, SessionState, TrainingSession } from './session.js';
import { trainerOptionsOf } from './trainer-options.js';

export function trainerSession(parts: SessionParts): TrainingSession {
  const { settings, net, loss, train, open, initial, validate, events = {} } = parts;
  const { size, epochs, patience, validateEvery } = settings;
  const resume = parts.resume === undefined ? undefined : stateOf(parts.resume, train.length);
  const { epoch = 0, unit = 0, step = 0 } = resume?.position ?? {};
  const begun = { epochs: epoch + Number(unit > 0), steps: step };
  if (begun.epochs > epochs) throw tooFew(epochs, begun.epochs);
  const place: Place = { epochs };
  const augmentation = augmentationOf(settings);
  const trainer = new Trainer({
    ...trainerOptionsOf(settings),
    open,
    net: net.module,
    data: train.training({ net, size, loss, ...(augmentation === undefined ? {} : { augmentation }) }),
    loss: (batch) => net.loss(batch, loss),
    learningRate: scheduleOf(settings),
    sizeMultiple: net.sizeMultiple,
    lastBatch: parts.lastBatch,
    initial,
    ...(patience > 0 ? { patience } : {}),
    ...(validate === undefined
      ? {}
      : {
          validateEvery,
          validate: ({ context, parameters, epoch }) => validate({ context, parameters, place, epoch: epoch + 1 }),
        }),
    ...(resume === undefined ? {} : { resume }),
    onMemory: events.onMemory,
    onPrepare: events.onPrepare,
    onRebuild: events.onRebuild,
    onStep: (event) => events.onStep?.(event, place),
    onEpoch: ({ epoch, ...event }) => events.onEpoch?.({ ...event, epoch: epoch + 1 }, place),
    onSnapshot: (state) => events.onState?.({ kind: 'trainer', state }),
  });
  return {
    begun,
    propagation: undefined,
    get lastState(): SessionState | undefined {
      const state = trainer.lastState;
      return state === undefined ? undefined : { kind: 'trainer', state };
    },
    async run(signal) {
      const { stopped, state } = await trainer.run({ signal });
      return { stopped, state: { kind: 'trainer', state }, weights: state.parameters };
    },
  };
}

function stateOf({ bytes, file, acceptChangedData }: NonNullable<SessionParts['resume']>, items: number): TrainerState {
  const state = decodeTrainerState(bytes, file);
  return acceptChangedData === true ? continuedOn(state, items) : state;
}

function tooFew(epochs: number, begun: number): InfnetError {
  return new InfnetError({
    code: 'TRAIN_EPOCHS',
    message: `epochs is ${epochs}: epoch ${begun} of this run has begun.`,
    fix: `Give at least ${begun}.`,
    details: { epochs, begun },
  });
}
