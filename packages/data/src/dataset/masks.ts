/** What the values of a mask file mean. */
import type { GreyImage } from '../image.js';

/**
 * - `binary` (default): 0 and 255; anything else is a problem, so that a class map or a JPEG's grey seam is not taken
 *   for a mask unnoticed.
 * - `soft`: every value v means a probability of v / 255, e.g. the released pseudo labels.
 * - `nonzero`: infected where above 0, e.g. masks of 0 and 1, or class maps whose classes are joined.
 * - `threshold`: infected where above 128, as the released `binary2edge` cuts (quirk 21); e.g. masks stored as JPEG.
 */
export type MaskMode = 'binary' | 'soft' | 'nonzero' | 'threshold';

/** Which classes a mask has. */
export type MaskContent = 'empty' | 'full' | 'mixed';

export interface ReadMask {
  readonly mask: GreyImage;
  readonly content: MaskContent;
  /** The values found, when the mask is not binary although it should be. */
  readonly foreign?: string;
}

const LISTED = 8;

export function readMask(grey: GreyImage, mode: MaskMode): ReadMask {
  const used = new Uint8Array(256);
  for (let i = 0; i < grey.data.length; i++) used[grey.data[i] as number] = 1;
  const values = Array.from(used.keys()).filter((value) => used[value] === 1);
  const foreign = mode === 'binary' && values.some((value) => value !== 0 && value !== 255);
  const cut = mode === 'nonzero' ? 0 : mode === 'threshold' ? 128 : undefined;
  const mask = cut === undefined ? grey : { ...grey, data: grey.data.map((value) => (value > cut ? 255 : 0)) };
  const left = cut === undefined ? values : [...new Set(values.map((value) => (value > cut ? 255 : 0)))];
  const content = left.every((v) => v === 0) ? 'empty' : left.every((v) => v === 255) ? 'full' : 'mixed';
  return { mask, content, ...(foreign ? { foreign: spell(values) } : {}) };
}

function spell(values: readonly number[]): string {
  const shown = values.slice(0, LISTED).join(', ');
  return values.length > LISTED ? `${values.length} values: ${shown}, ...` : `values ${shown}`;
}
