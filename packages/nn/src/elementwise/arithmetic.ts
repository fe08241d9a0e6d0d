/** add, sub, mul, div with broadcasting, and `addRelu`, which an `add` becomes when a relu follows it. */
import {
  applyOne,
  defineOperator,
  type NamedOperator,
  type OperatorDefinition,
  replaceBy,
  requireType,
  standardName,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { broadcastShape, type KernelCall } from '@infnet/core/kernels';
import { sumProductTo, sumTo } from '../reduce/sum.js';
import { type BinaryCallOptions, binaryCall, lowerBinary } from './binary.js';
import { mulScalar } from './scalar.js';

type None = Record<string, never>;
const INPUTS = ['a', 'b'] as const;
const OUTPUTS = ['y'] as const;
type Definition = OperatorDefinition<typeof INPUTS, typeof OUTPUTS, None>;
type ArithmeticOperator = NamedOperator<typeof INPUTS, typeof OUTPUTS, None>;

/** What all of them have alike. */
const arithmetic: Pick<Definition, 'inputs' | 'outputs' | 'infer'> = {
  inputs: INPUTS,
  outputs: OUTPUTS,
  infer({ a, b }, _attributes, where) {
    requireType(a, 'f32', 'the first operand', where);
    requireType(b, 'f32', 'the second operand', where);
    return { y: { shape: broadcastShape(a.shape, b.shape, where), dtype: 'f32' } };
  },
};

/** A rule from the gradients with respect to a and to b, each asked for only when it is needed. */
function rule(
  toA: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor,
  toB: (g: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor,
): Definition['gradient'] {
  return ({ inputs: { a, b }, outputs: { y }, outputGradients: { y: g }, needed }) => ({
    a: needed.a ? toA(g, a, b, y) : undefined,
    b: needed.b ? toB(g, a, b, y) : undefined,
  });
}

export const addOperator: ArithmeticOperator = standardOperator(
  defineOperator({
    ...arithmetic,
    name: 'add',
    lower: ({ inputs, outputs }) => lowerBinary('add', { ...inputs, ...outputs }),
    gradient: rule(
      (g, a) => sumTo(g, a.shape),
      (g, _a, b) => sumTo(g, b.shape),
    ),
    absorbConsumer: ({ inputs }, consumer) =>
      standardName(consumer.operator) === 'relu' ? replaceBy(addReluOperator, inputs, {}) : undefined,
  }),
);

/** max(a + b, 0). Made by the planner; it exists after differentiation only. */
export const addReluOperator: ArithmeticOperator = standardOperator(
  defineOperator({
    ...arithmetic,
    name: 'addRelu',
    lower: ({ inputs, outputs }) => lowerBinary('add', { ...inputs, ...outputs }, { relu: true }),
  }),
);

export const subOperator: ArithmeticOperator = standardOperator(
  defineOperator({
    ...arithmetic,
    name: 'sub',
    lower: ({ inputs, outputs }) => lowerBinary('sub', { ...inputs, ...outputs }),
    gradient: rule(
      (g, a) => sumTo(g, a.shape),
      (g, _a, b) => sumTo(g, b.shape, -1),
    ),
  }),
);

export const mulOperator: ArithmeticOperator = standardOperator(
  defineOperator({
    ...arithmetic,
    name: 'mul',
    lower: ({ inputs, outputs }) => lowerBinary('mul', { ...inputs, ...outputs }),
    gradient: rule(
      (g, a, b) => productTo(g, b, a),
      (g, a, b) => productTo(g, a, b),
    ),
  }),
);

export const divOperator: ArithmeticOperator = standardOperator(
  defineOperator({
    ...arithmetic,
    name: 'div',
    lower: ({ inputs, outputs }) => lowerBinary('div', { ...inputs, ...outputs }),
    gradient: rule(
      (g, a, b) => sumTo(div(g, b), a.shape),
      (g, _a, b, y) => mulScalar(productTo(div(g, b), y, b), -1),
    ),
  }),
);

/**
 * The product summed to the shape of `like`: one pass where nothing is summed, a reduction that multiplies where it is.
 */
function productTo(g: Tensor, factor: Tensor, like: Tensor): Tensor {
  const plain = g.shape.length === like.shape.length && g.shape.every((size, i) => size === like.shape[i]);
  return plain ? mul(g, factor) : sumProductTo(g, factor, like.shape);
}

/** a + b with NumPy broadcasting, up to 4 dimensions. */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(addOperator, [a, b], {});
}

/** a - b with NumPy broadcasting, up to 4 dimensions. */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(subOperator, [a, b], {});
}

/** a * b with NumPy broadcasting, up to 4 dimensions. */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(mulOperator, [a, b], {});
}

/** a / b with NumPy broadcasting, up to 4 dimensions. */
export function div(a: TensorLike, b: TensorLike): Tensor {
  return applyOne(divOperator, [a, b], {});
}

/** The kernel call of a + b for your own buffers; bindings a, b, y. */
export function addCall(options: BinaryCallOptions): KernelCall {
  return binaryCall('add', options);
}

/** The kernel call of a - b for your own buffers; bindings a, b, y. */
export function subCall(options: BinaryCallOptions): KernelCall {
  return binaryCall('sub', options);
}

/** The kernel call of a * b for your own buffers; bindings a, b, y. */
export function mulCall(options: BinaryCallOptions): KernelCall {
  return binaryCall('mul', options);
}

/** The kernel call of a / b for your own buffers; bindings a, b, y. */
export function divCall(options: BinaryCallOptions): KernelCall {
  return binaryCall('div', options);
}
