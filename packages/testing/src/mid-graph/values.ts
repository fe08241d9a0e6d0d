/** Values to differentiate operators at. */
import { fill, sizeOf } from '../recipe.js';

/** float32 values with their shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Values of the recipe's uniform stream, in [add - scale, add + scale). */
export function uniformValues(name: string, shape: readonly number[], scale = 1, add = 0): Values {
  return { shape, data: fill(name, sizeOf(shape), scale, add) };
}

/**
 * Values that keep away from kinks: inside every map of [N, C, H, W] (else: in the whole tensor) no two are closer than
 * `gap`, and none is closer than half of that to zero. In random order, symmetrical around zero.
 */
export function spacedValues(name: string, shape: readonly number[], gap = 0.02): Values {
  const noise = fill(name, sizeOf(shape));
  const area = shape.length === 4 ? sizeOf(shape.slice(2)) : noise.length;
  const data = new Float32Array(noise.length);
  for (let start = 0; start < noise.length; start += area) {
    const order = Array.from({ length: area }, (_, i) => start + i);
    order.sort((p, q) => (noise[p] as number) - (noise[q] as number));
    for (const [rank, i] of order.entries()) data[i] = (rank - Math.floor(area / 2) + 0.5) * gap;
  }
  return { shape, data };
}
