/**
 * narrow: a range of a tensor along one axis. Along channels the planner makes it free. Its transpose, and so its
 * gradient, is to place a tensor among zeros.
 */
import {
  applyOne,
  axisOf,
  defineOperator,
  formatShape,
  type Operator,
  requireAxis,
  requireInteger,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { copyAlongAxis } from './copy.js';
import { lowerPlaceInZeros } from './pad.js';

export type NarrowAttributes = {
  readonly axis: number;
  readonly start: number;
  readonly length: number;
};

export const narrowOperator: Operator<NarrowAttributes> = standardOperator(
  defineOperator({
    name: 'narrow',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x: { shape, dtype } }, { axis, start, length }, where) {
      requireAxis(axis, shape.length, where);
      const size = shape[axis] as number;
      requireInteger(start, 0, 'start', where);
      requireInteger(length, 1, 'length', where);
      if (start + length > size) {
        shapeError(
          'SHAPE_RANGE',
          where,
          `the range [${start}, ${start + length}) does not lie in dimension ${axis} of ${formatShape(shape)}`,
        );
      }
      return { y: { shape: shape.map((s, d) => (d === axis ? length : s)), dtype } };
    },
    lower: ({ inputs: { x }, outputs: { y }, attributes: { axis, start, length } }) =>
      copyAlongAxis(x, y, axis, length, start, 0),
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { axis, start } }) => ({
      x: placeInZeros(g, axis, start, x.shape[axis] as number),
    }),
    placement: ({ axis, start }) => (axis === 1 ? { kind: 'channelRanges', starts: [start] } : undefined),
  }),
);

/** The tensor becomes indices [start, start + its size) of dimension `axis` of size `total`; the rest is 0. */
export const placeInZerosOperator: Operator<{ readonly axis: number; readonly start: number; readonly total: number }> =
  standardOperator(
    defineOperator({
      name: 'placeInZeros',
      inputs: ['x'],
      outputs: ['y'],
      infer({ x: { shape, dtype } }, { axis, start, total }, where) {
        requireAxis(axis, shape.length, where);
        requireInteger(start, 0, 'start', where);
        requireInteger(total, 1, 'the total size', where);
        const size = shape[axis] as number;
        if (start + size > total)
          shapeError('SHAPE_RANGE', where, `${formatShape(shape)} does not fit ${total} from ${start} on`);
        return { y: { shape: shape.map((s, d) => (d === axis ? total : s)), dtype } };
      },
      lower: ({ inputs: { x }, outputs: { y }, attributes: { axis, start } }) => [lowerPlaceInZeros(x, y, axis, start)],
      gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { axis, start } }) => ({
        x: narrow(g, axis, start, x.shape[axis] as number),
      }),
    }),
  );

/**
 * `x` as indices [start, start + its size) of a dimension of size `total`, zeros around it. The transpose of narrow.
 */
export function placeInZeros(x: TensorLike, axis: number, start: number, total: number): Tensor {
  return applyOne(placeInZerosOperator, [x], { axis: axisOf(axis, x.shape.length, 'placeInZeros'), start, total });
}

/** `length` indices of dimension `axis`, from `start` on. @throws InfnetError `SHAPE_RANGE`, `SHAPE_AXIS`. */
export function narrow(x: TensorLike, axis: number, start: number, length: number): Tensor {
  return applyOne(narrowOperator, [x], { axis: axisOf(axis, x.shape.length, 'narrow'), start, length });
}

/** Indices [start, end) of dimension `axis` (default end: its size); negative ones count from the end. */
export function slice(x: TensorLike, axis: number, start: number, end?: number): Tensor {
  const front = axisOf(axis, x.shape.length, 'slice');
  const size = x.shape[front] as number;
  const [from, to] = [start, end ?? size].map((value) => (value < 0 ? value + size : value)) as [number, number];
  return narrow(x, front, from, to - from);
}
