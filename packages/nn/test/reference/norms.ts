/** Group, instance and layer norm in float64, straight from their definition. */
import { type Array64, array64 } from './array.js';

/** Of the value at a position in memory: its group, and its weight. */
export type Membership = (index: number) => readonly [group: number, weight: number];

/** Groups of channels of [N, C, ...]. */
export function ofChannels(shape: readonly number[], groups: number): Membership {
  const [, channels = 1, ...rest] = shape;
  const area = rest.reduce((product, size) => product * size, 1);
  const size = (channels / groups) * area;
  return (index) => [Math.floor(index / size), Math.floor(index / area) % channels];
}

/** Rows of the last `size` values. */
export const ofRows =
  (size: number): Membership =>
  (index) => [Math.floor(index / size), index % size];

/** The channels at each position of [N, C, ...]. */
export function ofPositions(shape: readonly number[]): Membership {
  const [, channels = 1, ...rest] = shape;
  const area = rest.reduce((product, size) => product * size, 1);
  return (index) => {
    const plane = Math.floor(index / area);
    return [Math.floor(plane / channels) * area + (index % area), plane % channels];
  };
}

/** (x - mean) / sqrt(variance + eps) * weight + bias, mean and (biased) variance those of the value's group. */
export function norm(x: Array64, of: Membership, weight?: Array64, bias?: Array64, eps = 1e-5): Array64 {
  const groups = new Map<number, number[]>();
  for (const index of x.data.keys()) {
    const [group] = of(index);
    const found = groups.get(group);
    if (found === undefined) groups.set(group, [index]);
    else found.push(index);
  }
  const y = new Float64Array(x.data.length);
  for (const indices of groups.values()) {
    const mean = indices.reduce((sum, i) => sum + (x.data[i] as number), 0) / indices.length;
    const variance = indices.reduce((sum, i) => sum + ((x.data[i] as number) - mean) ** 2, 0) / indices.length;
    for (const i of indices) {
      const [, w] = of(i);
      const h = ((x.data[i] as number) - mean) / Math.sqrt(variance + eps);
      y[i] = h * (weight?.data[w] ?? 1) + (bias?.data[w] ?? 0);
    }
  }
  return array64(x.shape, y);
}
