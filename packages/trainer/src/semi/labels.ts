/**
 * Pseudo labels: soft masks in 8 bit that a net made, where they are kept, and how probabilities become them.
 *
 * Eight bits, because the released generator writes them as PNG files and trains on what it reads back (quirk 22). A
 * label that was stored and read again is then the same label, wherever it was stored.
 */
import { InfnetError } from '@infnet/core';
import { finalPngU8, minMaxNormalize, probabilityToU8 } from '@infnet/data';

/** A soft mask, row-major: 0 background, 255 infected. Fits `GreyImage` of `@infnet/data`. */
export interface PseudoLabel {
  readonly width: number;
  readonly height: number;
  readonly channels: 1;
  readonly data: Uint8Array;
}

/**
 * Where pseudo labels are, by the index of their unlabelled image. To resume in another process it must outlive this
 * one: it is not part of the state, which only knows the hash of every label.
 */
export interface PseudoLabelStore {
  /** Undefined when there is none. */
  get(index: number): Promise<PseudoLabel | undefined> | PseudoLabel | undefined;
  /** Replaces one that is there. */
  put(index: number, label: PseudoLabel): Promise<void> | void;
}

/** Labels in memory: 124 kB for a slice of 352 x 352. */
export function memoryLabelStore(): PseudoLabelStore {
  const labels = new Map<number, PseudoLabel>();
  return {
    get: (index) => labels.get(index),
    put: (index, label) => void labels.set(index, label),
  };
}

/**
 * How probabilities [height * width] become bytes, as many. `stretched`: as the released generator writes them (quirks
 * 20, 22), the smallest value becomes 0 and the largest 255; a slice without infection is stretched like any other.
 * `probability`: as they are, to the nearest of 256 steps.
 */
export type LabelEncoding = 'stretched' | 'probability' | ((probability: Float32Array) => Uint8Array);

export function encodeLabel(encoding: LabelEncoding, probability: Float32Array): Uint8Array {
  // A copy: an encoding of the caller's may use one array for all labels.
  if (typeof encoding === 'function') return encoding(probability).slice();
  return encoding === 'stretched' ? finalPngU8(minMaxNormalize(probability)) : probabilityToU8(probability);
}

/** FNV-1a over sizes and bytes, 8 hexadecimal digits: tells a label that was changed, not one that was forged. */
export function labelHash({ width, height, data }: PseudoLabel): string {
  let hash = 0x811c9dc5;
  for (const value of [width, height]) hash = Math.imul(hash ^ value, 0x01000193);
  for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** A label that must be there. @throws InfnetError `SEMI_LABEL`. */
export async function labelAt(store: PseudoLabelStore, index: number, name: string): Promise<PseudoLabel> {
  const label = await store.get(index);
  if (label !== undefined && label.data.length === label.width * label.height) return label;
  const what =
    label === undefined ? 'is missing' : `has ${label.data.length} values for ${label.width}x${label.height}`;
  throw new InfnetError({
    code: 'SEMI_LABEL',
    message: `the pseudo label of ${name} (unlabelled image ${index}) ${what}`,
    where: name,
    fix: 'Resume with the store that the labels were put into, or start anew.',
  });
}
