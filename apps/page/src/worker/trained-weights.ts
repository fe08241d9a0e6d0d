/** The weights of a stored training as a file. Runs in Node too. */
import { writeSafetensors } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import { InfnetError } from '@infnet/errors';
import { stateDictEntries, type TrainedOn, trainingMetadata } from '@infnet/inf-net';
import { NET_OPTIONS, type SegmentationTask, TASK_NAME } from '@infnet/segmentation';
import { decodePropagationState, decodeTrainerState } from '@infnet/trainer';
import { phantomsOnly } from './train-data.js';
import type { TrainSettings } from './train-protocol.js';
import type { StoredProgress, StoredTraining } from './train-store.js';

/** @throws InfnetError `TRAIN_NOTHING` before the first step */
export function weightsOf(
  task: SegmentationTask,
  training: StoredTraining,
  state: Uint8Array,
  { log, trainedOn }: StoredProgress,
): { readonly name: string; readonly bytes: Uint8Array } {
  const propagation = hasUnlabelled(training) ? decodePropagationState(state) : undefined;
  const parameters =
    propagation === undefined
      ? decodeTrainerState(state).parameters
      : (propagation.trainer?.parameters ?? propagation.weights);
  if (parameters === undefined) throw nothing();
  const { data, settings } = training;
  const origin = trainedOn ?? (data.kind === 'phantoms' ? phantomsOnly(data) : undefined);
  const steps = log.steps.at(-1)?.step ?? 0;
  const bytes = weightsFile(task, settings, parameters, { steps, epochs: log.epochs.length, trainedOn: origin });
  return { name: 'trained.safetensors', bytes };
}

function hasUnlabelled({ data }: StoredTraining): boolean {
  return data.kind === 'phantoms' ? data.unlabelled > 0 : data.unlabelled.length > 0;
}

export function nothing(): InfnetError {
  const fix = 'Train for an epoch first.';
  return new InfnetError({ code: 'TRAIN_NOTHING', message: 'No weights of this training are stored yet.', fix });
}

/** What a file of weights tells of a training. */
export interface TrainedSoFar {
  readonly steps: number;
  readonly epochs: number;
  /** Undefined where it is not known: trainings that an older version of the page stored. */
  readonly trainedOn: TrainedOn | undefined;
}

/** Weights that `infnet segment`, PyTorch and this page read. Every entry of the state dict. */
export function weightsFile(
  task: SegmentationTask,
  settings: TrainSettings,
  parameters: StateDict,
  { steps, epochs, trainedOn }: TrainedSoFar,
): Uint8Array {
  const { options, size, seed } = settings;
  const entries = stateDictEntries(task.net(options).module, parameters, { seed, steps });
  // Inf-Net's is told from its tensors; what it was built with is for people.
  const built =
    task.signatures.length > 0 ? options : { [TASK_NAME]: task.name, [NET_OPTIONS]: JSON.stringify(options) };
  const figures = { ...built, size, seed, steps, trained_epochs: epochs };
  const texts = Object.entries(figures).map(([key, value]) => [key, String(value)]);
  return writeSafetensors(entries, {
    made_by: 'infnet page',
    ...Object.fromEntries(texts),
    ...(steps > 0 ? { trained: 'true' } : {}),
    ...(trainedOn === undefined ? {} : trainingMetadata(trainedOn)),
  });
}
