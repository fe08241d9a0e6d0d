/** Shapes and element types. Tensors are row-major; images are NCHW (batch, channels, height, width). */

/** Element types of what JavaScript gives and gets: inputs, outputs, parameters. Four bytes each. */
export type HostDType = 'f32' | 'u32' | 'i32';

export const HOST_DTYPES: readonly HostDType[] = ['f32', 'u32', 'i32'];

/** Element type of a tensor. `f16` (two bytes) is what the planner stores at precision `half`; nobody else makes it. */
export type DType = HostDType | 'f16';

/** Sizes of the dimensions, outermost first. An empty shape is a scalar. */
export type Shape = readonly number[];

/** What is known of a tensor before anything runs. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The type of an input or output. */
export interface HostTensorType extends TensorType {
  readonly dtype: HostDType;
}

/** Number of elements. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of a tensor, without padding. */
export function byteLength(type: TensorType): number {
  return elementCount(type.shape) * (type.dtype === 'f16' ? 2 : 4);
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
