/**
 * Pillow's bilinear resize of 8-bit pictures, to the bit (`Image.resize(size, BILINEAR)`, torchvision's `Resize`).
 *
 * Two passes, horizontal then vertical, with an 8-bit picture between them; a pass whose size does not change is left
 * out. The filter is a triangle around the half-pixel centre. When shrinking by s it is s times wider, so it averages
 * what it covers (a low-pass, unlike OpenCV's). Weights are computed in float64, normalised, then rounded to 22-bit
 * fixed point; each output is an integer sum plus one half, shifted down.
 */
import { type ByteImage, checkSize } from '../image.js';
import { checkTarget } from './target.js';

const PRECISION_BITS = 22;

interface Weights {
  /** First input sample of each output sample. */
  readonly first: Int32Array;
  /** Number of input samples of each output sample. */
  readonly count: Int32Array;
  /** `taps` fixed-point weights per output sample. */
  readonly fixed: Int32Array;
  readonly taps: number;
}

/** Resizes to `width` x `height`. The same number of channels comes back; the input is not modified. */
export function resizePillow<T extends ByteImage>(image: T, width: number, height: number): T {
  checkSize(image, 'image to resize');
  checkTarget(width, height);
  const { channels } = image;
  let data: Uint8Array = image.data;
  if (width !== image.width) {
    data = horizontal(data, image.width, image.height, channels, weights(image.width, width));
  }
  if (height !== image.height) data = vertical(data, width * channels, weights(image.height, height));
  // Not slice(): a Buffer's shares its memory.
  if (data === image.data) data = Uint8Array.from(data);
  return { width, height, channels, data } as T;
}

function weights(from: number, to: number): Weights {
  const scale = from / to;
  const filterScale = Math.max(scale, 1);
  const support = filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const fixed = new Int32Array(to * taps);
  const real = new Float64Array(taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const n = Math.min(from, Math.trunc(centre + support + 0.5)) - low;
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const w = Math.max(0, 1 - Math.abs((k + low - centre + 0.5) * (1 / filterScale)));
      real[k] = w;
      sum += w;
    }
    for (let k = 0; k < n; k++) {
      const w = sum === 0 ? (real[k] as number) : (real[k] as number) / sum;
      fixed[i * taps + k] = Math.trunc(0.5 + w * 2 ** PRECISION_BITS);
    }
    first[i] = low;
    count[i] = n;
  }
  return { first, count, fixed, taps };
}

function horizontal(source: Uint8Array, width: number, height: number, channels: number, w: Weights): Uint8Array {
  const to = w.first.length;
  const out = new Uint8Array(to * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < to; x++) {
      const n = w.count[x] as number;
      const from = (y * width + (w.first[x] as number)) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 1 << (PRECISION_BITS - 1);
        for (let k = 0; k < n; k++) {
          sum += (source[from + k * channels + c] as number) * (w.fixed[x * w.taps + k] as number);
        }
        out[(y * to + x) * channels + c] = clip8(sum);
      }
    }
  }
  return out;
}

function vertical(source: Uint8Array, rowLength: number, w: Weights): Uint8Array {
  const to = w.first.length;
  const out = new Uint8Array(to * rowLength);
  for (let y = 0; y < to; y++) {
    const n = w.count[y] as number;
    const from = (w.first[y] as number) * rowLength;
    for (let x = 0; x < rowLength; x++) {
      let sum = 1 << (PRECISION_BITS - 1);
      for (let k = 0; k < n; k++)
        sum += (source[from + k * rowLength + x] as number) * (w.fixed[y * w.taps + k] as number);
      out[y * rowLength + x] = clip8(sum);
    }
  }
  return out;
}

function clip8(sum: number): number {
  return Math.min(255, Math.max(0, sum >> PRECISION_BITS));
}
