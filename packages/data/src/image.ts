/**
 * Pictures in memory: what a decoder delivers and the two 8-bit kinds everything else works on.
 *
 * Conversions follow Pillow, because the reference opens every file with `Image.open(f).convert('RGB')` (slices) or
 * `.convert('L')` (masks): alpha is dropped, not blended; palettes are looked up; grey is the ITU-R 601 weighting in
 * 16-bit fixed point.
 *
 * 16-bit files are the one place where Pillow is not followed: it clips 16-bit grey to white. Here a sample keeps its
 * high byte (`v >> 8`, the full range 0..65535 onto 0..255), which is also what Pillow does for 16-bit colour. Files
 * that use only part of the range (12-bit CT in 16-bit PNG) want an explicit `range`; `rangeNote` tells them.
 */
import { dataError } from './errors.js';
import type { DataNote } from './notes.js';

/** An 8-bit grey picture, row-major, `data[y * width + x]`. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1;
  readonly data: Uint8Array;
}

/** An 8-bit RGB picture, row-major and interleaved, `data[(y * width + x) * 3 + c]`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly data: Uint8Array;
}

export type ByteImage = GreyImage | RgbImage;

/** A decoded file, lossless: interleaved samples with as many channels and bits as the file has. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA. Palettes are expanded to RGB, or RGBA if they have transparency. */
  readonly channels: 1 | 2 | 3 | 4;
  /** Bits per sample. PNG samples of 1, 2 and 4 bits are stretched to 8. */
  readonly depth: 8 | 16;
  /** `Uint8Array` when `depth` is 8, `Uint16Array` when it is 16; `width * height * channels` samples. */
  readonly data: Uint8Array | Uint16Array;
  readonly format: 'png' | 'jpeg';
  /**
   * Of a palette PNG: the index of every pixel, row-major, and the colours, RGB or RGBA. `data` holds the colours
   * looked up.
   */
  readonly indices?: Uint8Array;
  readonly palette?: readonly (readonly number[])[];
  /** What was noticed in the file that does not keep it from being read; left out where there is nothing. */
  readonly notes?: readonly DataNote[];
}

/** Anything {@link toRgb8} and {@link toGrey8} take. */
export type AnyImage = DecodedImage | ByteImage;

export interface DepthOptions {
  /**
   * Which 16-bit samples become 0 and 255. `'full'` (default): 0..65535 by `v >> 8`. `'minmax'`: the picture's own
   * extremes. `[low, high]`: these two, clipped outside and rounded to nearest. Ignored for 8-bit pictures.
   */
  readonly range?: 'full' | 'minmax' | readonly [number, number];
}

/** RGB, 8 bit, as Pillow's `convert('RGB')`; 16 bit see {@link DepthOptions}. The input is never modified. */
export function toRgb8(image: AnyImage, options: DepthOptions = {}): RgbImage {
  const { width, height, channels, data: samples } = image;
  const bytes = byteOf(image, options);
  if (channels === 3 && bytes === undefined) return { width, height, channels: 3, data: new Uint8Array(samples) };
  const count = width * height;
  const data = new Uint8Array(count * 3);
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  const byte = bytes ?? SAME_BYTE;
  for (let i = 0, from = 0, to = 0; i < count; i++, from += channels, to += 3) {
    data[to] = byte[samples[from]!]!;
    data[to + 1] = byte[samples[from + green]!]!;
    data[to + 2] = byte[samples[from + blue]!]!;
  }
  return { width, height, channels: 3, data };
}

/** Grey, 8 bit, as Pillow's `convert('L')`: `(19595 R + 38470 G + 7471 B + 32768) >> 16`. */
export function toGrey8(image: AnyImage, options: DepthOptions = {}): GreyImage {
  const { width, height, channels, data: samples } = image;
  const bytes = byteOf(image, options);
  if (channels === 1 && bytes === undefined) return { width, height, channels: 1, data: new Uint8Array(samples) };
  const count = width * height;
  const data = new Uint8Array(count);
  const byte = bytes ?? SAME_BYTE;
  if (channels <= 2) {
    for (let i = 0, from = 0; i < count; i++, from += channels) data[i] = byte[samples[from]!]!;
  } else {
    for (let i = 0, from = 0; i < count; i++, from += channels) {
      data[i] = greyOf(byte[samples[from]!]!, byte[samples[from + 1]!]!, byte[samples[from + 2]!]!);
    }
  }
  return { width, height, channels: 1, data };
}

/** Of pictures that have bytes already. */
const SAME_BYTE: Uint8Array = Uint8Array.from({ length: 256 }, (_, value) => value);

function greyOf(r: number, g: number, b: number): number {
  return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
}

/** The byte that each 16-bit sample becomes; undefined where samples are bytes. */
function byteOf(image: AnyImage, options: DepthOptions): Uint8Array | undefined {
  const { data } = image;
  checkSize(image, 'image');
  if (!(data instanceof Uint16Array)) return undefined;
  const range = options.range ?? 'full';
  const bytes = new Uint8Array(65536);
  if (range === 'full') {
    for (let value = 0; value < bytes.length; value++) bytes[value] = value >> 8;
    return bytes;
  }
  const [low, high] = range === 'minmax' ? extremes(data, image.channels) : range;
  if (!(high >= low)) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `The 16-bit range [${low}, ${high}] is empty.`,
      fix: 'Give [low, high] with low < high, e.g. [0, 4095] for 12-bit samples.',
    });
  }
  const scale = high === low ? 0 : 255 / (high - low);
  for (let value = 0; value < bytes.length; value++) {
    bytes[value] = Math.round(Math.min(255, Math.max(0, (value - low) * scale)));
  }
  return bytes;
}

/** Of the colours: what is opaque is as white as can be, and says nothing of the picture. */
function extremes(data: ArrayLike<number>, channels: number): [number, number] {
  const colours = channels % 2 === 0 ? channels - 1 : channels;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < colours; c++) {
      const value = data[i + c] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

/**
 * Throws `DATA_ARGUMENT` unless the sizes are positive integers and the array has `width * height * channels` elements.
 */
export function checkSize(
  image: {
    readonly width: number;
    readonly height: number;
    readonly channels?: number;
    readonly data: ArrayLike<number>;
  },
  what: string,
): void {
  const { width, height, channels = 1, data } = image;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `The ${what} is ${width}x${height}; both sizes must be positive integers.`,
    });
  }
  if (data.length !== width * height * channels) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `The ${what} of ${width}x${height} with ${channels} channel(s) needs ${width * height * channels} elements, its array has ${data.length}.`,
      details: { width, height, channels, length: data.length },
    });
  }
}
