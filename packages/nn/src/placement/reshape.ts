/** reshape: the same values in the same order under another shape. Free wherever the planner can make it so. */
import {
  applyOne,
  elementCount,
  formatShape,
  type Operator,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { copyReshaped } from './copy.js';

export const reshapeOperator: Operator<{ readonly shape: Shape }> = standardOperator({
  name: 'reshape',
  arity: 1,
  infer([x], { shape }, where) {
    const from = x as TensorType;
    const valid = shape.every((size) => Number.isInteger(size) && size > 0);
    if (!valid || elementCount(from.shape) !== elementCount(shape)) {
      shapeError(
        'SHAPE_RESHAPE',
        where,
        `${formatShape(from.shape)} has ${elementCount(from.shape)} values, ${formatShape(shape)} has not`,
        'Use one -1 for a size that follows from the others.',
      );
    }
    return [{ shape, dtype: from.dtype }];
  },
  lower: ({ inputs, outputs, scratch }) => copyReshaped(inputs[0] as View, outputs[0] as View, { scratch }),
  gradient: ({ inputs, outputGradients: [g] }) => [g && reshape(g, (inputs[0] as Tensor).shape)],
  placement: () => ({ kind: 'reshape' }),
  selectsValues: true,
});

/** The same values under `shape`; one size may be -1. @throws InfnetError `SHAPE_RESHAPE`. */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const known = elementCount(shape.filter((size) => size !== -1));
  const open = shape.filter((size) => size === -1).length;
  const rest = elementCount(x.shape) / known;
  const full = open === 1 && Number.isInteger(rest) ? shape.map((size) => (size === -1 ? rest : size)) : shape;
  return applyOne(reshapeOperator, [x], { shape: full });
}
