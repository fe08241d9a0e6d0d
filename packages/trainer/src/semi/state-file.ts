/** A propagation's state as the bytes of one safetensors file: all tensors, and the rest as JSON in the metadata. */
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { InfnetError } from '@infnet/core';
import type { TrainerState } from '../trainer/state.js';
import { stateOf, tensorsOf } from '../trainer/state-file.js';
import type { PropagationState } from './state.js';

const KIND = 'infnet propagation state';
const WEIGHTS = 'weights/';
const PARAMETERS = 'parameters/';
const MOMENTS = 'optimizer/';
const COMPANION = 'companion/';

/** Everything but tensors, and which of them there are. */
interface Progress {
  readonly state: Omit<PropagationState, 'weights' | 'trainer'>;
  readonly hasWeights: boolean;
  readonly trainer: unknown;
}

/**
 * Bytes of a state; the same state gives the same bytes.
 *
 * @param metadata texts of the caller's own to store with it
 */
export function encodePropagationState(
  { weights, trainer, ...state }: PropagationState,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors = weights === undefined ? [] : tensorsOf(WEIGHTS, weights);
  let training: unknown = null;
  if (trainer !== undefined) {
    const { parameters, optimizer, companion, ...rest } = trainer;
    const { moments, ...figures } = optimizer;
    tensors.push(...tensorsOf(PARAMETERS, parameters), ...tensorsOf(MOMENTS, moments));
    if (companion !== undefined) tensors.push(...tensorsOf(COMPANION, companion));
    training = { ...rest, optimizer: figures };
  }
  const progress: Progress = { state, hasWeights: weights !== undefined, trainer: training };
  return writeSafetensors(tensors, { ...metadata, kind: KIND, progress: JSON.stringify(progress) });
}

/**
 * The state in the bytes of {@link encodePropagationState}, equal to the bit.
 *
 * @param file what to call it in errors
 * @throws InfnetError `CHECKPOINT_...` for damaged bytes, `SEMI_STATE_FILE` for a file that is none of these
 */
export function decodePropagationState(bytes: Uint8Array, file?: string): PropagationState {
  const { tensors, metadata } = readSafetensors(bytes, { ...(file === undefined ? {} : { file }), copy: true });
  const text = metadata.get('progress');
  if (metadata.get('kind') !== KIND || typeof text !== 'string') {
    throw new InfnetError({
      code: 'SEMI_STATE_FILE',
      message: `this safetensors file holds ${tensors.size} tensors but no state of a propagation`,
      ...(file === undefined ? {} : { where: file }),
      fix: 'Give the file that the propagation wrote.',
    });
  }
  const { state, hasWeights, trainer } = JSON.parse(text) as Progress;
  return {
    ...state,
    // JSON leaves out what is undefined.
    current: state.current,
    weights: hasWeights ? stateOf(WEIGHTS, tensors) : undefined,
    trainer: trainer === null ? undefined : trainerOf(trainer as TrainerState, tensors),
  };
}

function trainerOf(rest: TrainerState, tensors: Parameters<typeof stateOf>[1]): TrainerState {
  const companion = stateOf(COMPANION, tensors);
  return {
    ...rest,
    best: rest.best,
    parameters: stateOf(PARAMETERS, tensors),
    optimizer: { ...rest.optimizer, moments: stateOf(MOMENTS, tensors) },
    ...(companion.size === 0 ? {} : { companion }),
  };
}
