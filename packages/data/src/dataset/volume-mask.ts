/** Masks that are volumes: the same rules as for pictures (`masks.ts`), decided once for all slices of a volume. */
import type { Volume } from '../nifti/volume.js';
import { type ForeignMask, foreignValues, type MaskMode } from './masks.js';

export interface ReadVolumeMask {
  /** The same grid; bytes as in the mask of a picture, unscaled. */
  readonly mask: Volume;
  readonly foreign?: ForeignMask;
}

/** Different values that are looked at; more are not listed anyway. */
const MOST_VALUES = 1024;
const WHITE = 255;

/**
 * A volume as a mask. Its white is 1 where no value is above 1 (masks of 0 and 1, probabilities), else 255.
 *
 * @returns bytes 0 and 255, with `soft` all bytes
 */
export function readVolumeMask(volume: Volume, mode: MaskMode): ReadVolumeMask {
  const { data, slope, intercept } = volume;
  const values = distinct(volume);
  const white = (values.at(-1) ?? 0) > 1 ? WHITE : 1;
  const foreign = noNumbers(values) ?? foreignValues(values, white, mode);
  const cut = mode === 'nonzero' ? 0 : (128 / WHITE) * white;
  const bytes = new Uint8Array(data.length);
  for (let i = 0; i < bytes.length; i++) {
    const value = (data[i] as number) * slope + intercept;
    bytes[i] = mode === 'soft' ? byteOf(value, white) : value > cut ? WHITE : 0;
  }
  const mask: Volume = { ...volume, datatype: 'uint8', slope: 1, intercept: 0, data: bytes };
  return { mask, ...(foreign === undefined ? {} : { foreign }) };
}

/** Only 0 becomes 0, and only white 255, as for pictures of 16 bits. */
function byteOf(value: number, white: number): number {
  if (value <= 0) return 0;
  return value >= white ? WHITE : Math.min(254, Math.max(1, Math.round((WHITE * value) / white)));
}

/** Rising; NaN first. */
function distinct({ data, slope, intercept }: Volume): number[] {
  const values = new Set<number>();
  let last = Number.NaN;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const stored = data[i] as number;
    if (stored === last) continue;
    last = stored;
    if (values.size < MOST_VALUES || Number.isNaN(stored)) values.add(stored);
    if (stored < low) low = stored;
    if (stored > high) high = stored;
  }
  for (const end of [low, high]) if (Number.isFinite(end)) values.add(end);
  const scaled = [...values].map((v) => v * slope + intercept);
  return scaled.sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
}

/** Values that no mode knows what to do with. */
function noNumbers(values: readonly number[]): ForeignMask | undefined {
  const odd = values.filter((v) => !(v >= 0 && v < Number.POSITIVE_INFINITY));
  if (odd.length === 0) return undefined;
  const shown = odd.slice(0, 3).map((v) => String(Number(v.toPrecision(6))));
  return {
    note: `values ${[...new Set(shown)].join(', ')}${odd.length > 3 ? ', ...' : ''}`,
    fix: 'Masks of volumes hold 0 where nothing is infected, and 1 or labels above 0 elsewhere: export these again, or take the scan out.',
  };
}
