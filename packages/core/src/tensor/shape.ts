/** Shape checks with errors that name the operator's place, the shapes, and the way out. */
import { InfnetError } from '@infnet/errors';
import { type DType, formatShape, type Shape, sameShape, type TensorType } from './types.js';

/** [N, C, H, W]. */
export type ImageShape = readonly [number, number, number, number];

/** Sizes in the two spatial dimensions: one number for both, or [vertical, horizontal]. */
export type Pair = number | readonly [number, number];

/** @throws InfnetError with the code, `SHAPE_...`. */
export function shapeError(code: `SHAPE_${string}`, where: string, message: string, fix?: string): never {
  throw new InfnetError(fix === undefined ? { code, message, where } : { code, message, where, fix });
}

/** The shape as [N, C, H, W]. @throws InfnetError `SHAPE_RANK` unless the rank is 4. */
export function imageShape(type: TensorType, what: string, where: string): ImageShape {
  if (type.shape.length === 4) return type.shape as unknown as ImageShape;
  return shapeError(
    'SHAPE_RANK',
    where,
    `${what} has the shape ${formatShape(type.shape)}; [batch, channels, height, width] is needed`,
    'Reshape it to four dimensions, e.g. reshape(x, [1, ...x.shape]).',
  );
}

/** @throws InfnetError `SHAPE_DTYPE` unless the element type is `dtype`. */
export function requireType(type: TensorType, dtype: DType, what: string, where: string): void {
  if (type.dtype !== dtype) shapeError('SHAPE_DTYPE', where, `${what} holds ${type.dtype}; ${dtype} is needed`);
}

/** @throws InfnetError `SHAPE_MISMATCH` unless the shapes are equal. */
export function requireShape(actual: Shape, expected: Shape, what: string, where: string): void {
  if (sameShape(actual, expected)) return;
  shapeError(
    'SHAPE_MISMATCH',
    where,
    `${what} has the shape ${formatShape(actual)}; ${formatShape(expected)} is needed`,
  );
}

/** Checks a count such as a kernel size. @throws InfnetError `SHAPE_ATTRIBUTE`. */
export function requireInteger(value: number, least: number, what: string, where: string): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  shapeError('SHAPE_ATTRIBUTE', where, `${what} is ${value}; an integer of at least ${least} is needed`);
}

/** One number for both directions, or the pair itself. */
export function pair(value: Pair): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** The axis counted from the front. @throws InfnetError `SHAPE_AXIS` when the tensor has no such axis. */
export function axisOf(axis: number, rank: number, where: string): number {
  const front = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(front) && front >= 0 && front < rank) return front;
  return shapeError('SHAPE_AXIS', where, `axis ${axis} does not exist in a tensor of ${rank} dimensions`);
}

/**
 * @throws InfnetError `SHAPE_AXIS` unless `axis` is one, counted from the front: what operators have as an attribute.
 */
export function requireAxis(axis: number, rank: number, where: string): void {
  if (axisOf(axis, rank, where) === axis) return;
  shapeError('SHAPE_AXIS', where, `axis ${axis} counts from the end; an operator's counts from the front`);
}

/** Checks a figure such as epsilon. @throws InfnetError `SHAPE_ATTRIBUTE` unless it lies between the two. */
export function requireBetween(value: number, least: number, most: number, what: string, where: string): void {
  if (value >= least && value <= most) return;
  const range = most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  shapeError('SHAPE_ATTRIBUTE', where, `${what} is ${value}; ${range} is needed`);
}

/** The largest epsilon: as a float32. */
export const MOST_EPS = 3.4028234663852886e38;

/** @throws InfnetError `SHAPE_INVALID` unless every size of every shape is a positive integer. */
export function requireSizes(where: string, ...shapes: readonly Shape[]): void {
  for (const shape of shapes) {
    if (Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size > 0)) continue;
    throw new InfnetError({
      code: 'SHAPE_INVALID',
      message: `the shape ${Array.isArray(shape) ? formatShape(shape) : String(shape)}: every size must be a positive integer`,
      where,
    });
  }
}

/** `infer` of an operator whose one result has shape and element type of its one operand, which holds floats. */
export function inferSame(x: TensorType, where: string): TensorType {
  requireType(x, 'f32', 'the input', where);
  return x;
}
