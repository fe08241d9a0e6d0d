/** A tensor with a number: both are alpha x + beta. */
import {
  applyOne,
  inferSame,
  type KernelCall,
  type Operator,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import { lowerUnary, type UnaryCallOptions, unaryCall } from './unary.js';

export const addScalarOperator: Operator<{ readonly value: number }> = standardOperator({
  name: 'addScalar',
  arity: 1,
  infer: (inputs, _attributes, where) => [inferSame(inputs[0] as TensorType, where)],
  lower: (context) => lowerUnary('affine', context, { beta: context.attributes.value }),
  gradient: ({ outputGradients }) => [outputGradients[0]],
});

export const mulScalarOperator: Operator<{ readonly value: number }> = standardOperator({
  name: 'mulScalar',
  arity: 1,
  infer: (inputs, _attributes, where) => [inferSame(inputs[0] as TensorType, where)],
  lower: (context) => lowerUnary('affine', context, { alpha: context.attributes.value }),
  gradient: ({ outputGradients, attributes }) => [
    outputGradients[0] && applyOne(mulScalarOperator, [outputGradients[0]], attributes),
  ],
});

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
