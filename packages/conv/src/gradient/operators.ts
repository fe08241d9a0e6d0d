/** The gradients of a convolution as operators, with kernels of their own. */
import {
  applyOne,
  type Dispatch,
  defineOperator,
  type GivenGradients,
  type NamedGradientContext,
  type Operator,
  requireShape,
  requireType,
  type Shape,
  type Tensor,
  type TensorType,
  type View,
} from '@infnet/core';
import type { KernelCall } from '@infnet/core/kernels';
import type { ConvolutionAlgorithm } from '../forward/algorithm.js';
import { inputGradientGather } from '../forward/gather.js';
import { GATHERS } from '../forward/registry.js';
import { type Conv2dGeometry, type Conv2dSettings, conv2dFlops, conv2dGeometry, outputShape } from '../geometry.js';
import type { INPUTS } from '../operator/lower.js';
import { biasGradientCalls } from './bias-call.js';
import type { WeightGradientAlgorithm } from './weight-algorithm.js';
import { weightGradientCalls } from './weight-calls.js';
import { WEIGHT_GRADIENTS } from './weight-registry.js';

export interface InputGradientAttributes extends Conv2dSettings {
  /** Shape of the convolution's input. */
  readonly inputShape: Shape;
  readonly algorithm?: ConvolutionAlgorithm | undefined;
}

export interface WeightGradientAttributes extends Conv2dSettings {
  /** Shape of the convolution's weights. */
  readonly weightShape: Shape;
  readonly algorithm?: WeightGradientAlgorithm | undefined;
}

/** Inputs: the gradient of the output [n, oc, oh, ow], the weights. Output: the gradient of the input. */
export const conv2dInputGradientOperator: Operator<InputGradientAttributes> = defineOperator({
  name: 'conv2dInputGradient',
  inputs: ['g', 'weight'],
  outputs: ['y'],
  infer({ g, weight }, attributes, where) {
    requireType(weight, 'f32', 'the weight', where);
    requireGradient(g, conv2dGeometry(attributes.inputShape, weight.shape, attributes, where), where);
    return { y: { shape: attributes.inputShape, dtype: 'f32' } };
  },
  lower({ inputs: { g, weight }, outputs: { y }, attributes, ...context }) {
    const { device, precision } = context;
    const geometry = conv2dGeometry(attributes.inputShape, weight.type.shape, attributes, 'conv2dInputGradient');
    const gather = inputGradientGather(geometry, weight);
    const { algorithm, tile } = GATHERS.take(attributes.algorithm, { gather, device, precision, rounded: false });
    const bytes = 4 * [g, weight, y].reduce((sum, { type }) => sum + type.shape.reduce((a, b) => a * b, 1), 0);
    const work = { flops: conv2dFlops(geometry), bytes };
    return algorithm.dispatches({ gather, views: { x: g, weight, y }, epilogue: {}, work }, context, tile);
  },
  candidates({ attributes, inputs: { weight }, device, precision }) {
    if (attributes.algorithm !== undefined) return undefined;
    const geometry = conv2dGeometry(attributes.inputShape, weight.shape, attributes, 'conv2dInputGradient');
    return GATHERS.candidates({ gather: inputGradientGather(geometry), device, precision, rounded: false });
  },
  sharesStorage: () => [0],
});

/** Inputs: the gradient of the output [n, oc, oh, ow], the convolution's input. Output: the gradient of the weights. */
export const conv2dWeightGradientOperator: Operator<WeightGradientAttributes> = defineOperator({
  name: 'conv2dWeightGradient',
  inputs: ['g', 'x'],
  outputs: ['y'],
  infer({ g, x }, attributes, where) {
    requireType(x, 'f32', 'the input', where);
    requireGradient(g, conv2dGeometry(x.shape, attributes.weightShape, attributes, where), where);
    return { y: { shape: attributes.weightShape, dtype: 'f32' } };
  },
  lower({ inputs: { g, x }, outputs: { y }, attributes, device, scratch }) {
    const geometry = conv2dGeometry(x.type.shape, attributes.weightShape, attributes, 'conv2dWeightGradient');
    const variant = WEIGHT_GRADIENTS.take(attributes.algorithm, { geometry, device });
    const calls = weightGradientCalls(variant, geometry, { g, x, y }, device);
    const padded = calls.pad === undefined ? x : scratch(calls.paddedElements, 'padded input');
    const pad: Dispatch[] = calls.pad === undefined ? [] : [{ ...calls.pad, operands: { x, y: padded } }];
    const { product, sum } = calls;
    if (sum === undefined) return [...pad, { ...product, operands: { g, x: padded, y } }];
    const partial = scratch(calls.partialElements, 'weight gradient parts');
    return [...pad, ...twoPasses({ product, sum }, { g, x: padded }, y, partial)];
  },
  candidates({ attributes, inputs: { x }, device }) {
    if (attributes.algorithm !== undefined) return undefined;
    const geometry = conv2dGeometry(x.shape, attributes.weightShape, attributes, 'conv2dWeightGradient');
    return WEIGHT_GRADIENTS.candidates({ geometry, device });
  },
});

/** Input: the gradient of the output [n, oc, ...]. Output: the gradient of the bias [oc]. */
export const conv2dBiasGradientOperator: Operator<Record<string, never>> = defineOperator({
  name: 'conv2dBiasGradient',
  inputs: ['g'],
  outputs: ['y'],
  infer({ g }, _attributes, where) {
    requireType(g, 'f32', 'the gradient of the output', where);
    return { y: { shape: [g.shape[1] ?? 0], dtype: 'f32' } };
  },
  lower({ inputs: { g }, outputs: { y }, scratch }) {
    const [batch = 1, channels = 1, ...map] = g.type.shape;
    const pixels = map.reduce((product, size) => product * size, 1);
    // The channels of a vector are its items.
    const calls = biasGradientCalls({ batch, channels, pixels }, g, { offset: y.offset, batchStride: 1 });
    return twoPasses(calls, { g }, y, scratch(calls.partialElements, 'bias gradient parts'));
  },
});

/** The gradient rule of `conv2d`. */
export function conv2dGradient({
  attributes: { stride, padding, dilation, groups },
  inputs: { x, weight },
  outputGradients: { y: g },
  needed,
}: NamedGradientContext<typeof INPUTS, readonly ['y'], Conv2dSettings>): GivenGradients<typeof INPUTS, Tensor> {
  const settings: Conv2dSettings = { stride, padding, dilation, groups };
  return {
    x: needed.x ? applyOne(conv2dInputGradientOperator, [g, weight], { ...settings, inputShape: x.shape }) : undefined,
    weight: needed.weight
      ? applyOne(conv2dWeightGradientOperator, [g, x], { ...settings, weightShape: weight.shape })
      : undefined,
    bias: needed.bias ? applyOne(conv2dBiasGradientOperator, [g], {}) : undefined,
  };
}

/** Partial results, then their sum. */
function twoPasses(
  calls: { readonly product: KernelCall; readonly sum: KernelCall },
  operands: Readonly<Record<string, View>>,
  y: View,
  partial: View,
): Dispatch[] {
  const product: Dispatch = { ...calls.product, operands: { ...operands, y: partial } };
  const sum: Dispatch = { ...calls.sum, operands: { partial, y } };
  return [product, sum];
}

function requireGradient(g: TensorType, geometry: Conv2dGeometry, where: string): void {
  requireType(g, 'f32', 'the gradient of the output', where);
  requireShape(g.shape, outputShape(geometry), 'the gradient of the output', where);
}
