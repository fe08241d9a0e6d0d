/** Where operands lie, and how the parameters of kernels name that: as everywhere. */
import type { OperandRange } from '@infnet/core';

export { type OperandRange, rangeParams, wholeRange } from '@infnet/core';

/** 4 where every operand can be read four values at a time, else 1. */
export function vectorWidth(area: number, ranges: readonly OperandRange[]): 1 | 4 {
  const sizes = [area, ...ranges.flatMap(({ offset, batchStride }) => [offset, batchStride])];
  return sizes.every((size) => size % 4 === 0) ? 4 : 1;
}
