/** Resizing of float maps: probabilities back to the slice's own size. */
import { checkSize } from '../image.js';
import { checkTarget } from './target.js';

/** A float map, row-major, `data[y * width + x]`: a probability, a logit, a soft mask. */
export interface FloatMap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * Bilinear resize with half-pixel centres, clamped at the borders and without low-pass: the convention of
 * `F.interpolate(mode='bilinear', align_corners=False)`. Output pixel i samples `(i + 0.5) * from / to - 0.5`. Computed
 * in float64, rounded once. Values never leave the range of the input, so probabilities stay probabilities.
 *
 * (The released test code saves maps at 352x352 and leaves the resizing to MATLAB's bicubic `imresize`; quirks 20, 29.)
 */
export function resizeBilinearFloat(map: FloatMap, width: number, height: number): FloatMap {
  checkSize(map, 'map to resize');
  checkTarget(width, height);
  if (width === map.width && height === map.height) return { width, height, data: map.data.slice() };
  const across = positions(map.width, width);
  const down = positions(map.height, height);
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const top = (down.low[y] as number) * map.width;
    const bottom = (down.high[y] as number) * map.width;
    const fy = down.fraction[y] as number;
    for (let x = 0; x < width; x++) {
      const left = across.low[x] as number;
      const right = across.high[x] as number;
      const fx = across.fraction[x] as number;
      const upper = mix(map.data[top + left] as number, map.data[top + right] as number, fx);
      const lower = mix(map.data[bottom + left] as number, map.data[bottom + right] as number, fx);
      data[y * width + x] = mix(upper, lower, fy);
    }
  }
  return { width, height, data };
}

function mix(a: number, b: number, t: number): number {
  return a * (1 - t) + b * t;
}

function positions(from: number, to: number): { low: Int32Array; high: Int32Array; fraction: Float64Array } {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const fraction = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const position = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const sample = Math.min(from - 1, Math.floor(position));
    low[i] = sample;
    high[i] = Math.min(from - 1, sample + 1);
    fraction[i] = position - sample;
  }
  return { low, high, fraction };
}
