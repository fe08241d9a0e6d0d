/** sum, mean, and the reductions that gradients of broadcasting need: the transpose of repeating is summing. */
import {
  applyOne,
  axisOf,
  checkNames,
  defineOperator,
  elementCount,
  formatShape,
  type Operator,
  requireAxis,
  requireType,
  type Shape,
  sameShape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { broadcastShape, type LoopOperand, ownStrides } from '@infnet/core/kernels';
import { lowerBinary } from '../elementwise/binary.js';
import { mulScalar } from '../elementwise/scalar.js';
import { reshape } from '../placement/reshape.js';
import { lowerReduction } from './reduce.js';

/** `axes` are counted from the front and sorted. */
export type ReduceAttributes = {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
};

export interface ReduceOptions {
  /** Dimensions to reduce; negative ones count from the end. Default: all. */
  readonly axes?: readonly number[];
  /** Keep reduced dimensions with size 1. Default false. */
  readonly keepDims?: boolean;
}

export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((size, i) => (axes.includes(i) ? 1 : size));
  return shape.filter((_, i) => !axes.includes(i));
}

/** Type of what is left of x. @throws InfnetError `SHAPE_...`. */
export function inferReduced(
  name: string,
  x: TensorType,
  { axes, keepDims }: ReduceAttributes,
  where: string,
): TensorType {
  requireType(x, 'f32', 'the input', where);
  const { shape } = x;
  if (shape.length > 4) shapeError('SHAPE_RANK', where, `${name} takes up to 4 dimensions, got ${formatShape(shape)}`);
  for (const axis of axes) requireAxis(axis, shape.length, where);
  return { shape: reducedShape(shape, axes, keepDims), dtype: 'f32' };
}

function reduceOperator(name: 'reduceSum' | 'reduceMean'): Operator<ReduceAttributes> {
  const scaleOf = (shape: Shape, axes: readonly number[]): number =>
    name === 'reduceSum' ? 1 : 1 / elementCount(axes.map((axis) => shape[axis] as number));
  return standardOperator(
    defineOperator({
      name,
      inputs: ['x'],
      outputs: ['y'],
      infer: ({ x }, attributes: ReduceAttributes, where) => ({ y: inferReduced(name, x, attributes, where) }),
      lower({ inputs: { x }, outputs: { y }, attributes, scratch }) {
        const scale = scaleOf(x.type.shape, attributes.axes);
        return lowerReduction({ x, y, kept: keptOperand(x, y, attributes.axes), scale }, { scratch });
      },
      gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { axes } }) => ({
        x: broadcastTo(reshape(g, reducedShape(x.shape, axes, true)), x.shape, scaleOf(x.shape, axes)),
      }),
    }),
  );
}

/** The output as an operand with its reduced dimensions kept, so that it can be compared with the input's. */
export function keptOperand(x: View, y: View, axes: readonly number[]): Pick<LoopOperand, 'shape' | 'strides'> {
  const shape = reducedShape(x.type.shape, axes, true);
  const own = ownStrides({ shape: y.type.shape, range: y });
  const kept = shape.length === own.length;
  let at = 0;
  return { shape, strides: shape.map((_, i) => (!kept && axes.includes(i) ? 0 : (own[at++] as number))) };
}

export const reduceSumOperator: Operator<ReduceAttributes> = reduceOperator('reduceSum');
export const reduceMeanOperator: Operator<ReduceAttributes> = reduceOperator('reduceMean');

/** Sums to a smaller shape that broadcasts to the input's, and multiplies by a number. */
export const sumToOperator: Operator<{ readonly shape: Shape; readonly scale: number }> = standardOperator(
  defineOperator({
    name: 'sumTo',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, { shape }, where) => ({ y: inferSumTo(x, shape, where) }),
    lower: ({ inputs: { x }, outputs: { y }, attributes: { scale }, scratch }) =>
      lowerReduction({ x, y, scale }, { scratch }),
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { scale } }) => ({
      x: broadcastTo(g, x.shape, scale),
    }),
  }),
);

