/** What the values of a mask file mean. */
import { type DecodedImage, type GreyImage, toGrey8 } from '../image.js';

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

export function readMask(picture: DecodedImage, mode: MaskMode): ReadMask {
  const grey = toGrey8(picture.data instanceof Uint16Array ? narrow(picture, picture.data) : picture);
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

/** 16 bits to 8 such that only 0 becomes 0 and only 65535 becomes 255: a mask of 0 and 1 does not turn into an empty one. */
function narrow(picture: DecodedImage, samples: Uint16Array): DecodedImage {
  const data = Uint8Array.from(samples, (v) => (v === 0 ? 0 : v === 65535 ? 255 : Math.min(254, Math.max(1, v >> 8))));
  return { ...picture, depth: 8, data };
}

function spell(values: readonly number[]): string {
  const shown = values.slice(0, LISTED).join(', ');
  return values.length > LISTED ? `${values.length} values: ${shown}, ...` : `values ${shown}`;
}
