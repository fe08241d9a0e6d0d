/** Where operands lie, and how the parameters of kernels name that: as everywhere. */
export { type OperandRange, rangeParams, wholeRange } from '@infnet/core';
