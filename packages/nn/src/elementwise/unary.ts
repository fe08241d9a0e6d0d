/** The call of the kernel that all functions of one tensor share, and the operators made from it. */
import {
  applyOne,
  checkOptions,
  type Dispatch,
  dispatch,
  elementCount,
  type Operator,
  type OptionTable,
  requireSizes,
  type Shape,
  type TensorLike,
  type View,
} from '@infnet/core';
import {
  batchSize,
  itemSize,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  vectorWidth,
  wholeRange,
} from '@infnet/core/kernels';
import source from './unary.wgsl';

export const unaryKernel: Kernel = { name: 'nn/unary', source };

const FUNCTIONS = { relu: 1, leakyRelu: 2, sigmoid: 3, affine: 4 } as const;
const FLOPS = { relu: 1, leakyRelu: 2, sigmoid: 6, affine: 2 } as const;
const TILE = 4;

/** Functions of one value. `affine` is `alpha x + beta`; `leakyRelu` is `alpha x` for negative x. */
export type UnaryFunction = keyof typeof FUNCTIONS;

export interface UnaryCallOptions {
  /** Shape of x and y. The first dimension is the batch. */
  readonly shape: Shape;
  readonly alpha?: number;
  readonly beta?: number;
  /** Where x and y lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
}

/** The numbers that each function has. */
const NUMBERS: Readonly<Record<UnaryFunction, OptionTable>> = {
  relu: {},
  leakyRelu: { 'alpha?': 'number' },
  sigmoid: {},
  affine: { 'alpha?': 'number', 'beta?': 'number' },
};

/**
 * One dispatch of `nn/unary`; bindings x, y. @throws InfnetError `OPTION_...`, `SHAPE_INVALID`, `KERNEL_RANGE` for
 * options that cannot be.
 */
export function unaryCall(name: UnaryFunction, options: UnaryCallOptions): KernelCall {
  checkOptions('unaryCall', { name }, { name: Object.keys(FUNCTIONS) });
  const where = `${name}Call`;
  checkOptions(where, options, { shape: 'shape', ...NUMBERS[name], 'x?': 'range', 'y?': 'range' });
  const { shape, alpha = 1, beta = 0, x = wholeRange(shape), y = wholeRange(shape) } = options;
  requireSizes(name, shape);
  const whole = [x, y].every(({ batchStride }) => batchStride === itemSize(shape));
  const batch = whole ? 1 : batchSize(shape);
  const item = elementCount(shape) / batch;
  const vector = vectorWidth(item, x.offset, y.offset, ...(batch > 1 ? [x.batchStride, y.batchStride] : []));
  const span = Math.ceil(item / vector / TILE);
  const call = lineCall(unaryKernel, {
    constants: { FUNCTION: FUNCTIONS[name], VECTOR: vector, TILE },
    params: { ...rangeParams({ x, y }), item, span, alpha, beta },
    invocations: batch * span,
    flops: FLOPS[name] * batch * item,
    values: 2 * batch * item,
  });
  return sizedCall(where, call, { x: [shape, x], y: [shape, y] });
}

/** `lower` of an operator that is one unary function of x. */
export function lowerUnary(
  name: UnaryFunction,
  { inputs: { x }, outputs: { y } }: UnaryViews,
  values: { readonly alpha?: number; readonly beta?: number } = {},
): readonly Dispatch[] {
  return [dispatch(unaryCall(name, { shape: y.type.shape, x, y, ...values }), { x, y })];
}

interface UnaryViews {
  readonly inputs: { readonly x: View };
  readonly outputs: { readonly y: View };
}

/** Applies an operator without attributes to one tensor. */
export function applyPlain(operator: Operator<Record<string, never>>, x: TensorLike): ReturnType<typeof applyOne> {
  return applyOne(operator, [x], {});
}
