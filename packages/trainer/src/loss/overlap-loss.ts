/** Dice and Tversky losses on class indices: 1 - I / (I + alpha F + beta M) of each class, soft. */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  type Operator,
  type Shape,
  shapeError,
  type TensorType,
} from '@infnet/core';
import {
  type Kernel,
  type KernelCall,
  type OperandRanges,
  placedCall,
  rangeTable,
  rowsCall,
  type SumCalls,
  sizedCall,
} from '@infnet/core/kernels';
import { requireKept, requireMaps, requireScalar, SCALAR } from '@infnet/nn/kernels';
import { labelShape, requireIgnoreIndex, requireLabels } from './labels.js';
import source from './overlap-loss.wgsl';
import gradientSource from './overlap-loss-gradient.wgsl';
import totalSource from './overlap-loss-total.wgsl';

export const overlapLossKernel: Kernel = { name: 'trainer/overlap-loss', source };
export const overlapLossTotalKernel: Kernel = { name: 'trainer/overlap-loss-total', source: totalSource };
export const overlapLossGradientKernel: Kernel = { name: 'trainer/overlap-loss-gradient', source: gradientSource };

export type OverlapLossAttributes = {
  /** Weight of what is predicted and not there, at least 0. Dice: 0.5. */
  readonly alpha: number;
  /** Weight of what is there and not predicted, at least 0. Dice: 0.5. */
  readonly beta: number;
  /** Added above and below the fraction, at least 0. */
  readonly smooth: number;
  /** Below the fraction stands the sum of p^2 instead of p. */
  readonly squared: boolean;
  /** Sums are over all images of the batch, one fraction for each class (else one for each image and class). */
  readonly batch: boolean;
  /** Class 0 counts as well. */
  readonly background: boolean;
  /** Pixels of this class do not count. */
  readonly ignoreIndex: number;
};

export interface OverlapLossCallOptions extends OverlapLossAttributes {
  /** [N, C, ...] of the probabilities. */
  readonly shape: Shape;
  readonly ranges?: OperandRanges<'x' | 't'>;
  /** Index of the loss and of the first factors in their buffers. Default 0. */
  readonly yOffset?: number;
  readonly factorsOffset?: number;
}

const OPTIONS = {
  shape: 'maps',
  alpha: 'number',
  beta: 'number',
  smooth: 'number',
  squared: 'flag',
  batch: 'flag',
  background: 'flag',
  ignoreIndex: 'integer',
  'factorsOffset?': 'count',
} as const;

/** @throws InfnetError `SHAPE_ATTRIBUTE`. */
function requireAttributes(attributes: OverlapLossAttributes, classes: number, where: string): void {
  requireIgnoreIndex(attributes.ignoreIndex, where);
  const wrong = (message: string): never => shapeError('SHAPE_ATTRIBUTE', where, message);
  for (const name of ['alpha', 'beta', 'smooth'] as const) {
    const value = attributes[name];
    if (!(value >= 0 && value < Infinity)) wrong(`${name} is ${value}; at least 0 is needed`);
  }
  if (!attributes.background && classes === 1) wrong('without background no class is left of one channel');
}

/** [sets, 2]: what the loss keeps for its gradient. */
const factorsShape = ([n, channels]: Shape, batch: boolean): Shape => [
  (batch ? 1 : (n as number)) * (channels as number),
  2,
];

/** The two dispatches of the loss; bindings x, t, partial, and partial, y, factors [sets, 2]. */
export function overlapLossCalls(options: OverlapLossCallOptions): SumCalls {
  const where = 'overlapLossCalls';
  checkOptions(where, options, { ...OPTIONS, ...rangeTable('x', 't'), 'yOffset?': 'count' });
  const { shape, alpha, beta, smooth, squared, batch, background, ignoreIndex, ranges } = options;
  const { yOffset = 0, factorsOffset = 0 } = options;
  const [n, channels] = shape as readonly [number, number];
  requireAttributes(options, channels, where);
  const values = elementCount(shape);
  const { partial, partialCount, dealt } = rowsCall(where, overlapLossKernel, {
    operands: { x: shape, t: labelShape(shape) },
    ranges,
    rows: n * channels,
    parts: 3,
    rowSize: elementCount(shape.slice(2)),
    constants: { SQUARED: Number(squared) },
    params: { channels, ignored: ignoreIndex >>> 0 },
    flops: 6 * values,
    values: 2 * values,
  });
  const kept = elementCount(factorsShape(shape, batch));
  const total: KernelCall = {
    kernel: overlapLossTotalKernel,
    constants: { POOLED: Number(batch) },
    params: {
      yOffset,
      factorsOffset,
      groupsPerRow: dealt.groupsPerRow,
      batch: n,
      channels,
      firstClass: Number(!background),
      alpha,
      beta,
      smooth_: smooth,
    },
    workgroups: [1, 1, 1],
    flops: partialCount,
    bytes: 4 * (partialCount + kept + 1),
  };
  const sizes = { partial: partialCount, y: yOffset + 1, factors: factorsOffset + kept };
  return { partial, partialCount, total: sizedCall(where, total, sizes) };
}

