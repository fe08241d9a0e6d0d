/**
 * The exact Euclidean distance transform: from every voxel to the nearest voxel of a mask.
 *
 * Squared distance is a sum over the axes, so it can be minimised one axis at a time (Felzenszwalb and Huttenlocher,
 * "Distance Transforms of Sampled Functions", Theory of Computing 8, 2012). Along one line with samples f(j) at
 * positions p(j) = j * spacing, the result is the lower envelope of the parabolas (x - p(j))^2 + f(j). One sweep builds
 * the envelope: a new parabola removes those it undercuts from the end, each enters and leaves once. A second sweep
 * reads it. So the cost is linear in the voxels, whatever the distances, and spacing may differ by axis.
 */
import { type Mask, readMask } from '../input.js';
import { type Geometry, readGeometry } from './geometry.js';

/**
 * Distance from each voxel centre to the nearest infected one's, in units of the spacing; float64, 0 on the mask
 * itself, Infinity everywhere when the mask is empty.
 *
 * @throws METRICS_SIZE, METRICS_MASK_VALUE, METRICS_SPACING
 */
export function distanceTransform(mask: Mask, geometry: Geometry): Float64Array {
  const where = 'distanceTransform';
  const spacing = readGeometry(geometry, mask.length, where);
  const squared = squaredDistances(readMask(mask, mask.length, where).data, geometry.shape, spacing);
  for (let i = 0; i < squared.length; i++) squared[i] = Math.sqrt(squared[i]!);
  return squared;
}

/** The squared distances; `mask` is 0/1. */
export function squaredDistances(mask: Uint8Array, shape: readonly number[], spacing: readonly number[]): Float64Array {
  const field = new Float64Array(mask.length);
  for (let i = 0; i < mask.length; i++) if (mask[i] === 0) field[i] = Number.POSITIVE_INFINITY;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    transformAxis(field, shape[axis]!, stride, spacing[axis]!);
    stride *= shape[axis]!;
  }
  return field;
}

/** Replaces every line of `extent` values, `stride` apart, by the lower envelope of its parabolas. */
function transformAxis(field: Float64Array, extent: number, stride: number, spacing: number): void {
  if (extent === 1) return;
  const line = new Float64Array(extent);
  const apex = new Int32Array(extent); // index of each parabola of the envelope, left to right
  const from = new Float64Array(extent); // where it becomes the lowest
  for (let block = 0; block < field.length; block += extent * stride) {
    for (let offset = block; offset < block + stride; offset++) {
      for (let j = 0; j < extent; j++) line[j] = field[offset + j * stride]!;
      const count = envelope(line, spacing, apex, from);
      if (count === 0) continue; // nothing on this line: it stays at Infinity
      for (let j = 0, k = 0; j < extent; j++) {
        const x = j * spacing;
        while (k + 1 < count && from[k + 1]! <= x) k++;
        const away = (j - apex[k]!) * spacing;
        field[offset + j * stride] = away * away + line[apex[k]!]!;
      }
    }
  }
}

/** Builds the envelope of `line` in `apex` and `from`; returns how many parabolas it has. */
function envelope(line: Float64Array, spacing: number, apex: Int32Array, from: Float64Array): number {
  let count = 0;
  for (let j = 0; j < line.length; j++) {
    if (line[j] === Number.POSITIVE_INFINITY) continue;
    let start = Number.NEGATIVE_INFINITY;
    while (count > 0) {
      start = crossing(line, spacing, apex[count - 1]!, j);
      if (start > from[count - 1]!) break;
      count--;
      start = Number.NEGATIVE_INFINITY;
    }
    apex[count] = j;
    from[count] = start;
    count++;
  }
  return count;
}

/** Where the parabola of `right` becomes lower than that of `left`, an index further left. */
function crossing(line: Float64Array, spacing: number, left: number, right: number): number {
  const middle = ((left + right) / 2) * spacing;
  return middle + (line[right]! - line[left]!) / (2 * (right - left) * spacing);
}
