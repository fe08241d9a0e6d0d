import { elementCount, type Shape } from '@infnet/core';
import type { OperandRange } from '@infnet/nn';

export type { OperandRange };

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

/** 4 where every operand can be read four values at a time, else 1. */
export function vectorWidth(area: number, ranges: readonly OperandRange[]): 1 | 4 {
  const sizes = [area, ...ranges.flatMap(({ offset, batchStride }) => [offset, batchStride])];
  return sizes.every((size) => size % 4 === 0) ? 4 : 1;
}
