/** A propagation's state as the bytes of one safetensors file: all tensors, and the rest as JSON in the metadata. */
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { InfnetError } from '@infnet/core';
import { withoutNull, writeJson } from '../json.js';
import { type PropagationProgress, parsePropagationProgress, requireFloats } from '../state-schema.js';
import { partsOf, stateFrom, stateOf, tensorsOf } from '../trainer/state-file.js';
import type { PropagationState } from './state.js';
import type { TrainingFigures } from './strategy.js';

const KIND = 'infnet propagation state';
const WEIGHTS = 'weights/';

/**
 * Bytes of a state, with a checksum; the same state gives the same bytes.
 *
 * @param metadata texts of the caller's own to store with it
 * @param apart more of them, which the checksum is not of
 */
export function encodePropagationState(
  { weights, trainer, ...state }: PropagationState,
  metadata: Readonly<Record<string, string>> = {},
  apart: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const tensors = weights === undefined ? [] : tensorsOf(WEIGHTS, weights);
  const training = trainer === undefined ? undefined : partsOf(trainer);
  tensors.push(...(training?.tensors ?? []));
  const progress: PropagationProgress = {
    state,
    hasWeights: weights !== undefined,
    trainer: training?.progress ?? null,
  };
  const texts = { ...apart, ...metadata, kind: KIND, progress: writeJson(progress) };
  return writeSafetensors(tensors, texts, { checksum: Object.keys(apart) });
}

/**
 * The state in the bytes of {@link encodePropagationState}, equal to the bit.
 *
 * @param file what to call it in errors
 * @throws InfnetError `CHECKPOINT_...` for damaged bytes, `SEMI_STATE_FILE` for a file that is none of these, or says
 *   what cannot be
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
  requireFloats(tensors, { code: 'SEMI_STATE_FILE', file });
  const { state, hasWeights, trainer } = parsePropagationProgress(text, file);
  return {
    ...state,
    stages: state.stages.map((record) => ({ ...record, figures: figuresFrom(record.figures) })),
    rounds: state.rounds.map(withFigures),
    // JSON leaves out what is undefined.
    current: state.current === undefined ? undefined : withFigures(state.current),
    figures: figuresFrom(state.figures),
    weights: hasWeights ? stateOf(WEIGHTS, tensors) : undefined,
    trainer: trainer === null ? undefined : stateFrom(trainer, tensors),
  };
}

function withFigures<T extends { readonly figures?: TrainingFigures }>(record: T): T {
  return record.figures === undefined ? record : { ...record, figures: figuresFrom(record.figures) };
}

/** Older versions wrote null for what is not a finite number. */
function figuresFrom({ loss, metrics }: TrainingFigures): TrainingFigures {
  return {
    ...(loss === undefined ? {} : { loss: loss ?? Number.NaN }),
    ...(metrics === undefined ? {} : { metrics: withoutNull(metrics) }),
  };
}
