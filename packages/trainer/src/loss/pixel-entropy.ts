/**
 * The cross entropy of each pixel with its class: weighted, smoothed, focused. What is summed of it is said elsewhere.
 */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  type NamedOperator,
  type Operator,
  type Shape,
  shapeError,
  type TensorType,
} from '@infnet/core';
import { type Kernel, type KernelCall, type OperandRanges, placedCall, rangeTable } from '@infnet/core/kernels';
import { requireKept, requireMaps } from '@infnet/nn/kernels';
import { labelShape, requireIgnoreIndex, requireLabels } from './labels.js';
import source from './pixel-entropy.wgsl';
import gradientSource from './pixel-entropy-gradient.wgsl';

export const pixelEntropyKernel: Kernel = { name: 'trainer/pixel-entropy', source };
export const pixelEntropyGradientKernel: Kernel = { name: 'trainer/pixel-entropy-gradient', source: gradientSource };

export type PixelEntropyAttributes = {
  /** Pixels of this class do not count. */
  readonly ignoreIndex: number;
  /** A weight for each class; none: all are 1. */
  readonly weights: readonly number[];
  /** Share of the target that all classes have in equal parts, 0 to 1. */
  readonly labelSmoothing: number;
  /** Exponent of 1 - p of the target's class, at least 0. Not 0: no `labelSmoothing`. */
  readonly gamma: number;
  /** A pixel counts as much as its class weighs (else: as one). */
  readonly byWeight: boolean;
};

export interface PixelEntropyCallOptions extends PixelEntropyAttributes {
  /** [N, C, ...] of the logits. */
  readonly shape: Shape;
  readonly ranges?: OperandRanges<'x' | 't' | 'y' | 's'>;
}

const OPTIONS = {
  shape: 'maps',
  ignoreIndex: 'integer',
  weights: 'any',
  labelSmoothing: 'number',
  gamma: 'number',
  byWeight: 'flag',
} as const;

