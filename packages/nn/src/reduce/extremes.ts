/** max, min (PyTorch's amax, amin), argmax and argmin. */
import {
  applyOne,
  axisOf,
  checkNames,
  defineOperator,
  formatShape,
  type Operator,
  requireAxis,
  requireShape,
  requireType,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { reshape } from '../placement/reshape.js';
import { lowerExtreme, lowerExtremeGradient } from './extreme.js';
import {
  inferReduced,
  keptOperand,
  type ReduceAttributes,
  type ReduceOptions,
  reduceAttributes,
  reducedShape,
} from './sum.js';

function extremeOperator(name: 'reduceMax' | 'reduceMin'): Operator<ReduceAttributes> {
  return standardOperator(
    defineOperator({
      name,
      inputs: ['x'],
      outputs: ['y'],
      infer: ({ x }, attributes: ReduceAttributes, where) => ({ y: inferReduced(name, x, attributes, where) }),
      lower({ inputs: { x }, outputs: { y }, attributes: { axes }, scratch }) {
        const wanted = { least: name === 'reduceMin', out: 'value' } as const;
        return lowerExtreme({ x, y, kept: keptOperand(x, y, axes), ...wanted }, { scratch });
      },
      gradient({ inputs: { x }, outputs: { y }, outputGradients: { y: g }, attributes: { axes } }) {
        const kept = reducedShape(x.shape, axes, true);
        return { x: applyOne(extremeGradientOperator, [x, reshape(y, kept), reshape(g, kept)], {}) };
      },
    }),
  );
}

export const reduceMaxOperator: Operator<ReduceAttributes> = extremeOperator('reduceMax');
export const reduceMinOperator: Operator<ReduceAttributes> = extremeOperator('reduceMin');

/** Inputs: x; its extreme values and their gradient, of x's rank, with the size 1 where they were reduced. */
export const extremeGradientOperator: Operator<Record<string, never>> = defineOperator({
  name: 'extremeGradient',
  inputs: ['x', 'y', 'g'],
  outputs: ['d'],
  infer({ x, y, g }, _attributes, where) {
    for (const [name, type] of Object.entries({ x, y, g })) requireType(type, 'f32', name, where);
    requireShape(g.shape, y.shape, 'the gradient', where);
    const { shape } = x;
    if (shape.length > 4) shapeError('SHAPE_RANK', where, `up to 4 dimensions are reduced, got ${formatShape(shape)}`);
    if (y.shape.length !== shape.length || !y.shape.every((size, d) => size === 1 || size === shape[d])) {
      shapeError('SHAPE_MISMATCH', where, `${formatShape(y.shape)} are no extremes of ${formatShape(shape)}`);
    }
    return { d: x };
  },
  lower: ({ inputs: { x, y, g }, outputs: { d }, scratch }) => lowerExtremeGradient({ x, y, g, d }, { scratch }),
});

export type ArgAttributes = {
  /** Counted from the front; undefined: among all values, in their order. */
  readonly axis: number | undefined;
  readonly keepDims: boolean;
};

const axesOf = (shape: Shape, axis: number | undefined): number[] =>
  axis === undefined ? shape.map((_, d) => d) : [axis];

function argOperator(name: 'argmax' | 'argmin'): Operator<ArgAttributes> {
  return standardOperator(
    defineOperator({
      name,
      inputs: ['x'],
      outputs: ['y'],
      infer({ x }, { axis, keepDims }: ArgAttributes, where) {
        if (axis !== undefined) requireAxis(axis, x.shape.length, where);
        const { shape } = inferReduced(name, x, { axes: axesOf(x.shape, axis), keepDims }, where);
        return { y: { shape, dtype: 'u32' } };
      },
      lower({ inputs: { x }, outputs: { y }, attributes: { axis }, scratch }) {
        const kept = keptOperand(x, y, axesOf(x.type.shape, axis));
        return lowerExtreme({ x, y, kept, least: name === 'argmin', out: 'index' }, { scratch });
      },
      stopsGradient: true,
    }),
  );
}

export const argmaxOperator: Operator<ArgAttributes> = argOperator('argmax');
export const argminOperator: Operator<ArgAttributes> = argOperator('argmin');

/**
 * Largest value over `axes` (default: all dimensions); NaN where one is. As PyTorch's `amax`: in the gradient those
 * that tie share evenly.
 */
export function max(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return applyOne(reduceMaxOperator, [x], reduceAttributes(x, options, 'max'));
}

/** Smallest value over `axes`; else as {@link max}. As PyTorch's `amin`. */
export function min(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return applyOne(reduceMinOperator, [x], reduceAttributes(x, options, 'min'));
}

export interface ArgOptions {
  /** Dimension along which it is sought; a negative one counts from the end. Default: among all values in a row. */
  readonly axis?: number;
  /** Keep the dimension with size 1. Default false. */
  readonly keepDims?: boolean;
}

function argAttributes(x: TensorLike, options: ArgOptions, what: string): ArgAttributes {
  checkNames(what, options, ['axis', 'keepDims']);
  const { axis, keepDims = false } = options;
  return { axis: axis === undefined ? undefined : axisOf(axis, x.shape.length, what), keepDims };
}

/** Index (u32) of the largest value along an axis: of a NaN where there is one, else the first that ties. */
export function argmax(x: TensorLike, options: ArgOptions = {}): Tensor {
  return applyOne(argmaxOperator, [x], argAttributes(x, options, 'argmax'));
}

/** Index (u32) of the smallest value along an axis; else as {@link argmax}. */
export function argmin(x: TensorLike, options: ArgOptions = {}): Tensor {
  return applyOne(argminOperator, [x], argAttributes(x, options, 'argmin'));
}
