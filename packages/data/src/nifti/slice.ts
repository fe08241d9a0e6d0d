/**
 * Slices of a volume as pictures.
 *
 * **Which slices, and which way up.** See `orient.ts`: axial ones, lying in the patient as the released slices do,
 * whatever order the file stores them in. Those were also cropped to the lungs, which is not done here.
 *
 * **Which greys.** A window: the values that become black and white. The default is the usual lung window, for volumes
 * in Hounsfield units. Some published volumes hold windowed greys already (0..255); they want `minmax`.
 */
import { dataError } from '../errors.js';
import type { GreyImage } from '../image.js';
import { type SliceOrientation, sliceLayout } from './orient.js';
import type { Volume } from './volume.js';

/** `lung`: {@link LUNG_WINDOW}. `minmax`: the volume's own extremes. `[low, high]`: these values. */
export type VolumeWindow = 'lung' | 'minmax' | readonly [number, number];

/** Level -600, width 1500, in Hounsfield units: -1350 is black, 150 white. */
export const LUNG_WINDOW: readonly [number, number] = [-1350, 150];

export interface VolumeSliceOptions {
  /** Default `'lung'`. */
  readonly window?: VolumeWindow;
  /** Default `'released'`. */
  readonly orient?: SliceOrientation;
}

const extremesOf = new WeakMap<Volume, readonly [number, number]>();

/**
 * The least and the largest value, scaled; values that are not finite do not count, and a volume of only such gives [0,
 * 0].
 */
export function volumeExtremes(volume: Volume): readonly [number, number] {
  const known = extremesOf.get(volume);
  if (known !== undefined) return known;
  const { data, slope, intercept } = volume;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (value < low && value !== Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value !== Number.POSITIVE_INFINITY) high = value;
  }
  const ends = low > high ? [0, 0] : [low * slope + intercept, high * slope + intercept];
  const extremes = [Math.min(...ends), Math.max(...ends)] as const;
  extremesOf.set(volume, extremes);
  return extremes;
}

/** The values that become black and white. @throws `DATA_ARGUMENT` unless low is below high */
export function windowRange(volume: Volume, window: VolumeWindow = 'lung'): readonly [number, number] {
  if (window === 'lung') return LUNG_WINDOW;
  if (window === 'minmax') return volumeExtremes(volume);
  const [low, high] = window;
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return window;
  throw dataError({
    code: 'DATA_ARGUMENT',
    message: `The window [${low}, ${high}] is empty.`,
    fix: "Give [low, high] with low < high, e.g. [-1350, 150] in Hounsfield units, 'lung' or 'minmax'.",
  });
}

/**
 * Slice `index` as an 8-bit picture: `round(255 * (value - low) / (high - low))`, clipped to 0..255; values that are no
 * numbers are black.
 *
 * @param index along the slices' axis as the file stores it, counted from 0; see {@link sliceLayout} for how many there
 *   are
 * @throws `DATA_ARGUMENT` for a slice that is not there, an empty window, or an orientation that is none
 */
export function volumeSlice(volume: Volume, index: number, options: VolumeSliceOptions = {}): GreyImage {
  const { window = 'lung', orient = 'released' } = options;
  const { data, slope, intercept } = volume;
  const { width, height, count, start, across, down, through } = sliceLayout(volume, orient);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `There is no slice ${index}: the volume has ${count}, counted from 0.`,
    });
  }
  const [low, high] = windowRange(volume, window);
  const factor = high > low ? 255 / (high - low) : 0;
  const out = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    let from = start + index * through + y * down;
    for (let x = 0; x < width; x++, from += across) {
      const shade = ((data[from] as number) * slope + intercept - low) * factor;
      // Not a number compares false both ways and stays 0.
      out[to++] = shade >= 255 ? 255 : shade > 0 ? Math.round(shade) : 0;
    }
  }
  return { width, height, channels: 1, data: out };
}
