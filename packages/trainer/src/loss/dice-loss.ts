/** The Dice loss: 1 - 2 |P and T| / (|P| + |T|), soft, per map. */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  InfnetError,
  type Operator,
  type Shape,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import {
  alike,
  type Kernel,
  type KernelCall,
  type OperandRanges,
  placedCall,
  rangeTable,
  rowsCall,
  type SumCalls,
  sizedCall,
} from '@infnet/core/kernels';
import { requireAlike, requireKept, requireScalar, SCALAR } from '@infnet/nn/kernels';
import source from './dice-loss.wgsl';
import gradientSource from './dice-loss-gradient.wgsl';
import totalSource from './dice-loss-total.wgsl';

export const diceLossKernel: Kernel = { name: 'trainer/dice-loss', source };
export const diceLossTotalKernel: Kernel = { name: 'trainer/dice-loss-total', source: totalSource };
export const diceLossGradientKernel: Kernel = { name: 'trainer/dice-loss-gradient', source: gradientSource };

export type DiceLossAttributes = {
  /** Predictions are logits (else probabilities). */
  readonly sigmoid: boolean;
  /** Added above and below, so that an empty map is no division by zero. */
  readonly smooth: number;
};

export interface DiceLossCallOptions extends DiceLossAttributes {
  /** [N, C, ...] of predictions and targets. */
  readonly shape: Shape;
  readonly ranges?: OperandRanges<'x' | 't'>;
  /** Index of the loss and of the first map's factors in their buffers. Default 0. */
  readonly yOffset?: number;
  readonly factorsOffset?: number;
}

interface Maps {
  readonly channels: number;
  readonly area: number;
  readonly maps: number;
}

function mapsOf(shape: Shape): Maps {
  const [n, channels] = shape as readonly [number, number];
  return { channels, area: elementCount(shape.slice(2)), maps: n * channels };
}

/**
 * The two dispatches of the loss; bindings x, t, partial, and partial, y, factors [N * C, 2]: each map's for the
 * gradient.
 */
export function diceLossCalls(options: DiceLossCallOptions): SumCalls {
  const where = 'diceLossCalls';
  checkOptions(where, options, {
    shape: 'maps',
    sigmoid: 'flag',
    smooth: 'number',
    ...rangeTable('x', 't'),
    'yOffset?': 'count',
    'factorsOffset?': 'count',
  });
  const { shape, sigmoid, smooth, ranges, yOffset = 0, factorsOffset = 0 } = options;
  requireSmooth(smooth, where);
  const { channels, area, maps } = mapsOf(shape);
  const values = maps * area;
  const { partial, partialCount, dealt } = rowsCall(where, diceLossKernel, {
    operands: alike(shape, 'x', 't'),
    ranges,
    rows: maps,
    rowSize: area,
    parts: 3,
    constants: { SIGMOID: Number(sigmoid) },
    params: { channels },
    flops: 8 * values,
    values: 2 * values,
  });
  const total: KernelCall = {
    kernel: diceLossTotalKernel,
    constants: {},
    params: { yOffset, factorsOffset, groupsPerRow: dealt.groupsPerRow, maps, smooth_: smooth },
    workgroups: [1, 1, 1],
    flops: partialCount,
    bytes: 4 * (partialCount + 2 * maps + 1),
  };
  const sizes = { partial: partialCount, y: yOffset + 1, factors: factorsOffset + 2 * maps };
  return { partial, partialCount, total: sizedCall(where, total, sizes) };
}

export interface DiceLossGradientCallOptions extends Pick<DiceLossAttributes, 'sigmoid'> {
  readonly shape: Shape;
  /**
   * The gradient of the targets instead of the predictions'; without `sigmoid`, bind the predictions as t. Default
   * false.
   */
  readonly ofTarget?: boolean;
  readonly ranges?: OperandRanges<'x' | 't' | 'd'>;
  readonly gOffset?: number;
  readonly factorsOffset?: number;
}

/** One dispatch; bindings g, t, factors, d and, with `sigmoid`, x. */
export function diceLossGradientCall(options: DiceLossGradientCallOptions): KernelCall {
  const where = 'diceLossGradientCall';
  checkOptions(where, options, {
    shape: 'maps',
    sigmoid: 'flag',
    'ofTarget?': 'flag',
    ...rangeTable('x', 't', 'd'),
    'gOffset?': 'count',
    'factorsOffset?': 'count',
  });
  const { shape, sigmoid, ofTarget = false, ranges, gOffset = 0, factorsOffset = 0 } = options;
  const { channels, area, maps } = mapsOf(shape);
  const values = maps * area;
  return placedCall(where, diceLossGradientKernel, {
    operands: alike(shape, ...(sigmoid ? ['x'] : []), 't', 'd'),
    ranges,
    elements: { g: gOffset + 1, factors: factorsOffset + 2 * maps },
    constants: { SIGMOID: Number(sigmoid), TARGET: Number(ofTarget) },
    params: { gOffset, factorsOffset, channels, area },
    invocations: values,
    flops: 8 * values,
    values: 3 * values,
  });
}

