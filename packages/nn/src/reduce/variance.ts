/** variance: the mean first, then the squares of what differs from it, so that no digit is lost around a large mean. */
import {
  applyNamed,
  defineOperator,
  elementCount,
  type NamedOperator,
  requireBetween,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { mul, sub } from '../elementwise/arithmetic.js';
import { mulScalar } from '../elementwise/scalar.js';
import { reshape } from '../placement/reshape.js';
import { lowerReduction } from './reduce.js';
import {
  inferReduced,
  keptOperand,
  type ReduceAttributes,
  type ReduceOptions,
  reduceAttributes,
  reducedShape,
} from './sum.js';

export type VarianceAttributes = ReduceAttributes & {
  /** What is taken off the number of values that the sum of squares is divided by. */
  readonly correction: number;
};

const INPUTS = ['x'] as const;
const OUTPUTS = ['y', 'mean'] as const;

const countOf = (shape: Shape, axes: readonly number[]): number =>
  elementCount(axes.map((axis) => shape[axis] as number));

/** Output: the variance, and the mean with the reduced dimensions kept. */
export const varianceOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS, VarianceAttributes> = standardOperator(
  defineOperator({
    name: 'variance',
    inputs: INPUTS,
    outputs: OUTPUTS,
    infer({ x }, attributes: VarianceAttributes, where) {
      const y = inferReduced('variance', x, attributes, where);
      const { axes, correction } = attributes;
      requireBetween(correction, 0, Number.MAX_VALUE, 'the correction', where);
      const count = countOf(x.shape, axes);
      if (count <= correction) {
        const message = `${count} values have no variance with a correction of ${correction}`;
        shapeError('SHAPE_ATTRIBUTE', where, message, 'Reduce more values, or ask for { correction: 0 }.');
      }
      return { y, mean: { shape: reducedShape(x.shape, axes, true), dtype: 'f32' } };
    },
    lower({ inputs: { x }, outputs: { y, mean }, attributes: { axes, correction }, scratch }) {
      const count = countOf(x.type.shape, axes);
      const kept = keptOperand(x, y, axes);
      return [
        ...lowerReduction({ x, y: mean, scale: 1 / count }, { scratch }),
        ...lowerReduction(
          { x, z: mean, y, kept, term: 'squaredDifference', scale: 1 / (count - correction) },
          { scratch },
        ),
      ];
    },
    gradient({ inputs: { x }, outputs: { mean }, outputGradients: { y: g }, attributes: { axes, correction } }) {
      if (g === undefined) return {};
      const scale = 2 / (countOf(x.shape, axes) - correction);
      return { x: mul(sub(x, mean), mulScalar(reshape(g, mean.shape), scale)) };
    },
  }),
);

export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of values that the sum of squares is divided by. Default 1, as in PyTorch's `var`. */
  readonly correction?: number;
}

/**
 * Variance over `axes` (default: all dimensions).
 * @throws InfnetError `SHAPE_ATTRIBUTE` for as few values as the correction; PyTorch gives NaN or Infinity then.
 */
export function variance(x: TensorLike, options: VarianceOptions = {}): Tensor {
  const { correction = 1, ...reduction } = options;
  return applyNamed(varianceOperator, { x }, { ...reduceAttributes(x, reduction, 'variance'), correction }).y;
}
