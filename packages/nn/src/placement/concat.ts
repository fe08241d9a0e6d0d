/** concat: tensors side by side along one axis. Along channels the planner makes it free where it can. */
import {
  applyOne,
  axisOf,
  formatShape,
  type Operator,
  requireAxis,
  requireType,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import { copyAlongAxis } from './copy.js';
import { narrow } from './narrow.js';

export type ConcatAttributes = {
  readonly axis: number;
};

export const concatOperator: Operator<ConcatAttributes> = standardOperator({
  name: 'concat',
  infer(inputs, { axis }, where) {
    const first = inputs[0] as TensorType;
    requireAxis(axis, first.shape.length, where);
    inputs.forEach((input, i) => {
      requireType(input, first.dtype, `input ${i}`, where);
      const fits =
        input.shape.length === first.shape.length &&
        input.shape.every((size, d) => d === axis || size === first.shape[d]);
      if (!fits) {
        shapeError(
          'SHAPE_MISMATCH',
          where,
          `inputs 0 and ${i} have the shapes ${formatShape(first.shape)} and ${formatShape(input.shape)}; ` +
            `they may differ in dimension ${axis} only`,
        );
      }
    });
    const total = inputs.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
    return [{ shape: first.shape.map((size, d) => (d === axis ? total : size)), dtype: first.dtype }];
  },
  lower({ inputs, outputs, attributes: { axis } }) {
    const y = outputs[0] as View;
    let start = 0;
    return inputs.flatMap((x) => {
      const size = x.type.shape[axis] as number;
      const at = start;
      start += size;
      return copyAlongAxis(x, y, axis, size, 0, at);
    });
  },
  gradient({ inputs, outputGradients: [g], attributes: { axis }, needed }) {
    let start = 0;
    return inputs.map(({ shape }, i) => {
      const size = shape[axis] as number;
      const at = start;
      start += size;
      return g !== undefined && needed[i] ? narrow(g, axis, at, size) : undefined;
    });
  },
  placement: ({ axis }) => (axis === 1 ? { kind: 'joinChannels' } : undefined),
});

/** Tensors side by side along `axis` (default 1, channels). @throws InfnetError `SHAPE_MISMATCH`, `SHAPE_AXIS`. */
export function concat(tensors: readonly TensorLike[], axis = 1): Tensor {
  const rank = tensors[0]?.shape.length;
  if (rank === undefined) shapeError('SHAPE_EMPTY', 'concat', 'there is nothing to join');
  return applyOne(concatOperator, tensors, { axis: axisOf(axis, rank, 'concat') });
}
