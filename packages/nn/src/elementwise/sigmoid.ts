/** sigmoid: 1 / (1 + exp(-x)), safe for any x. */
import {
  applyOne,
  defineOperator,
  inferSame,
  Module,
  type Operator,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import type { KernelCall } from '@infnet/core/kernels';
import { lowerBinary } from './binary.js';
import { inferPair } from './relu.js';
import { lowerUnary, type UnaryCallOptions, unaryCall } from './unary.js';

type None = Record<string, never>;

export const sigmoidOperator: Operator<None> = standardOperator(
  defineOperator({
    name: 'sigmoid',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, _attributes, where) => ({ y: inferSame(x, where) }),
    lower: (context) => lowerUnary('sigmoid', context),
    gradient: ({ outputs: { y }, outputGradients: { y: g } }) => ({ x: applyOne(sigmoidGradientOperator, [y, g], {}) }),
  }),
);

/** Inputs: sigmoid's output y, its gradient g. Output: g y (1 - y). */
export const sigmoidGradientOperator: Operator<None> = defineOperator({
  name: 'sigmoidGradient',
  inputs: ['y', 'g'],
  outputs: ['d'],
  infer: ({ y, g }, _attributes, where) => ({ d: inferPair(y, g, where) }),
  lower: ({ inputs: { y, g }, outputs: { d } }) => lowerBinary('sigmoidGradient', { a: y, b: g, y: d }),
});

/** 1 / (1 + exp(-x)), any shape. */
export function sigmoid(x: TensorLike): Tensor {
  return applyOne(sigmoidOperator, [x], {});
}

/** The kernel call of sigmoid for your own buffers; bindings x, y. */
export function sigmoidCall(options: UnaryCallOptions): KernelCall {
  return unaryCall('sigmoid', options);
}

/** 1 / (1 + exp(-x)). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}
