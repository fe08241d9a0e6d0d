/**
 * Random variations of a slice: flips, a small rotation and change of scale, and the picture's brightness.
 *
 * The same random number gives the same bits on every machine. Draws come from integer arithmetic (PCG); a rotation is
 * made of t = tan(angle / 2) as cos = (1 - t^2) / (1 + t^2), sin = 2 t / (1 + t^2), so that no sine is needed; the
 * curve of brightness is a table of 256 bytes, its power computed from + - * / (`arithmetic.ts`). What is left is
 * float64 arithmetic that IEEE 754 fixes, rounded to bytes.
 *
 * Everything is done at the slice's own size, before the resize to the network's, in one pass of bilinear sampling.
 * Mask and edge are sampled at the same places as the picture (their borders become soft, as they do in the resize).
 * Outside the slice its border goes on, in all three. A draw without rotation and scale moves pixels without touching
 * their values.
 */
import type { ClassMap } from '../classes/class-map.js';
import { dataError } from '../errors.js';
import type { ByteImage } from '../image.js';
import { Random } from '../phantom/random.js';
import { power, tangent } from './arithmetic.js';
import type { LoadedSlice } from './load.js';
import { flip, warp, warpNearest } from './warp.js';

/** What may vary, and how far. Whatever is left out does not. */
export interface AugmentationOptions {
  /** Probability of mirroring left and right, 0..1. */
  readonly flipHorizontal?: number;
  /** Probability of mirroring top and bottom, 0..1. */
  readonly flipVertical?: number;
  /** Largest rotation in degrees, either way, 0..45. */
  readonly rotate?: number;
  /** Largest change of size s, 0..1: factors 1 / (1 + s) .. 1 + s, enlarging as likely as shrinking. */
  readonly scale?: number;
  /** Largest change of contrast g, 0..1: grey values are multiplied by 1 / (1 + g) .. 1 + g. */
  readonly gain?: number;
  /** Largest change of brightness, as a share of white, either way, 0..1. */
  readonly offset?: number;
  /** Largest bend g of the grey curve, 0..3: v^gamma with gamma in 1 / (1 + g) .. 1 + g. Black and white stay. */
  readonly gamma?: number;
}

/** What one random number made of the options. */
export interface Augmentation {
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
  /** tan(angle / 2), counter-clockwise as seen. */
  readonly halfTangent: number;
  readonly scale: number;
  readonly gain: number;
  readonly offset: number;
  readonly gamma: number;
}

/** Mild variations that leave a slice plausible. */
export const MILD_AUGMENTATION: AugmentationOptions = {
  flipHorizontal: 0.5,
  flipVertical: 0.5,
  rotate: 10,
  scale: 0.1,
  gain: 0.1,
  offset: 0.05,
  gamma: 0.2,
};

const LIMITS: Readonly<Record<keyof AugmentationOptions, number>> = {
  flipHorizontal: 1,
  flipVertical: 1,
  rotate: 45,
  scale: 1,
  gain: 1,
  offset: 1,
  gamma: 3,
};

/** A random number for an item of an epoch: the same on every machine, unrelated to those of other items and epochs. */
export function itemSeed(seed: number, epoch: number, index: number): number {
  let state = new Random(seed).next();
  for (const part of [epoch, index]) state = new Random((state ^ Math.imul(part + 1, 0x9e3779b1)) >>> 0).next();
  return state;
}

/**
 * The variation that belongs to a random number (a whole one, 0 .. 2^32 - 1). All draws are made always, in one order,
 * so turning one option on or off leaves the others as they were.
 *
 * @throws `DATA_ARGUMENT` for options or numbers out of range
 */
export function drawAugmentation(options: AugmentationOptions, random: number): Augmentation {
  checkAugmentation(options);
  if (!Number.isInteger(random) || random < 0 || random > 0xffffffff) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `An augmentation needs a random number from 0 to 2^32 - 1, got ${random}.`,
      fix: 'Use itemSeed(seed, epoch, index).',
    });
  }
  const { flipHorizontal = 0, flipVertical = 0, rotate = 0, scale = 0, gain = 0, offset = 0, gamma = 0 } = options;
  const draw = new Random(random);
  const swing = (): number => draw.uniform(-1, 1);
  return {
    flipHorizontal: draw.uniform() < flipHorizontal,
    flipVertical: draw.uniform() < flipVertical,
    halfTangent: swing() * tangent(rotate / 2),
    scale: factor(swing(), scale),
    gain: factor(swing(), gain),
    offset: swing() * offset,
    gamma: factor(swing(), gamma),
  };
}

/** Throws `DATA_ARGUMENT` for an unknown option or one out of range. */
export function checkAugmentation(options: AugmentationOptions): void {
  for (const [name, value] of Object.entries(options) as [keyof AugmentationOptions, number | undefined][]) {
    const limit = LIMITS[name];
    if (value === undefined || (limit !== undefined && value >= 0 && value <= limit)) continue;
    throw dataError({
      code: 'DATA_ARGUMENT',
      message:
        limit === undefined
          ? `There is no augmentation ${name}.`
          : `The augmentation ${name} is ${value}, it must be from 0 to ${limit}.`,
      fix: `Use ${Object.keys(LIMITS).join(', ')}.`,
    });
  }
}

/** What may be augmented: a slice with mask and edge, or with prior and classes. */
export type Augmentable = LoadedSlice & { readonly prior?: ByteImage; readonly classes?: ClassMap };

/**
 * Applies a variation to the picture and to what belongs to it. Class maps move by nearest neighbour and keep their
 * values. The input is not modified.
 */
export function augment<S extends Augmentable>(slice: S, variation: Augmentation): S {
  const { image, mask, edge, prior, classes } = slice;
  return {
    image: adjust(move(image, variation), variation),
    ...(mask === undefined ? {} : { mask: move(mask, variation) }),
    ...(edge === undefined ? {} : { edge: move(edge, variation) }),
    ...(prior === undefined ? {} : { prior: move(prior, variation) }),
    ...(classes === undefined ? {} : { classes: move(classes, variation, warpNearest) }),
  } as S;
}

/** A slice as a random number varies it; without options as it is. */
export function varied<S extends Augmentable>(slice: S, options: AugmentationOptions | undefined, random = 0): S {
  return options === undefined ? slice : augment(slice, drawAugmentation(options, random));
}

function move<T extends ByteImage>(
  image: T,
  { flipHorizontal, flipVertical, halfTangent, scale }: Augmentation,
  by: (image: T, halfTangent: number, scale: number) => T = warp,
): T {
  const flipped = flip(image, flipHorizontal, flipVertical);
  return halfTangent === 0 && scale === 1 ? flipped : by(flipped, halfTangent, scale);
}

/** Grey values: first the bend, then gain and offset, clipped. */
function adjust<T extends ByteImage>(image: T, { gain, offset, gamma }: Augmentation): T {
  if (gain === 1 && offset === 0 && gamma === 1) return image;
  const table = Uint8Array.from({ length: 256 }, (_, value) => {
    const bent = gamma === 1 ? value / 255 : power(value / 255, gamma);
    return Math.round(Math.min(255, Math.max(0, 255 * (bent * gain + offset))));
  });
  return { ...image, data: image.data.map((value) => table[value] as number) };
}

/** 1 / (1 + most) .. 1 + most as `swing` goes from -1 to 1, 1 in the middle. */
function factor(swing: number, most: number): number {
  return swing < 0 ? 1 / (1 - swing * most) : 1 + swing * most;
}
