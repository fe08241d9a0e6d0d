/** joinFlat: tensors of any shapes behind each other in one line. The planner makes it free where it can. */
import {
  applyOne,
  type Dispatch,
  defineOperator,
  elementCount,
  type Operator,
  requireInteger,
  requireType,
  shapeError,
  type Tensor,
  type TensorLike,
  type View,
} from '@infnet/core';
import { itemSize } from '@infnet/core/kernels';
import { copyRows } from './copy.js';

export type JoinFlatAttributes = {
  /** First element of each input in the result. */
  readonly starts: readonly number[];
  /** Elements of the result; what no input covers is undefined. */
  readonly length: number;
};

export const joinFlatOperator: Operator<JoinFlatAttributes> = defineOperator({
  name: 'joinFlat',
  inputs: ['...parts'],
  outputs: ['line'],
  infer({ parts }, { starts, length }, where) {
    requireInteger(length, 1, 'the length', where);
    if (starts.length !== parts.length) {
      shapeError('SHAPE_ATTRIBUTE', where, `${parts.length} parts have ${starts.length} starts`);
    }
    for (const [i, part] of parts.entries()) {
      requireType(part, 'f32', `part ${i}`, where);
      const [start, count] = [starts[i] as number, elementCount(part.shape)];
      requireInteger(start, 0, `the start of part ${i}`, where);
      if (start + count <= length) continue;
      shapeError('SHAPE_RANGE', where, `part ${i} has ${count} elements; from ${start} on, ${length} are too few`);
    }
    return { line: { shape: [length], dtype: 'f32' } };
  },
  placement: ({ starts }) => ({ kind: 'joinFlat', starts }),
  lower: ({ inputs: { parts }, outputs: { line }, attributes: { starts } }) =>
    parts.flatMap((x, i) => copyToLine(x, line, starts[i] as number)),
});

/**
 * Tensors of any shapes behind each other in one line of `length` elements, part i from element `starts[i]` on.
 *
 * @returns [length]
 */
export function joinFlat(parts: readonly TensorLike[], starts: readonly number[], length: number): Tensor {
  return applyOne(joinFlatOperator, parts, { starts, length });
}

/** The copy of what could not be written in place. */
function copyToLine(x: View, line: View, start: number): readonly Dispatch[] {
  const { shape } = x.type;
  const item = itemSize(shape);
  const rows = elementCount(shape) / item;
  const [batch, length] = rows === 1 || x.batchStride === item ? [1, rows * item] : [rows, item];
  return copyRows(x, line, {
    batch,
    rows: 1,
    length,
    x: { offset: x.offset, batchStride: x.batchStride, rowStride: 0 },
    y: { offset: line.offset + start, batchStride: item, rowStride: 0 },
  });
}