/** Sums the product of two tensors (with broadcasting) to a smaller shape, without storing the product. */
export const sumProductToOperator: Operator<{ readonly shape: Shape }> = defineOperator({
  name: 'sumProductTo',
  inputs: ['x', 'z'],
  outputs: ['y'],
  infer({ x, z }, { shape }, where) {
    requireType(z, 'f32', 'the second factor', where);
    return { y: inferSumTo({ ...x, shape: broadcastShape(x.shape, z.shape, where) }, shape, where) };
  },
  lower: ({ inputs: { x, z }, outputs: { y }, scratch }) => lowerReduction({ x, z, y, scale: 1 }, { scratch }),
});

/** Repeats a tensor to a larger shape and multiplies it by a number. */
export const broadcastToOperator: Operator<{ readonly shape: Shape; readonly scale: number }> = standardOperator(
  defineOperator({
    name: 'broadcastTo',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { shape }, where) {
      requireType(x, 'f32', 'the input', where);
      if (!sameShape(broadcastShape(x.shape, shape, where), shape)) {
        shapeError('SHAPE_BROADCAST', where, `${formatShape(x.shape)} cannot be repeated to ${formatShape(shape)}`);
      }
      return { y: { shape, dtype: 'f32' } };
    },
    lower: ({ inputs: { x }, outputs: { y }, attributes: { shape, scale } }) =>
      lowerBinary('first', { a: x, b: x, y }, { alpha: scale, to: shape }),
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes: { scale } }) => ({
      x: sumTo(g, x.shape, scale),
    }),
  }),
);

function inferSumTo(x: TensorType, shape: Shape, where: string): TensorType {
  requireType(x, 'f32', 'the input', where);
  if (!sameShape(broadcastShape(x.shape, shape, where), x.shape)) {
    shapeError('SHAPE_BROADCAST', where, `${formatShape(x.shape)} cannot be summed to ${formatShape(shape)}`);
  }
  return { shape, dtype: 'f32' };
}

function scaled(x: Tensor, scale: number): Tensor {
  return scale === 1 ? x : mulScalar(x, scale);
}

/** Attributes of a reduction of x. @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_AXIS`. */
export function reduceAttributes(x: TensorLike, options: ReduceOptions, what: string): ReduceAttributes {
  checkNames(what, options, ['axes', 'keepDims']);
  const { axes, keepDims = false } = options;
  const rank = x.shape.length;
  const all = axes ?? x.shape.map((_, i) => i);
  return { axes: [...new Set(all.map((axis) => axisOf(axis, rank, what)))].sort((a, b) => a - b), keepDims };
}

/** Sum over `axes` (default: all dimensions), in a fixed order. */
export function sum(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return applyOne(reduceSumOperator, [x], reduceAttributes(x, options, 'sum'));
}

/** Mean over `axes` (default: all dimensions), in a fixed order. `{ axes: [2, 3] }` is global average pooling. */
export function mean(x: TensorLike, options: ReduceOptions = {}): Tensor {
  return applyOne(reduceMeanOperator, [x], reduceAttributes(x, options, 'mean'));
}

/**
 * Sums `x` to `shape`, which must broadcast to x's shape, and multiplies by `scale`. Returns `x` itself when neither
 * has an effect.
 */
export function sumTo(x: Tensor, shape: Shape, scale = 1): Tensor {
  if (sameShape(x.shape, shape)) return scaled(x, scale);
  if (elementCount(x.shape) === elementCount(shape)) return reshape(scaled(x, scale), shape);
  return applyOne(sumToOperator, [x], { shape, scale });
}

/** `sumTo(mul(x, z), shape)` without storing the product. */
export function sumProductTo(x: TensorLike, z: TensorLike, shape: Shape): Tensor {
  return applyOne(sumProductToOperator, [x, z], { shape });
}

/** Repeats `x` to `shape` and multiplies it by `scale`. */
export function broadcastTo(x: Tensor, shape: Shape, scale = 1): Tensor {
  if (sameShape(x.shape, shape)) return scaled(x, scale);
  return applyOne(broadcastToOperator, [x], { shape, scale });
}