/** @throws InfnetError `SHAPE_ATTRIBUTE`. */
function requireSmooth(smooth: number, where: string): void {
  if (smooth >= 0 && smooth < Infinity) return;
  const message = `smooth is ${smooth}; at least 0 is needed`;
  throw new InfnetError({ code: 'SHAPE_ATTRIBUTE', message, where });
}

function check(x: TensorType, t: TensorType, { smooth }: DiceLossAttributes, where: string): void {
  requireSmooth(smooth, where);
  const operands = [
    ['the prediction', x],
    ['the target', t],
  ] as const;
  requireAlike(where, operands);
}

const factorsShape = (shape: Shape): Shape => [mapsOf(shape).maps, 2];

/** Inputs: predictions, targets. Outputs: the loss; per map, what the gradient needs. */
export const diceLossOperator: Operator<DiceLossAttributes> = defineOperator({
  name: 'diceLoss',
  inputs: ['x', 't'],
  outputs: ['y', 'factors'],
  infer({ x, t }, attributes, where) {
    check(x, t, attributes, where);
    return { y: SCALAR, factors: { shape: factorsShape(x.shape), dtype: 'f32' } };
  },
  lower({ inputs: { x, t }, outputs: { y, factors }, attributes, scratch }) {
    const calls = diceLossCalls({
      ...attributes,
      shape: x.type.shape,
      ranges: { x, t },
      yOffset: y.offset,
      factorsOffset: factors.offset,
    });
    const partial = scratch(calls.partialCount, 'partial sums');
    return [dispatch(calls.partial, { x, t, partial }), dispatch(calls.total, { partial, y, factors })];
  },
  gradient({ inputs: { x, t }, outputs: { factors }, outputGradients: { y: g }, attributes, needed }) {
    const of = (ofTarget: boolean): Tensor | undefined =>
      g && applyOne(diceLossGradientOperator, [g, x, t, factors], { ...attributes, ofTarget });
    return { x: needed.x ? of(false) : undefined, t: needed.t ? of(true) : undefined };
  },
});

/**
 * Inputs: gradient of the loss, predictions, targets, factors per map. Output: gradient of the predictions, or of the
 * targets.
 */
export const diceLossGradientOperator: Operator<DiceLossAttributes & { readonly ofTarget?: boolean }> = defineOperator({
  name: 'diceLossGradient',
  inputs: ['g', 'x', 't', 'factors'],
  outputs: ['d'],
  infer({ g, x, t, factors }, attributes, where) {
    requireScalar(g, where);
    check(x, t, attributes, where);
    requireKept(factors, factorsShape(x.shape), where);
    return { d: x };
  },
  lower({ inputs, outputs: { d }, attributes: { sigmoid, ofTarget = false } }) {
    const { g, x, factors } = inputs;
    const t = ofTarget && !sigmoid ? x : inputs.t;
    const offsets = { gOffset: g.offset, factorsOffset: factors.offset };
    const call = diceLossGradientCall({ sigmoid, ofTarget, shape: x.type.shape, ranges: { x, t, d }, ...offsets });
    return [dispatch(call, { g, t, factors, d, x: sigmoid ? x : undefined })];
  },
});

export interface DiceLossOptions {
  /** What makes probabilities of the predictions. Default `sigmoid`; `none` where they are probabilities already. */
  readonly activation?: 'sigmoid' | 'none';
  /** Added above and below the fraction. Default 1. */
  readonly smooth?: number;
}

/**
 * The soft Dice loss, the mean over images and channels of 1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth). A
 * scalar; the gradient flows to the predictions, and to the target where that is computed.
 *
 * @param prediction [N, C, ...], logits unless `activation` says otherwise
 * @param target [N, C, ...], in [0, 1]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, with the module's path.
 */
export function diceLoss(prediction: TensorLike, target: TensorLike, options: DiceLossOptions = {}): Tensor {
  checkOptions('diceLoss', options, { 'activation?': ['sigmoid', 'none'], 'smooth?': 'number' });
  const { activation = 'sigmoid', smooth = 1 } = options;
  return applyOne(diceLossOperator, [prediction, target], { sigmoid: activation === 'sigmoid', smooth });
}
