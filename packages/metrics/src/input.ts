/** What the caller passes, checked once and turned into plain typed arrays that the loops below can trust. */
import { fail } from './errors.js';

/**
 * A map of infection probability, row-major.
 *
 * `Uint8Array` and `Uint8ClampedArray` are 8-bit pictures: `v` means `v / 255`. In every other array the values are the
 * probabilities themselves, 0..1.
 */
export type ProbabilityMap = ArrayLike<number>;

/**
 * The reference mask, row-major. Either labels (every value is 0, 1 or a boolean; 1 is infected) or an 8-bit picture
 * (some value is above 1; above 128 is infected, as in the paper's evaluation tool). A picture whose largest value is 1
 * is read as labels; `maskAbove` settles it otherwise. One whose largest value is from 2 to 128 could be labels of
 * several classes or a picture without infection, and is refused without `maskAbove`.
 */
export type Mask = ArrayLike<number | boolean>;

/** The mask as bytes 0/1, and how many are 1. */
export interface BinaryMask {
  readonly data: Uint8Array;
  readonly positives: number;
}

/** Above this a pixel of an 8-bit mask is infected (paper's evaluation tool, quirk 29). */
const GREY_ABOVE = 128;

/**
 * Reads `mask`, which must have `length` values.
 * @param above a pixel is infected when its value is above this; without it the rule of {@link Mask} holds
 */
export function readMask(mask: Mask, length: number, where: string, above?: number): BinaryMask {
  requireExtents([length], length, 'map', where);
  if (mask.length !== length) {
    fail(
      'METRICS_SIZE',
      `The mask has ${mask.length} values, but ${length} are needed.`,
      where,
      'Resize the map to the mask (never the mask to the map), one value a pixel, without an alpha channel.',
      { mask: mask.length, needed: length },
    );
  }
  if (above !== undefined && !Number.isFinite(above)) {
    fail('METRICS_OPTION', `maskAbove is ${above}.`, where, 'Pass a finite number, or leave it out.');
  }
  let largest = 0;
  let fractions = false;
  for (let i = 0; i < length; i++) {
    const given = mask[i];
    // Number(null) is 0, and null is what JSON makes of NaN.
    const value = typeof given === 'object' || typeof given === 'string' ? Number.NaN : Number(given);
    if (!(value >= 0 && value <= 255)) {
      fail(
        'METRICS_MASK_VALUE',
        `The mask has the value ${mask[i]} at position ${i}.`,
        where,
        'Pass labels 0/1, booleans, or an 8-bit mask 0..255.',
        { position: i },
      );
    }
    if (value > largest) largest = value;
    if (value > 0 && value < 1) fractions = true;
  }
  if (above === undefined && fractions && largest <= 1) {
    fail(
      'METRICS_MASK_VALUE',
      'The mask has values between 0 and 1: a soft mask, which has no agreed border.',
      where,
      'Binarise it first, or say where the border is with maskAbove, e.g. { maskAbove: 0.5 }.',
    );
  }
  if (above === undefined && largest > 1 && largest <= GREY_ABOVE) {
    fail(
      'METRICS_MASK_VALUE',
      `The largest value of the mask is ${largest}: as an 8-bit picture it would have no infected pixel (above ${GREY_ABOVE}), and labels are 0 and 1.`,
      where,
      `Say which values are infected with maskAbove: { maskAbove: 0 } for all but 0, { maskAbove: ${GREY_ABOVE} } for a picture without any.`,
      { largest },
    );
  }
  const border = above ?? (largest > 1 ? GREY_ABOVE : 0.5);
  const data = new Uint8Array(length);
  let positives = 0;
  for (let i = 0; i < length; i++) {
    if (Number(mask[i]) > border) {
      data[i] = 1;
      positives++;
    }
  }
  return { data, positives };
}

/**
 * The map as float64 in 0..1.
 *
 * With `stretch`, `(v - min) / (max - min)`; a constant map stays as it is (MATLAB's `mapminmax`).
 */
export function readMap(map: ProbabilityMap, stretch: boolean, where: string): Float64Array {
  const length = map.length;
  const bytes = map instanceof Uint8Array || map instanceof Uint8ClampedArray;
  const values = new Float64Array(length);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const value = bytes ? map[i]! / 255 : map[i]!;
    if (typeof value !== 'number' || !(value >= 0 && value <= 1)) refuseValue(map[i], i, where);
    values[i] = value;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (stretch && high > low && !(low === 0 && high === 1)) {
    const range = high - low;
    for (let i = 0; i < length; i++) values[i] = (values[i]! - low) / range;
  }
  return values;
}

function refuseValue(value: unknown, position: number, where: string): never {
  const shown = typeof value === 'number' ? value : String(value);
  const fix =
    typeof value === 'number' && Number.isFinite(value)
      ? 'Pass probabilities: apply the sigmoid to logits; pass 8-bit values as a Uint8Array.'
      : 'Look for the first layer that gives NaN or Infinity; such a map cannot be scored.';
  fail('METRICS_MAP_VALUE', `The map has the value ${shown} at position ${position}, outside 0..1.`, where, fix, {
    position,
    value: shown,
  });
}

/** Throws `METRICS_SIZE` unless the extents are positive integers whose product is `length`. */
export function requireExtents(shape: readonly number[], length: number, what: string, where: string): void {
  const positive = shape.length > 0 && shape.every((n) => Number.isInteger(n) && n > 0);
  const product = shape.reduce((a, b) => a * b, 1);
  if (positive && product === length) return;
  fail(
    'METRICS_SIZE',
    `The ${what} has ${length} values, but its extents are [${shape.join(', ')}], which is ${product}.`,
    where,
    'Pass positive integer extents of the array itself, one value a pixel.',
    { shape: [...shape], length },
  );
}