/** @throws InfnetError `SHAPE_ATTRIBUTE`. */
function requireAttributes(attributes: PixelEntropyAttributes, classes: number, where: string): void {
  const { ignoreIndex, weights, labelSmoothing, gamma } = attributes;
  requireIgnoreIndex(ignoreIndex, where);
  const wrong = (message: string): never => shapeError('SHAPE_ATTRIBUTE', where, message);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) wrong(`labelSmoothing is ${labelSmoothing}; 0 to 1 is needed`);
  if (!(gamma >= 0 && gamma < Infinity)) wrong(`gamma is ${gamma}; at least 0 is needed`);
  if (gamma > 0 && labelSmoothing > 0) wrong('gamma and labelSmoothing exclude each other');
  if (!Array.isArray(weights)) wrong('weights are no list of numbers');
  if (weights.length !== 0 && weights.length !== classes) {
    wrong(`there are ${weights.length} class weights; ${classes} are needed, one per channel of the logits`);
  }
  const bad = weights.findIndex((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (bad >= 0) wrong(`the weight of class ${bad} is ${weights[bad]}; at least 0 is needed`);
}

/** Constants and parameters that both kernels have. */
function settings({ shape, ...attributes }: PixelEntropyAttributes & { readonly shape: Shape }): {
  readonly constants: Record<string, number>;
  readonly params: Record<string, number>;
} {
  const { ignoreIndex, weights, labelSmoothing, gamma } = attributes;
  const channels = shape[1] as number;
  const [smoothed, focal, weighted] = [labelSmoothing > 0, gamma > 0, weights.length > 0];
  return {
    constants: {
      SMOOTHED: Number(smoothed),
      FOCAL: Number(focal),
      WEIGHTED: Number(weighted),
      CLASSES: weighted ? channels : 0,
    },
    params: {
      channels,
      area: elementCount(shape.slice(2)),
      ignored: ignoreIndex >>> 0,
      ...(smoothed ? { smoothing: labelSmoothing } : {}),
      ...(focal ? { gamma } : {}),
      ...Object.fromEntries(weights.map((weight, c) => [`w${c}`, weight])),
    },
  };
}

/** One dispatch; bindings x, t, y, s: the loss of each pixel, and what the pixel counts in a mean. */
export function pixelEntropyCall(options: PixelEntropyCallOptions): KernelCall {
  const where = 'pixelEntropyCall';
  checkOptions(where, options, { ...OPTIONS, ...rangeTable('x', 't', 'y', 's') });
  const { shape, ranges, byWeight } = options;
  requireAttributes(options, shape[1] as number, where);
  const labels = labelShape(shape);
  const { constants, params } = settings(options);
  const pixels = elementCount(labels);
  return placedCall(where, pixelEntropyKernel, {
    operands: { x: shape, t: labels, y: labels, s: labels },
    ranges,
    params,
    constants: { ...constants, BY_WEIGHT: Number(byWeight) },
    invocations: pixels,
    flops: pixels * (4 * (shape[1] as number) + 8),
    values: elementCount(shape) + 3 * pixels,
  });
}

export interface PixelEntropyGradientCallOptions extends Omit<PixelEntropyCallOptions, 'ranges'> {
  readonly ranges?: OperandRanges<'g' | 'x' | 't' | 'd'>;
}

/** One dispatch; bindings g, x, t, d. */
export function pixelEntropyGradientCall(options: PixelEntropyGradientCallOptions): KernelCall {
  const where = 'pixelEntropyGradientCall';
  checkOptions(where, options, { ...OPTIONS, ...rangeTable('g', 'x', 't', 'd') });
  const { shape, ranges } = options;
  requireAttributes(options, shape[1] as number, where);
  const labels = labelShape(shape);
  const pixels = elementCount(labels);
  return placedCall(where, pixelEntropyGradientKernel, {
    operands: { g: labels, x: shape, t: labels, d: shape },
    ranges,
    ...settings(options),
    invocations: pixels,
    flops: pixels * 8 * (shape[1] as number),
    values: 2 * elementCount(shape) + 2 * pixels,
  });
}

function check(x: TensorType, t: TensorType, attributes: PixelEntropyAttributes, where: string): TensorType {
  requireMaps(x, 'the logits', where);
  requireLabels(x, t, where);
  requireAttributes(attributes, x.shape[1] as number, where);
  return { shape: labelShape(x.shape), dtype: 'f32' };
}

const INPUTS = ['x', 't'] as const;
const OUTPUTS = ['y', 's'] as const;

/** Inputs: logits, classes. Outputs [N, ...]: the loss of each pixel; what it counts in a mean (no gradient). */
export const pixelEntropyOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS, PixelEntropyAttributes> =
  defineOperator({
    name: 'pixelEntropy',
    inputs: INPUTS,
    outputs: OUTPUTS,
    infer({ x, t }, attributes: PixelEntropyAttributes, where) {
      const type = check(x, t, attributes, where);
      return { y: type, s: type };
    },
    lower({ inputs: { x, t }, outputs: { y, s }, attributes }) {
      const call = pixelEntropyCall({ ...attributes, shape: x.type.shape, ranges: { x, t, y, s } });
      return [dispatch(call, { x, t, y, s })];
    },
    gradient({ inputs: { x, t }, outputGradients: { y: g }, attributes, needed }) {
      return { x: needed.x && g ? applyOne(pixelEntropyGradientOperator, [g, x, t], attributes) : undefined };
    },
  });

/** Inputs: gradient of each pixel's loss [N, ...], logits, classes. Output: gradient of the logits. */
export const pixelEntropyGradientOperator: Operator<PixelEntropyAttributes> = defineOperator({
  name: 'pixelEntropyGradient',
  inputs: ['g', 'x', 't'],
  outputs: ['d'],
  infer({ g, x, t }, attributes, where) {
    requireKept(g, check(x, t, attributes, where).shape, where);
    return { d: x };
  },
  lower({ inputs: { g, x, t }, outputs: { d }, attributes }) {
    const call = pixelEntropyGradientCall({ ...attributes, shape: x.type.shape, ranges: { g, x, t, d } });
    return [dispatch(call, { g, x, t, d })];
  },
});
