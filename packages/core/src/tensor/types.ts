/** Shapes and element types. Tensors are row-major; images are NCHW (batch, channels, height, width). */

/** Element type of a tensor. Four bytes each. */
export type DType = 'f32' | 'u32' | 'i32';

/** Sizes of the dimensions, outermost first. An empty shape is a scalar. */
export type Shape = readonly number[];

/** What is known of a tensor before anything runs. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of a tensor; every element type has four. */
export function byteLength(type: TensorType): number {
  return elementCount(type.shape) * 4;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** `[1, 3, 352, 352]`, for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function f32(shape: Shape): TensorType {
  return { shape, dtype: 'f32' };
}
