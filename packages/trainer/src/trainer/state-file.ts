/**
 * A training's state as the bytes of one safetensors file: all tensors, and the rest as JSON in the metadata.
 *
 * One file, so that weights and moments cannot come from different moments in time: whoever writes it atomically has
 * either the whole new state or the whole old one.
 */
import { type CheckpointTensor, readSafetensors, type WritableTensor, writeSafetensors } from '@infnet/checkpoint';
import { InfnetError, type StateDict } from '@infnet/core';
import { withoutNull, writeJson } from '../json.js';
import { parseTrainerProgress, requireFloats, type TrainerProgress } from '../state-schema.js';
import type { Best, TrainerState } from './state.js';

const KIND = 'infnet training state';
const PARAMETERS = 'parameters/';
const MOMENTS = 'optimizer/';
const COMPANION = 'companion/';

/**
 * Bytes of a state, with a checksum; the same state gives the same bytes.
 *
 * @param metadata texts of the caller's own to store with it, e.g. how the net was built
 * @param apart more of them, which the checksum is not of
 */
export function encodeTrainerState(
  state: TrainerState,
  metadata: Readonly<Record<string, string>> = {},
  apart: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { progress, tensors } = partsOf(state);
  const texts = { ...apart, ...metadata, kind: KIND, progress: writeJson(progress) };
  return writeSafetensors(tensors, texts, { checksum: Object.keys(apart) });
}

/** A state as what goes into JSON, and tensors. */
export function partsOf({ parameters, optimizer, companion, ...rest }: TrainerState): {
  readonly progress: TrainerProgress;
  readonly tensors: readonly WritableTensor[];
} {
  const { moments, ...figures } = optimizer;
  const tensors = [...tensorsOf(PARAMETERS, parameters), ...tensorsOf(MOMENTS, moments)];
  if (companion !== undefined) tensors.push(...tensorsOf(COMPANION, companion));
  return { progress: { ...rest, optimizer: figures, hasCompanion: companion !== undefined }, tensors };
}

/**
 * The state in the bytes of {@link encodeTrainerState}, equal to the bit.
 *
 * @param file what to call it in errors
 * @throws InfnetError `CHECKPOINT_...` for damaged bytes, `TRAINER_STATE_FILE` for a file that is none of these, or
 *   says what cannot be
 */
export function decodeTrainerState(bytes: Uint8Array, file?: string): TrainerState {
  const { tensors, metadata } = readSafetensors(bytes, { ...(file === undefined ? {} : { file }), copy: true });
  const progress = metadata.get('progress');
  if (metadata.get('kind') !== KIND || typeof progress !== 'string') {
    throw new InfnetError({
      code: 'TRAINER_STATE_FILE',
      message: `this safetensors file holds ${tensors.size} tensors but no state of a training`,
      ...(file === undefined ? {} : { where: file }),
      fix: 'Weights alone cannot be resumed. Give the file that the training wrote, or start anew with these weights.',
    });
  }
  requireFloats(tensors, { code: 'TRAINER_STATE_FILE', file });
  return stateFrom(parseTrainerProgress(progress, file), tensors);
}

/** What {@link partsOf} took apart. */
export function stateFrom(
  { optimizer, hasCompanion, ...rest }: TrainerProgress,
  tensors: ReadonlyMap<string, CheckpointTensor>,
): TrainerState {
  const companion = stateOf(COMPANION, tensors);
  return {
    ...rest,
    sums: withoutNull(rest.sums),
    best: bestFrom(rest.best),
    parameters: stateOf(PARAMETERS, tensors),
    optimizer: { ...optimizer, moments: stateOf(MOMENTS, tensors) },
    ...((hasCompanion ?? companion.size > 0) ? { companion } : {}),
  };
}

/**
 * JSON leaves out what is undefined. A value that an older version lost is none: the next validation is the best again.
 */
function bestFrom(best: Best | undefined): Best | undefined {
  if (best === undefined || (best.value as number | null) === null) return undefined;
  return { ...best, metrics: withoutNull(best.metrics) };
}

/** Values to write, their names behind a prefix. */
export function tensorsOf(prefix: string, state: StateDict): WritableTensor[] {
  return [...state].map(([name, { shape, data }]) => ({
    name: prefix + name,
    shape,
    data: data instanceof Float32Array ? data : Float32Array.from(data),
  }));
}

/** The values whose names are behind a prefix. */
export function stateOf(
  prefix: string,
  tensors: ReadonlyMap<string, CheckpointTensor>,
): Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }> {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(
    found.map(([name, { shape, data }]) => [name.slice(prefix.length), { shape, data: data as Float32Array }]),
  );
}
