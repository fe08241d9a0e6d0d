/** Small helpers that every kernel call of this package is built with. */
import {
  type Constants,
  type Dispatch,
  dispatchLine,
  elementCount,
  type Kernel,
  type KernelCall,
  type OperandRange,
  type Shape,
  type View,
} from '@infnet/core';

/** Every kernel of this package has workgroups of this many invocations in one line. */
export const WORKGROUP = 64;

export { type OperandRange, wholeRange } from '@infnet/core';

/** Size of the first dimension; 1 for a scalar. */
export function batchSize(shape: Shape): number {
  return shape[0] ?? 1;
}

/** Elements of one batch item: the product of all dimensions but the first. */
export function itemSize(shape: Shape): number {
  return elementCount(shape.slice(1));
}

/** `xOffset` and `xBatchStride`, as `struct Params` names them. */
export function rangeParams(name: string, range: OperandRange): Record<string, number> {
  return { [`${name}Offset`]: range.offset, [`${name}BatchStride`]: range.batchStride };
}

/** What {@link lineCall} needs beside the kernel. */
export interface LineCallFields {
  readonly constants: Constants;
  /** `struct Params` without `count`, which is the number of invocations. */
  readonly params: Readonly<Record<string, number>>;
  readonly invocations: number;
  readonly flops: number;
  /** Values read and written, each operand once; four bytes each. */
  readonly values: number;
}

/** A call of a kernel that runs one line of invocations, the surplus ones cut off by `params.count`. */
export function lineCall(kernel: Kernel, fields: LineCallFields): KernelCall {
  return {
    kernel,
    constants: fields.constants,
    params: { ...fields.params, count: fields.invocations },
    workgroups: dispatchLine(Math.ceil(fields.invocations / WORKGROUP)),
    flops: fields.flops,
    bytes: fields.values * 4,
  };
}

/** The call with the views that its bindings stand for. */
export function dispatch(call: KernelCall, operands: Readonly<Record<string, View>>): Dispatch {
  return { ...call, operands };
}

/**
 * 4 when every one of `quantities` (sizes, offsets, strides in elements) is a multiple of 4, so that vec4 loads fit;
 * else 1.
 */
export function vectorWidth(...quantities: readonly number[]): 1 | 4 {
  return quantities.every((value) => value % 4 === 0) ? 4 : 1;
}