export interface OverlapLossGradientCallOptions extends Omit<OverlapLossCallOptions, 'ranges' | 'yOffset'> {
  readonly ranges?: OperandRanges<'x' | 't' | 'd'>;
  readonly gOffset?: number;
}

/** One dispatch; bindings g, t, factors, d and, with `squared`, x. */
export function overlapLossGradientCall(options: OverlapLossGradientCallOptions): KernelCall {
  const where = 'overlapLossGradientCall';
  checkOptions(where, options, { ...OPTIONS, ...rangeTable('x', 't', 'd'), 'gOffset?': 'count' });
  const { shape, alpha, beta, squared, batch, ignoreIndex, ranges, gOffset = 0, factorsOffset = 0 } = options;
  const channels = shape[1] as number;
  requireAttributes(options, channels, where);
  const values = elementCount(shape);
  return placedCall(where, overlapLossGradientKernel, {
    operands: { ...(squared ? { x: shape } : {}), t: labelShape(shape), d: shape },
    ranges,
    elements: { g: gOffset + 1, factors: factorsOffset + elementCount(factorsShape(shape, batch)) },
    constants: { SQUARED: Number(squared), POOLED: Number(batch) },
    params: {
      gOffset,
      factorsOffset,
      channels,
      area: elementCount(shape.slice(2)),
      ignored: ignoreIndex >>> 0,
      alpha,
      beta,
    },
    invocations: values,
    flops: 6 * values,
    values: (squared ? 3 : 2) * values,
  });
}

function check(x: TensorType, t: TensorType, attributes: OverlapLossAttributes, where: string): void {
  requireMaps(x, 'the prediction', where);
  requireLabels(x, t, where);
  requireAttributes(attributes, x.shape[1] as number, where);
}

/** Inputs: probabilities, classes. Outputs: the loss; what the gradient needs. */
export const overlapLossOperator: Operator<OverlapLossAttributes> = defineOperator({
  name: 'overlapLoss',
  inputs: ['x', 't'],
  outputs: ['y', 'factors'],
  infer({ x, t }, attributes, where) {
    check(x, t, attributes, where);
    return { y: SCALAR, factors: { shape: factorsShape(x.shape, attributes.batch), dtype: 'f32' } };
  },
  lower({ inputs: { x, t }, outputs: { y, factors }, attributes, scratch }) {
    const offsets = { yOffset: y.offset, factorsOffset: factors.offset };
    const calls = overlapLossCalls({ ...attributes, shape: x.type.shape, ranges: { x, t }, ...offsets });
    const partial = scratch(calls.partialCount, 'partial sums');
    return [dispatch(calls.partial, { x, t, partial }), dispatch(calls.total, { partial, y, factors })];
  },
  gradient({ inputs: { x, t }, outputs: { factors }, outputGradients: { y: g }, attributes, needed }) {
    return { x: needed.x && g ? applyOne(overlapLossGradientOperator, [g, x, t, factors], attributes) : undefined };
  },
});

/** Inputs: gradient of the loss, probabilities, classes, factors. Output: gradient of the probabilities. */
export const overlapLossGradientOperator: Operator<OverlapLossAttributes> = defineOperator({
  name: 'overlapLossGradient',
  inputs: ['g', 'x', 't', 'factors'],
  outputs: ['d'],
  infer({ g, x, t, factors }, attributes, where) {
    requireScalar(g, where);
    check(x, t, attributes, where);
    requireKept(factors, factorsShape(x.shape, attributes.batch), where);
    return { d: x };
  },
  lower({ inputs: { g, x, t, factors }, outputs: { d }, attributes }) {
    const offsets = { gOffset: g.offset, factorsOffset: factors.offset };
    const call = overlapLossGradientCall({ ...attributes, shape: x.type.shape, ranges: { x, t, d }, ...offsets });
    return [dispatch(call, { g, t, factors, d, x: attributes.squared ? x : undefined })];
  },
});
