/** The weights of a stored training as a file. Runs in Node too. */
import { InfnetError } from '@infnet/core';
import { trainingMetadata } from '@infnet/inf-net';
import { type SegmentationTask, weightsFile } from '@infnet/segmentation';
import { decodePropagationState, decodeTrainerState } from '@infnet/trainer';
import { phantomsOnly } from './train-data.js';
import type { StoredProgress, StoredTraining } from './train-store.js';

/** Those that `infnet segment`, PyTorch and this page read. @throws InfnetError `TRAIN_NOTHING` before a first step */
export function weightsOf(
  task: SegmentationTask,
  { data, settings }: StoredTraining,
  state: Uint8Array,
  { log, trainedOn }: Pick<StoredProgress, 'log' | 'trainedOn'>,
): { readonly name: string; readonly bytes: Uint8Array } {
  const { options, size, seed, semi } = settings;
  const { trainer, weights } = semi
    ? decodePropagationState(state)
    : { trainer: decodeTrainerState(state), weights: undefined };
  const parameters = trainer?.parameters ?? weights;
  if (parameters === undefined) throw nothing();
  const net = task.net(options);
  const slices = trainedOn ?? (data.kind === 'phantoms' ? phantomsOnly(data) : undefined);
  const bytes = weightsFile(net.module, parameters, {
    made_by: 'infnet page',
    ...task.training.describe(net, size, slices === undefined ? {} : trainingMetadata(slices)),
    trained_epochs: log.epochs.length,
    seed,
    steps: log.steps.at(-1)?.step ?? 0,
  });
  return { name: 'trained.safetensors', bytes };
}

export function nothing(): InfnetError {
  const fix = 'Train for an epoch first.';
  return new InfnetError({ code: 'TRAIN_NOTHING', message: 'No weights of this training are stored yet.', fix });
}
