/** softmax over channels: positive values that sum to 1 at every position. */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  Module,
  type Operator,
  requireType,
  type Shape,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import {
  batchSize,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
import { inferPair } from '../elementwise/relu.js';
import source from './softmax.wgsl';

export const softmaxKernel: Kernel = { name: 'nn/softmax', source };

type None = Record<string, never>;

export const softmaxOperator: Operator<None> = standardOperator(
  defineOperator({
    name: 'softmax',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, _attributes, where) {
      requireType(x, 'f32', 'the input', where);
      if (x.shape.length < 2) shapeError('SHAPE_RANK', where, 'softmax over channels needs [N, C, ...]');
      return { y: x };
    },
    lower: ({ inputs: { x }, outputs: { y } }) => [dispatch(softmaxCall({ shape: x.type.shape, x, y }), { x, y })],
    gradient: ({ outputs: { y }, outputGradients: { y: g } }) => ({ x: applyOne(softmaxGradientOperator, [y, g], {}) }),
  }),
);

/** Inputs: softmax's output, its gradient. */
export const softmaxGradientOperator: Operator<None> = defineOperator({
  name: 'softmaxGradient',
  inputs: ['x', 'g'],
  outputs: ['y'],
  infer: ({ x, g }, _attributes, where) => ({ y: inferPair(x, g, where) }),
  lower: ({ inputs: { x, g }, outputs: { y } }) => [
    dispatch(softmaxCall({ shape: x.type.shape, x, y, g }), { x, g, y }),
  ],
});

export interface SoftmaxCallOptions {
  /** [N, C, ...]. */
  readonly shape: Shape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
  /** Present for the gradient: x is then softmax's output, g that output's gradient. */
  readonly g?: OperandRange;
}

/**
 * One dispatch of `nn/softmax`; bindings x, y and, for the gradient, g.
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function softmaxCall(options: SoftmaxCallOptions): KernelCall {
  checkOptions('softmaxCall', options, { shape: 'maps', 'x?': 'range', 'y?': 'range', 'g?': 'range' });
  const { shape, x = wholeRange(shape), y = wholeRange(shape), g } = options;
  const area = elementCount(shape.slice(2));
  const values = elementCount(shape);
  const call = lineCall(softmaxKernel, {
    constants: { GRADIENT: Number(g !== undefined) },
    params: {
      ...rangeParams({ x, g, y }),
      channels: shape[1] as number,
      area,
    },
    invocations: batchSize(shape) * area,
    flops: 8 * values,
    values: (g === undefined ? 2 : 3) * values,
  });
  return sizedCall('softmaxCall', call, { x: [shape, x], y: [shape, y], ...(g && { g: [shape, g] }) });
}

/** exp(x) / sum of exp(x) over dimension 1 of [N, C, ...]. */
export function softmax(x: TensorLike): Tensor {
  return applyOne(softmaxOperator, [x], {});
}

/** Softmax over channels. */
export class Softmax2d extends Module {
  override forward(x: Tensor): Tensor {
    return softmax(x);
  }
}
