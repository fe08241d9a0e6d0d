/** relu: max(x, 0); its gradient at exactly 0 is 0, as in the reference. leakyRelu keeps a slope below 0. */
import {
  applyOne,
  defineOperator,
  inferSame,
  Module,
  type Operator,
  requireShape,
  requireType,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import type { KernelCall } from '@infnet/core/kernels';
import { type BinaryCallOptions, binaryCall, lowerBinary } from './binary.js';
import { lowerUnary, type UnaryCallOptions, unaryCall } from './unary.js';

type None = Record<string, never>;

export const reluOperator: Operator<None> = standardOperator(
  defineOperator({
    name: 'relu',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, _attributes, where) => ({ y: inferSame(x, where) }),
    lower: (context) => lowerUnary('relu', context),
    gradient: ({ outputs: { y }, outputGradients: { y: g } }) => ({ x: reluGradient(y, g) }),
  }),
);

/** Inputs: relu's output (or its input), the gradient of the output. */
export const reluGradientOperator: Operator<None> = standardOperator(
  defineOperator({
    name: 'reluGradient',
    inputs: ['y', 'g'],
    outputs: ['d'],
    infer: ({ y, g }, _attributes, where) => ({ d: inferPair(y, g, where) }),
    lower: ({ inputs: { y, g }, outputs: { d } }) => lowerBinary('reluGradient', { a: y, b: g, y: d }),
    // Zero almost everywhere for the first input; linear in the second.
    gradient: ({ inputs: { y }, outputGradients: { d }, needed }) => ({ g: needed.g ? reluGradient(y, d) : undefined }),
  }),
);

export const leakyReluOperator: Operator<{ readonly slope: number }> = standardOperator(
  defineOperator({
    name: 'leakyRelu',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, _attributes, where) => ({ y: inferSame(x, where) }),
    lower: (context) => lowerUnary('leakyRelu', context, { alpha: context.attributes.slope }),
    // With a slope above 0 the output has the signs of the input: what came before is not kept, and may be fused.
    gradient: ({ inputs: { x }, outputs: { y }, outputGradients: { y: g }, attributes }) => ({
      x: applyOne(leakyReluGradientOperator, [attributes.slope > 0 ? y : x, g], attributes),
    }),
  }),
);

/** Inputs: leakyRelu's input (or, with a slope above 0, its output), the gradient of the output. */
export const leakyReluGradientOperator: Operator<{ readonly slope: number }> = standardOperator(
  defineOperator({
    name: 'leakyReluGradient',
    inputs: ['x', 'g'],
    outputs: ['d'],
    infer: ({ x, g }, _attributes, where) => ({ d: inferPair(x, g, where) }),
    lower: ({ inputs: { x, g }, outputs: { d }, attributes: { slope } }) =>
      lowerBinary('leakyGradient', { a: x, b: g, y: d }, { alpha: slope }),
  }),
);

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
export function inferPair(a: TensorType, b: TensorType, where: string): TensorType {
  requireType(a, 'f32', 'input 0', where);
  requireType(b, 'f32', 'input 1', where);
  requireShape(b.shape, a.shape, 'input 1', where);
  return a;
}
