/** roll: values that leave a dimension at its end come in at its beginning. tile: a tensor again and again. */
import {
  applyOne,
  axisOf,
  defineOperator,
  elementCount,
  type Operator,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { reshape } from '../placement/reshape.js';
import { sum } from '../reduce/sum.js';
import { lowerRearrange, requireEach, requireRank } from './rearrange.js';

export type RollAttributes = {
  /** By how much each dimension is moved, from 0 to its size. */
  readonly shifts: readonly number[];
};

export const rollOperator: Operator<RollAttributes> = standardOperator(
  defineOperator({
    name: 'roll',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { shifts }, where) {
      requireRank(x, where);
      requireEach(shifts, x.shape, 0, 'the shifts', where);
      return { y: x };
    },
    lower: ({ inputs: { x }, outputs: { y }, attributes: { shifts } }) => {
      const sources = x.type.shape.map((size, axis) => ({
        axis,
        add: (size - ((shifts[axis] as number) % size)) % size,
      }));
      return [lowerRearrange(x, y, sources, 'wrap')];
    },
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { shifts } }) => {
      const back = x.shape.map((size, d) => (size - ((shifts[d] as number) % size)) % size);
      return { x: applyOne(rollOperator, [g], { shifts: back }) };
    },
    selectsValues: true,
  }),
);

/**
 * Moves the values of dimension `axes[i]` by `shifts[i]` indices; those that leave it at one end come in at the other.
 *
 * @throws InfnetError `SHAPE_AXIS`, `SHAPE_ATTRIBUTE`, `SHAPE_RANK`.
 */
export function roll(x: TensorLike, shifts: readonly number[], axes: readonly number[]): Tensor {
  if (shifts.length !== axes.length) {
    shapeError('SHAPE_ATTRIBUTE', 'roll', `there are ${shifts.length} shifts for ${axes.length} axes`);
  }
  const all = x.shape.map(() => 0);
  for (const [i, axis] of axes.entries()) {
    const d = axisOf(axis, x.shape.length, 'roll');
    const size = x.shape[d] as number;
    all[d] = ((((all[d] as number) + (shifts[i] as number)) % size) + size) % size;
  }
  return applyOne(rollOperator, [x], { shifts: all });
}

export type TileAttributes = {
  /** How often each dimension is there. */
  readonly repeats: readonly number[];
};

export const tileOperator: Operator<TileAttributes> = standardOperator(
  defineOperator({
    name: 'tile',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { repeats }, where) {
      requireRank(x, where);
      requireEach(repeats, x.shape, 1, 'the repeats', where);
      return { y: { shape: x.shape.map((size, d) => size * (repeats[d] as number)), dtype: x.dtype } };
    },
    lower: ({ inputs: { x }, outputs: { y } }) => [
      lowerRearrange(
        x,
        y,
        x.type.shape.map((_, axis) => ({ axis })),
        'wrap',
      ),
    ],
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { repeats } }) => ({
      x: repeats.reduce((value, times, d) => sumRepeats(value, d, times, x.shape[d] as number), g),
    }),
    selectsValues: true,
  }),
);

/** The sum over the `times` copies of dimension d, each of `size`. */
function sumRepeats(x: Tensor, d: number, times: number, size: number): Tensor {
  if (times === 1) return x;
  const [front, back] = [x.shape.slice(0, d), x.shape.slice(d + 1)];
  const copies = reshape(x, [elementCount(front), times, size * elementCount(back)]);
  return reshape(sum(copies, { axes: [1] }), [...front, size, ...back]);
}

/**
 * `x` again and again, `repeats[d]` times in dimension d. Missing repeats in front are 1; more of them than dimensions
 * put dimensions of size 1 in front first, as NumPy does.
 *
 * @throws InfnetError `SHAPE_ATTRIBUTE`, `SHAPE_RANK`.
 */
export function tile(x: TensorLike, repeats: readonly number[]): Tensor {
  const more = Math.max(0, repeats.length - x.shape.length);
  const wide = more === 0 ? x : reshape(x, [...Array.from({ length: more }, () => 1), ...x.shape]);
  const all = [...Array.from({ length: wide.shape.length - repeats.length }, () => 1), ...repeats];
  return applyOne(tileOperator, [wide], { repeats: all });
}
