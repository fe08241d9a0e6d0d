import { checkpointError, FIX } from '../errors.js';

/** Which elements of a storage a tensor is made of, in elements: PyTorch's size, stride and storage offset. */
export interface Geometry {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** More axes than PyTorch itself allows. */
export const MAX_AXES: number = 64;

/** Number of elements. Infinite or rounded for absurd shapes, which then exceed any storage or budget. */
export function countElements(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
}

/** Strides of a contiguous tensor in row-major order. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(1, shape[axis] as number);
  }
  return strides;
}

/**
 * Whether the elements lie one after another. Strides of axes of size 1 do not count; an empty tensor is contiguous.
 */
export function isContiguous({ shape, strides }: Geometry): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** Index in the storage one past the last element that the tensor touches; its offset if the tensor is empty. */
export function extent({ shape, strides, offset }: Geometry): number {
  if (shape.includes(0)) return offset;
  let last = offset;
  for (let axis = 0; axis < shape.length; axis++) last += ((shape[axis] as number) - 1) * (strides[axis] as number);
  return last + 1;
}

/** Throws `CHECKPOINT_TENSOR` unless the tensor lies within a storage of `stored` elements. */
export function checkGeometry(geometry: Geometry, stored: number): void {
  const { shape, strides, offset } = geometry;
  const natural = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const axes = Math.max(shape.length, strides.length);
  if (axes > MAX_AXES) throw bad(`A tensor has ${axes} axes; at most ${MAX_AXES} are read.`, { axes });
  const facts = { shape, strides, offset, stored };
  if (shape.length !== strides.length || ![...shape, ...strides, offset].every(natural)) {
    throw bad(`A tensor has shape [${shape}], strides [${strides}] and offset ${offset}, which do not fit.`, facts);
  }
  const end = extent(geometry);
  if (end > stored) {
    throw bad(`A tensor of shape [${shape}] needs element ${end - 1} of a storage of ${stored} elements.`, facts);
  }
}

function bad(message: string, details: Readonly<Record<string, unknown>>): Error {
  return checkpointError('CHECKPOINT_TENSOR', message, FIX.download, details);
}
