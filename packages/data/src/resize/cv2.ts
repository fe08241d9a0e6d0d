/**
 * OpenCV's `cv2.resize` of 8-bit pictures, to the bit: `INTER_LINEAR` and `INTER_NEAREST`.
 *
 * Linear: half-pixel centres, two neighbours per axis and no low-pass, so shrinking skips samples. Positions are
 * rounded to float32, weights to 11-bit fixed point; the vertical step drops 4 bits before and 16 after multiplying.
 * One exception is OpenCV's own: halving both sizes exactly is a 2x2 mean (`INTER_AREA`).
 */
import { type ByteImage, checkSize } from '../image.js';
import { checkTarget } from './target.js';

const COEF_ONE = 1 << 11;

interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** Fixed-point weights, in units of 1 / {@link COEF_ONE}. */
  readonly lowWeight: Int32Array;
  readonly highWeight: Int32Array;
}

/** `cv2.resize(image, (width, height))`, bilinear. */
export function resizeCv2<T extends ByteImage>(image: T, width: number, height: number): T {
  checkSize(image, 'image to resize');
  checkTarget(width, height);
  const { channels, data: source, width: fromWidth } = image;
  if (width === image.width && height === image.height) return { ...image, data: Uint8Array.from(source) };
  if (width * 2 === image.width && height * 2 === image.height) return halve(image, width, height);
  const across = taps(image.width, width, true);
  const down = taps(image.height, height, false);
  const data = new Uint8Array(width * height * channels);
  const row = (y: number): Int32Array => {
    const out = new Int32Array(width * channels);
    for (let x = 0; x < width; x++) {
      const a = (y * fromWidth + (across.low[x] as number)) * channels;
      const b = (y * fromWidth + (across.high[x] as number)) * channels;
      const wa = across.lowWeight[x] as number;
      const wb = across.highWeight[x] as number;
      for (let c = 0; c < channels; c++) {
        out[x * channels + c] = (source[a + c] as number) * wa + (source[b + c] as number) * wb;
      }
    }
    return out;
  };
  // Neighbouring output rows share input rows: keep the last two.
  const cache = new Map<number, Int32Array>();
  const cached = (y: number): Int32Array => {
    let found = cache.get(y);
    if (found === undefined) {
      found = row(y);
      if (cache.size >= 2) cache.delete(Math.min(...cache.keys()));
      cache.set(y, found);
    }
    return found;
  };
  for (let y = 0; y < height; y++) {
    const top = cached(down.low[y] as number);
    const bottom = cached(down.high[y] as number);
    const wt = down.lowWeight[y] as number;
    const wb = down.highWeight[y] as number;
    for (let x = 0; x < top.length; x++) {
      const t = (wt * ((top[x] as number) >> 4)) >> 16;
      const b = (wb * ((bottom[x] as number) >> 4)) >> 16;
      data[y * top.length + x] = (t + b + 2) >> 2;
    }
  }
  return { width, height, channels, data } as T;
}

/** `cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST)`: sample `floor(i * from / to)`. */
export function resizeNearest<T extends ByteImage>(image: T, width: number, height: number): T {
  checkSize(image, 'image to resize');
  checkTarget(width, height);
  const { channels, data: source } = image;
  const data = new Uint8Array(width * height * channels);
  const stepX = 1 / (width / image.width);
  const stepY = 1 / (height / image.height);
  for (let y = 0, to = 0; y < height; y++) {
    const row = Math.min(image.height - 1, Math.floor(y * stepY)) * image.width;
    for (let x = 0; x < width; x++) {
      const from = (row + Math.min(image.width - 1, Math.floor(x * stepX))) * channels;
      for (let c = 0; c < channels; c++) data[to++] = source[from + c] as number;
    }
  }
  return { width, height, channels, data } as T;
}

/**
 * `atBorders`: whether a position beyond the outermost centres becomes that centre. OpenCV does so across a row; down a
 * column it keeps the fraction and reads the border row twice, which rounds differently.
 */
function taps(from: number, to: number, atBorders: boolean): Taps {
  const scale = 1 / (to / from);
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const lowWeight = new Int32Array(to);
  const highWeight = new Int32Array(to);
  for (let i = 0; i < to; i++) {
    const position = Math.fround((i + 0.5) * scale - 0.5);
    const sample = Math.floor(position);
    const outside = sample < 0 || sample >= from - 1;
    const fraction = outside && atBorders ? 0 : Math.fround(position - sample);
    low[i] = Math.min(from - 1, Math.max(0, sample));
    high[i] = Math.min(from - 1, Math.max(0, sample + 1));
    lowWeight[i] = roundHalfEven(Math.fround(1 - fraction) * COEF_ONE);
    highWeight[i] = roundHalfEven(fraction * COEF_ONE);
  }
  return { low, high, lowWeight, highWeight };
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function halve<T extends ByteImage>(image: T, width: number, height: number): T {
  const { channels, data: source } = image;
  const rowLength = image.width * channels;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        const at = 2 * y * rowLength + 2 * x * channels + c;
        const top = (source[at] as number) + (source[at + channels] as number);
        const bottom = (source[at + rowLength] as number) + (source[at + rowLength + channels] as number);
        data[to++] = (top + bottom + 2) >> 2;
      }
    }
  }
  return { width, height, channels, data } as T;
}
