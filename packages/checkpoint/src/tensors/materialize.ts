/**
 * From the bytes of a storage to a contiguous typed array.
 *
 * Three cases, cheapest first. A contiguous tensor whose bytes are aligned becomes a view: nothing is copied. One that
 * is not aligned (the older stream format places storages anywhere) is copied once. A strided one (a transposed weight,
 * a column of a shared storage) is gathered element by element. 16-bit floats are widened afterwards.
 */
import type { Budget } from '../bytes/budget.js';
import { type Dtype, dtypeLayout, type TensorData } from './dtype.js';
import { countElements, extent, type Geometry, isContiguous } from './geometry.js';
import { widenBfloat16, widenFloat16 } from './half.js';

/** What {@link materialize} may do. */
export interface MaterializeContext {
  readonly budget: Budget;
  /** Never return a view. */
  readonly copy: boolean;
}

/**
 * The elements of one tensor, in row-major order.
 *
 * @param storage all bytes of its storage
 * @param geometry checked by `checkGeometry` against the length of the storage
 */
export function materialize(
  storage: Uint8Array,
  dtype: Dtype,
  geometry: Geometry,
  context: MaterializeContext,
): TensorData {
  const { budget } = context;
  const count = countElements(geometry.shape);
  const widens = dtype === 'float16' || dtype === 'bfloat16';
  let raw: TensorData;
  if (isContiguous(geometry)) {
    raw = range(storage, dtype, geometry.offset, count, { budget, copy: context.copy && !widens });
  } else {
    const target = budget.allocate(dtypeLayout(dtype).array, count);
    const source = range(storage, dtype, geometry.offset, extent(geometry) - geometry.offset, { budget, copy: false });
    gather(source as Float32Array, geometry, target as Float32Array);
    raw = target;
  }
  if (!widens) return raw;
  const wide = budget.allocate(Float32Array, count);
  (dtype === 'float16' ? widenFloat16 : widenBfloat16)(raw as Uint16Array, wide);
  return wide;
}

/** `count` elements from element `start` of the storage: a view if alignment allows, else a copy. */
function range(
  storage: Uint8Array,
  dtype: Dtype,
  start: number,
  count: number,
  { budget, copy }: MaterializeContext,
): TensorData {
  const { array, size } = dtypeLayout(dtype);
  const begin = storage.byteOffset + start * size;
  if (!copy && begin % size === 0) return new array(storage.buffer, begin, count);
  // Unlike a new array that is then filled, a slice is not zeroed first.
  return new array(budget.copy(storage.buffer, begin, count * size), 0, count);
}

/**
 * Copies a strided tensor whose first element is `source[0]` into `target`, row-major. Typed for float32, right for
 * every element type: elements are moved, never computed with.
 */
function gather(source: Float32Array, { shape, strides }: Geometry, target: Float32Array): void {
  const last = shape.length - 1;
  const rowLength = shape[last] as number;
  const rowStride = strides[last] as number;
  const index = new Array<number>(last).fill(0);
  let from = 0;
  for (let to = 0; to < target.length; ) {
    for (let k = 0, at = from; k < rowLength; k++, at += rowStride) target[to++] = source[at]!;
    // Next row: count up like an odometer, innermost axis first.
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis]!++;
      if (index[axis]! < (shape[axis] as number)) break;
      from -= (shape[axis] as number) * (strides[axis] as number);
      index[axis] = 0;
    }
  }
}
