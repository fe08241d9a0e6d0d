/**
 * The vocabulary of kernel calls: where operands lie in their buffers, how the parameters of kernels name that, and the
 * call of a kernel that runs one line of invocations.
 */
import { elementCount, type Shape } from '../tensor/types.js';
import type { Constants } from './expand.js';
import { dispatchLine, type Kernel, type KernelCall } from './kernel.js';

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

/** `xOffset` and `xBatchStride` for each operand that is there, as `struct Params` names them. */
export function rangeParams(ranges: Readonly<Record<string, OperandRange | undefined>>): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const [name, range] of Object.entries(ranges)) {
    if (range === undefined) continue;
    fields[`${name}Offset`] = range.offset;
    fields[`${name}BatchStride`] = range.batchStride;
  }
  return fields;
}

/** Elements that a buffer must have to hold a tensor of this shape in this range. */
export function rangeElements(shape: Shape, { offset, batchStride }: OperandRange): number {
  const [batch = 1, ...item] = shape;
  return offset + (batch - 1) * batchStride + elementCount(item);
}

/**
 * 4 when every one of `quantities` (sizes, offsets, strides in elements; a range counts as both of its own) is a
 * multiple of 4, so that vec4 loads fit; else 1.
 */
export function vectorWidth(...quantities: readonly (number | OperandRange)[]): 1 | 4 {
  const fits = quantities.every((each) =>
    typeof each === 'number' ? each % 4 === 0 : each.offset % 4 === 0 && each.batchStride % 4 === 0,
  );
  return fits ? 4 : 1;
}

/** Size of the first dimension; 1 for a scalar. */
export function batchSize(shape: Shape): number {
  return shape[0] ?? 1;
}

/** Elements of one batch item: the product of all dimensions but the first. */
export function itemSize(shape: Shape): number {
  return elementCount(shape.slice(1));
}

/** Invocations of a workgroup of the kernels that {@link lineCall} calls. */
const WORKGROUP = 64;

/** What {@link lineCall} needs beside the kernel. */
export interface LineCallFields {
  /** Default: none. */
  readonly constants?: Constants;
  /** `struct Params` without `count`, which is the number of invocations. */
  readonly params: Readonly<Record<string, number>>;
  readonly invocations: number;
  readonly flops: number;
  /** Values read and written, each operand once; four bytes each. */
  readonly values: number;
}

/**
 * A call of a kernel with workgroups of 64 that runs one line of invocations, the surplus ones cut off by
 * `params.count`.
 */
export function lineCall(kernel: Kernel, fields: LineCallFields): KernelCall {
  const { constants = {}, params, invocations, flops, values } = fields;
  return {
    kernel,
    constants,
    params: { ...params, count: invocations },
    workgroups: dispatchLine(Math.ceil(invocations / WORKGROUP)),
    flops,
    bytes: values * 4,
  };
}
