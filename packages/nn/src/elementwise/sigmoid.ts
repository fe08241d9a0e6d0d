/** sigmoid: 1 / (1 + exp(-x)), safe for any x. */
import {
  applyOne,
  inferSame,
  type KernelCall,
  Module,
  type Operator,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import { lowerBinary } from './binary.js';
import { inferPair } from './relu.js';
import { lowerUnary, type UnaryCallOptions, unaryCall } from './unary.js';

type None = Record<string, never>;

export const sigmoidOperator: Operator<None> = standardOperator({
  name: 'sigmoid',
  arity: 1,
  infer: (inputs, _attributes, where) => [inferSame(inputs[0] as TensorType, where)],
  lower: (context) => lowerUnary('sigmoid', context),
  gradient: ({ outputs, outputGradients }) => [
    outputGradients[0] && applyOne(sigmoidGradientOperator, [outputs[0] as Tensor, outputGradients[0]], {}),
  ],
});

/** Inputs: sigmoid's output y, its gradient g. Output: g y (1 - y). */
export const sigmoidGradientOperator: Operator<None> = {
  name: 'sigmoidGradient',
  arity: 2,
  infer: (inputs, _attributes, where) => inferPair(inputs, where),
  lower: (context) => lowerBinary('sigmoidGradient', context),
};

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
