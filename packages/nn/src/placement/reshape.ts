/** reshape: the same values in the same order under another shape. Free wherever the planner can make it so. */
import {
  applyOne,
  defineOperator,
  elementCount,
  formatShape,
  type Operator,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { copyReshaped } from './copy.js';

export const reshapeOperator: Operator<{ readonly shape: Shape }> = standardOperator(
  defineOperator({
    name: 'reshape',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { shape }, where) {
      const valid = shape.every((size) => Number.isInteger(size) && size > 0);
      if (!valid || elementCount(x.shape) !== elementCount(shape)) {
        shapeError(
          'SHAPE_RESHAPE',
          where,
          `${formatShape(x.shape)} has ${elementCount(x.shape)} values, ${formatShape(shape)} has not`,
          'Use one -1 for a size that follows from the others.',
        );
      }
      return { y: { shape, dtype: x.dtype } };
    },
    lower: ({ inputs: { x }, outputs: { y }, scratch }) => copyReshaped(x, y, { scratch }),
    gradient: ({ inputs: { x }, outputGradients: { y: g } }) => ({ x: reshape(g, x.shape) }),
    placement: () => ({ kind: 'reshape' }),
    selectsValues: true,
  }),
);

/** The same values under `shape`; one size may be -1. @throws InfnetError `SHAPE_RESHAPE`. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const known = elementCount(shape.filter((size) => size !== -1));
  const open = shape.filter((size) => size === -1).length;
  const rest = elementCount(x.shape) / known;
  const full = open === 1 && Number.isInteger(rest) ? shape.map((size) => (size === -1 ? rest : size)) : shape;
  return applyOne(reshapeOperator, [x], { shape: full });
}
