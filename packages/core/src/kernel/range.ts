/** Where operands of kernel calls lie in their buffers, and how the parameters of kernels name that. */
import { elementCount, type Shape } from '../tensor/types.js';

/**
 * Where an operand lies in its buffer, in elements: item n of the batch starts at `offset + n * batchStride` and is
 * contiguous. A view of the planner is one.
 */
export interface OperandRange {
  readonly offset: number;
  readonly batchStride: number;
}

/** The range of a tensor that fills its buffer from the first element on. */
export function wholeRange(shape: Shape): OperandRange {
  return { offset: 0, batchStride: elementCount(shape.slice(1)) };
}

/** `xOffset` and `xBatchStride` for each operand, as `struct Params` names them. */
export function rangeParams(ranges: Readonly<Record<string, OperandRange>>): Record<string, number> {
  const fields = Object.entries(ranges).flatMap(([name, { offset, batchStride }]) => [
    [`${name}Offset`, offset],
    [`${name}BatchStride`, batchStride],
  ]);
  return Object.fromEntries(fields) as Record<string, number>;
}

/** Elements that a buffer must have to hold a tensor of this shape in this range. */
export function rangeElements(shape: Shape, { offset, batchStride }: OperandRange): number {
  const [batch = 1, ...item] = shape;
  return offset + (batch - 1) * batchStride + elementCount(item);
}
