/**
 * Slices of a volume as pictures, and maps of pictures back into the volume's order.
 *
 * **Which slices.** Those along the third axis as the file stores them: axial ones in nearly every CT volume. Nothing is turned or
 * flipped by the affine; `Volume.orientation` says where the axes lead.
 *
 * **Which way up.** In the file i runs fastest, so `as-stored` has i to the right and j down. Pictures of published sets come mostly from
 * `volume[:, :, k]` of a Python array, saved as it is: i down and j to the right, so that the patient lies sideways. The slices that the
 * released net learned from lie so, and therefore `transposed` is the default. They were also cropped to the lungs, which is not
 * done here.
 *
 * **Which greys.** A window: the values that become black and white. The default is the usual lung window, for volumes in Hounsfield units.
 * Some published volumes hold windowed greys already (0..255); they want `minmax`.
 */
import { dataError } from '../errors.js';
import type { GreyImage } from '../image.js';
import type { FloatMap } from '../resize/float.js';
import type { Volume } from './volume.js';

/** `lung`: {@link LUNG_WINDOW}. `minmax`: the volume's own extremes. `[low, high]`: these values. */
export type VolumeWindow = 'lung' | 'minmax' | readonly [number, number];

/** Level -600, width 1500, in Hounsfield units: -1350 is black, 150 white. */
export const LUNG_WINDOW: readonly [number, number] = [-1350, 150];

/** `transposed`: i down, j to the right, as the released slices lie. `as-stored`: i to the right, j down. */
export type SliceOrientation = 'transposed' | 'as-stored';

export interface VolumeSliceOptions {
  /** Default `'lung'`. */
  readonly window?: VolumeWindow;
  /** Default `'transposed'`. */
  readonly orient?: SliceOrientation;
}

const extremesOf = new WeakMap<Volume, readonly [number, number]>();

/** The least and the largest value, scaled; values that are not finite do not count, and a volume of only such gives [0, 0]. */
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
 * Slice `k` as an 8-bit picture: `round(255 * (value - low) / (high - low))`, clipped to 0..255; values that are no numbers are black.
 *
 * @returns `transposed`: `volume.height` wide and `volume.width` high; `as-stored`: the other way round
 * @throws `DATA_ARGUMENT` for a slice that is not there, or an empty window
 */
export function volumeSlice(volume: Volume, k: number, options: VolumeSliceOptions = {}): GreyImage {
  const { window = 'lung', orient = 'transposed' } = options;
  const { width, height, depth, data, slope, intercept } = volume;
  if (!Number.isInteger(k) || k < 0 || k >= depth) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `There is no slice ${k}: the volume has ${depth}, counted from 0.`,
    });
  }
  const [low, high] = windowRange(volume, window);
  const factor = high > low ? 255 / (high - low) : 0;
  const start = k * width * height;
  const stored = new Uint8Array(width * height);
  for (let i = 0; i < stored.length; i++) {
    const shade = ((data[start + i] as number) * slope + intercept - low) * factor;
    // Not a number compares false both ways and stays 0.
    stored[i] = shade >= 255 ? 255 : shade > 0 ? Math.round(shade) : 0;
  }
  if (orient === 'as-stored') return { width, height, channels: 1, data: stored };
  return {
    width: height,
    height: width,
    channels: 1,
    data: transpose(stored, width, height, new Uint8Array(stored.length)),
  };
}

/**
 * A map over the picture that {@link volumeSlice} made, in the volume's order: `result[j * volume.width + i]`.
 *
 * @param map as wide and high as that picture
 */
export function toVolumeOrder(map: FloatMap, orient: SliceOrientation = 'transposed'): Float32Array {
  const { width, height, data } = map;
  return orient === 'as-stored' ? data : transpose(data, width, height, new Float32Array(data.length));
}

/** Rows become columns: `to[x * height + y] = from[y * width + x]`. */
function transpose<T extends Uint8Array | Float32Array>(from: T, width: number, height: number, to: T): T {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) to[x * height + y] = from[y * width + x] as number;
  }
  return to;
}
