/** Slices with steps, also backwards: every so many index of each dimension. The gradient puts zeros between. */
import {
  applyOne,
  axisOf,
  defineOperator,
  formatShape,
  type Operator,
  requireInteger,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { lowerRearrange, requireEach, requireRank } from './rearrange.js';

/** Kernels count in i32. */
const LEAST = -(2 ** 31);

export type PickAttributes = {
  /** Of each dimension: the first index, and from one to the next; not 0. */
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  /** How many. */
  readonly sizes: Shape;
};

export const pickOperator: Operator<PickAttributes> = standardOperator(
  defineOperator({
    name: 'pick',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { sizes, ...places }, where) {
      requireRank(x, where);
      requirePicks(x.shape, { sizes, ...places }, where);
      return { y: { shape: sizes, dtype: x.dtype } };
    },
    lower: ({ inputs: { x }, outputs: { y }, attributes: { starts, steps } }) => {
      const sources = starts.map((add, axis) => ({ axis, add, mul: steps[axis] as number }));
      return [lowerRearrange(x, y, sources, 'none')];
    },
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { starts, steps } }) => ({
      x: applyOne(spreadOperator, [g], { starts, steps, sizes: x.shape }),
    }),
  }),
);

/** The transpose: `x` at those places of zeros of shape `sizes`. */
export const spreadOperator: Operator<PickAttributes> = standardOperator(
  defineOperator({
    name: 'spread',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { starts, steps, sizes }, where) {
      requireRank(x, where);
      requireEach(sizes, x.shape, 1, 'the sizes', where);
      requirePicks(sizes, { starts, steps, sizes: x.shape }, where);
      return { y: { shape: sizes, dtype: x.dtype } };
    },
    lower: ({ inputs: { x }, outputs: { y }, attributes: { starts, steps } }) => {
      const sources = starts.map((start, axis) => {
        const step = steps[axis] as number;
        return { axis, mul: Math.sign(step), add: -Math.sign(step) * start, div: Math.abs(step) };
      });
      return [lowerRearrange(x, y, sources, 'zeros')];
    },
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { starts, steps } }) => ({
      x: applyOne(pickOperator, [g], { starts, steps, sizes: x.shape }),
    }),
  }),
);

function requirePicks(shape: Shape, { starts, steps, sizes }: PickAttributes, where: string): void {
  requireEach(starts, shape, 0, 'the starts', where);
  requireEach(steps, shape, LEAST, 'the steps', where);
  requireEach(sizes, shape, 1, 'the sizes', where);
  for (const [d, size] of shape.entries()) {
    const [start, step, count] = [starts[d], steps[d], sizes[d]] as [number, number, number];
    if (step === 0) shapeError('SHAPE_ATTRIBUTE', where, `the step of dimension ${d} is 0`);
    const last = start + step * (count - 1);
    if (start < size && last >= 0 && last < size) continue;
    const picks = `${count} indices from ${start} on, ${step} apart,`;
    shapeError('SHAPE_RANGE', where, `${picks} do not lie in dimension ${d} of ${formatShape(shape)}`);
  }
}

/** Indices of one dimension, as of Python's `x[start:end:step]`: negative ones count from the end. */
export interface StepRange {
  readonly axis: number;
  /** Default: the first index; the last where the step is negative. */
  readonly start?: number;
  /** Where to stop, not included. Default: behind the last index; before the first where the step is negative. */
  readonly end?: number;
  /** Default 1. */
  readonly step?: number;
}

/**
 * Every `step`-th index of some dimensions, backwards for negative steps.
 *
 * @throws InfnetError `SHAPE_AXIS`, `SHAPE_ATTRIBUTE`, `SHAPE_RANGE` where nothing is left, `SHAPE_RANK`.
 */
export function sliceSteps(x: TensorLike, ranges: readonly StepRange[]): Tensor {
  const [starts, steps, sizes] = [x.shape.map(() => 0), x.shape.map(() => 1), [...x.shape]];
  for (const { axis: given, start, end, step = 1 } of ranges) {
    const axis = axisOf(given, x.shape.length, 'sliceSteps');
    const size = x.shape[axis] as number;
    for (const [name, value] of Object.entries({ start, end, step })) {
      if (value !== undefined) requireInteger(value, LEAST, `the ${name}`, 'sliceSteps');
    }
    if (step === 0) shapeError('SHAPE_ATTRIBUTE', 'sliceSteps', 'the step is 0');
    // As Python: what lies outside is moved to the end, or, backwards, to just before the first.
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const inside = (value: number): number => Math.min(high, Math.max(low, value < 0 ? value + size : value));
    const from = start === undefined ? (step > 0 ? low : high) : inside(start);
    const to = end === undefined ? (step > 0 ? high : low) : inside(end);
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (count === 0) {
      const range = `[${start ?? ''}:${end ?? ''}:${step}]`;
      shapeError(
        'SHAPE_RANGE',
        'sliceSteps',
        `${range} leaves nothing of dimension ${axis} of ${formatShape(x.shape)}`,
      );
    }
    [starts[axis], steps[axis], sizes[axis]] = [from, step, count];
  }
  return applyOne(pickOperator, [x], { starts, steps, sizes });
}

/** Some dimensions backwards. @throws InfnetError `SHAPE_AXIS`, `SHAPE_RANK`. */
export function flip(x: TensorLike, axes: readonly number[]): Tensor {
  return sliceSteps(
    x,
    axes.map((axis) => ({ axis, step: -1 })),
  );
}
