/** relu: max(x, 0); its gradient at exactly 0 is 0, as in the reference. leakyRelu keeps a slope below 0. */
import {
  applyOne,
  inferSame,
  type KernelCall,
  Module,
  type Operator,
  requireShape,
  requireType,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import { type BinaryCallOptions, binaryCall, lowerBinary } from './binary.js';
import { lowerUnary, type UnaryCallOptions, unaryCall } from './unary.js';

type None = Record<string, never>;

export const reluOperator: Operator<None> = standardOperator({
  name: 'relu',
  arity: 1,
  infer: (inputs, _attributes, where) => [inferSame(inputs[0] as TensorType, where)],
  lower: (context) => lowerUnary('relu', context),
  gradient: ({ outputs, outputGradients }) => [
    outputGradients[0] && reluGradient(outputs[0] as Tensor, outputGradients[0]),
  ],
});

/** Inputs: relu's output (or its input), the gradient of the output. */
export const reluGradientOperator: Operator<None> = standardOperator({
  name: 'reluGradient',
  arity: 2,
  infer: (inputs, _attributes, where) => inferPair(inputs, where),
  lower: (context) => lowerBinary('reluGradient', context),
  // Zero almost everywhere for the first input; linear in the second.
  gradient: ({ inputs, outputGradients, needed }) => [
    undefined,
    needed[1] && outputGradients[0] ? reluGradient(inputs[0] as Tensor, outputGradients[0]) : undefined,
  ],
});

export const leakyReluOperator: Operator<{ readonly slope: number }> = standardOperator({
  name: 'leakyRelu',
  arity: 1,
  infer: (inputs, _attributes, where) => [inferSame(inputs[0] as TensorType, where)],
  lower: (context) => lowerUnary('leakyRelu', context, { alpha: context.attributes.slope }),
  gradient: ({ inputs, outputGradients, attributes }) => [
    outputGradients[0] && applyOne(leakyReluGradientOperator, [inputs[0] as Tensor, outputGradients[0]], attributes),
  ],
});

/** Inputs: leakyRelu's input, the gradient of the output. */
export const leakyReluGradientOperator: Operator<{ readonly slope: number }> = {
  name: 'leakyReluGradient',
  arity: 2,
  infer: (inputs, _attributes, where) => inferPair(inputs, where),
  lower: (context) => lowerBinary('leakyGradient', context, { alpha: context.attributes.slope }),
};

/** max(x, 0), any shape. */
export function relu(x: TensorLike): Tensor {
  return applyOne(reluOperator, [x], {});
}

/** x where x > 0, else slope x. */
export function leakyRelu(x: TensorLike, slope = 0.01): Tensor {
  return applyOne(leakyReluOperator, [x], { slope });
}

/** `g` where `y` > 0, else 0: the gradient of relu from its output `y` and that output's gradient. */
export function reluGradient(y: TensorLike, g: TensorLike): Tensor {
  return applyOne(reluGradientOperator, [y, g], {});
}

/** The kernel call of relu for your own buffers; bindings x, y. */
export function reluCall(options: UnaryCallOptions): KernelCall {
  return unaryCall('relu', options);
}

/** The kernel call of relu's gradient for your own buffers; bindings a (output of relu), b (its gradient), y. */
export function reluGradientCall(options: Omit<BinaryCallOptions, 'relu' | 'alpha'>): KernelCall {
  return binaryCall('reluGradient', options);
}

/** max(x, 0). */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** x where x > 0, else slope x. */
export class LeakyReLU extends Module {
  readonly slope: number;

  constructor(slope = 0.01) {
    super();
    this.slope = slope;
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(x, this.slope);
  }
}

/** Two float tensors of one shape give a third. */
export function inferPair(inputs: readonly TensorType[], where: string): readonly TensorType[] {
  const [a, b] = inputs as readonly [TensorType, TensorType];
  requireType(a, 'f32', 'input 0', where);
  requireType(b, 'f32', 'input 1', where);
  requireShape(b.shape, a.shape, 'input 1', where);
  return [a];
}
