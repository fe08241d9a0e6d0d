/** A tensor with a number: both are alpha x + beta. */
import {
  applyOne,
  defineOperator,
  inferSame,
  type Operator,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import type { KernelCall } from '@infnet/core/kernels';
import { lowerUnary, type UnaryCallOptions, unaryCall } from './unary.js';

export const addScalarOperator: Operator<{ readonly value: number }> = standardOperator(
  defineOperator({
    name: 'addScalar',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, _attributes, where) => ({ y: inferSame(x, where) }),
    lower: (context) => lowerUnary('affine', context, { beta: context.attributes.value }),
    gradient: ({ outputGradients: { y: g } }) => ({ x: g }),
  }),
);

export const mulScalarOperator: Operator<{ readonly value: number }> = standardOperator(
  defineOperator({
    name: 'mulScalar',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, _attributes, where) => ({ y: inferSame(x, where) }),
    lower: (context) => lowerUnary('affine', context, { alpha: context.attributes.value }),
    gradient: ({ outputGradients: { y: g }, attributes }) => ({ x: applyOne(mulScalarOperator, [g], attributes) }),
  }),
);

/** x + value. */
export function addScalar(x: TensorLike, value: number): Tensor {
  return applyOne(addScalarOperator, [x], { value });
}

/** x * value. */
export function mulScalar(x: TensorLike, value: number): Tensor {
  return applyOne(mulScalarOperator, [x], { value });
}

/** The kernel call of alpha x + beta for your own buffers; bindings x, y. */
export function affineCall(options: UnaryCallOptions): KernelCall {
  return unaryCall('affine', options);
}
