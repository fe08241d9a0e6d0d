/**
 * Pseudo labels: soft masks in 8 bit that a net made, where they are kept, and how probabilities become them.
 *
 * Eight bits, because the released generator writes them as PNG files and trains on what it reads back (quirk 22). A
 * label that was stored and read again is then the same label, wherever it was stored.
 */
import { InfnetError } from '@infnet/core';

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

/** How probabilities [height * width] become bytes, as many. */
export type LabelEncoding = 'stretched' | 'probability' | ((probability: Float32Array) => Uint8Array);

export function encodeLabel(encoding: LabelEncoding, probability: Float32Array): Uint8Array {
  // A copy: an encoding of the caller's may use one array for all labels.
  if (typeof encoding === 'function') return encoding(probability).slice();
  return encoding === 'stretched' ? stretched(probability) : rounded(probability);
}

/**
 * What the released generator writes (quirks 20, 22): the smallest value becomes 0 and the largest 255, first by its
 * own min-max with 1e-8 in the divisor, then by that of `scipy.misc.imsave`. In float32, to the byte. A slice without
 * infection is stretched like any other.
 */
function stretched(probability: Float32Array): Uint8Array {
  const once = extremes(probability);
  const divisor = Math.fround(Math.fround(once.high - once.low) + 1e-8);
  const values = Float32Array.from(probability, (p) => Math.fround(p - once.low) / divisor);
  const twice = extremes(values);
  const span = Math.fround(twice.high - twice.low);
  const scale = Math.fround(255 / (span === 0 ? 1 : span));
  return Uint8Array.from(values, (value) => {
    const shade = Math.fround(Math.fround(value - twice.low) * scale);
    return Math.trunc(Math.fround(Math.min(255, Math.max(0, shade)) + 0.5));
  });
}

/** The probability as it is, to the nearest of 256 steps. */
function rounded(probability: Float32Array): Uint8Array {
  return Uint8Array.from(probability, (p) => Math.round(255 * Math.min(1, Math.max(0, p))));
}

function extremes(values: Float32Array): { readonly low: number; readonly high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, high };
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
