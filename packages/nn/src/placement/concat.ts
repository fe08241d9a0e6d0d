/** concat: tensors side by side along one axis. Along channels the planner makes it free where it can. */
import {
  applyOne,
  axisOf,
  defineOperator,
  formatShape,
  type Operator,
  requireAxis,
  requireType,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { copyAlongAxis } from './copy.js';
import { narrow } from './narrow.js';

export type ConcatAttributes = {
  readonly axis: number;
};

export const concatOperator: Operator<ConcatAttributes> = standardOperator(
  defineOperator({
    name: 'concat',
    inputs: ['...parts'],
    outputs: ['y'],
    infer({ parts: [first, ...others] }, { axis }, where) {
      if (first === undefined) shapeError('SHAPE_EMPTY', where, 'there is nothing to join');
      requireAxis(axis, first.shape.length, where);
      others.forEach(({ shape, dtype }, i) => {
        requireType({ shape, dtype }, first.dtype, `input ${i + 1}`, where);
        const fits =
          shape.length === first.shape.length && shape.every((size, d) => d === axis || size === first.shape[d]);
        if (!fits) {
          shapeError(
            'SHAPE_MISMATCH',
            where,
            `inputs 0 and ${i + 1} have the shapes ${formatShape(first.shape)} and ${formatShape(shape)}; ` +
              `they may differ in dimension ${axis} only`,
          );
        }
      });
      const total = [first, ...others].reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
      return { y: { shape: first.shape.map((size, d) => (d === axis ? total : size)), dtype: first.dtype } };
    },
    lower({ inputs: { parts }, outputs: { y }, attributes: { axis } }) {
      let start = 0;
      return parts.flatMap((x) => {
        const size = x.type.shape[axis] as number;
        const at = start;
        start += size;
        return copyAlongAxis(x, y, axis, size, 0, at);
      });
    },
    gradient({ inputs, outputGradients: { y: g }, attributes: { axis }, needed }) {
      let start = 0;
      const parts = inputs.parts.map(({ shape }, i) => {
        const size = shape[axis] as number;
        const at = start;
        start += size;
        return needed.parts[i] ? narrow(g, axis, at, size) : undefined;
      });
      return { parts };
    },
    placement: ({ axis }) => (axis === 1 ? { kind: 'joinChannels' } : undefined),
  }),
);

/** Tensors side by side along `axis` (default 1, channels). @throws InfnetError `SHAPE_MISMATCH`, `SHAPE_AXIS`. */
export function concat(tensors: readonly TensorLike[], axis = 1): Tensor {
  const rank = tensors[0]?.shape.length;
  if (rank === undefined) shapeError('SHAPE_EMPTY', 'concat', 'there is nothing to join');
  return applyOne(concatOperator, tensors, { axis: axisOf(axis, rank, 'concat') });
}
