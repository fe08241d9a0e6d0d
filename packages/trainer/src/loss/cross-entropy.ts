/** Cross entropy over classes: softmax over channels, compared with a class or a distribution per pixel. */
import {
  applyOne,
  dispatchLine,
  elementCount,
  formatShape,
  InfnetError,
  type Kernel,
  type KernelCall,
  type Operator,
  type Shape,
  sameShape,
  type Tensor,
  type TensorLike,
  type TensorType,
  type View,
} from '@infnet/core';
import {
  deal,
  dispatch,
  mapCall,
  meanCall,
  type Ranges,
  rangeParams,
  requireMaps,
  SCALAR,
  wholeRange,
} from './common.js';
import source from './cross-entropy.wgsl';
import gradientSource from './cross-entropy-gradient.wgsl';

export const crossEntropyKernel: Kernel = { name: 'trainer/cross-entropy', source };
export const crossEntropyGradientKernel: Kernel = { name: 'trainer/cross-entropy-gradient', source: gradientSource };

export interface CrossEntropyCallOptions {
  /** [N, C, ...] of the logits. */
  readonly shape: Shape;
  /** Targets are classes, u32 [N, ...] (else distributions, f32 of the shape of the logits). */
  readonly classes: boolean;
  readonly ranges?: Ranges<'x' | 't'>;
  /** Index of the loss in its buffer. Default 0. */
  readonly yOffset?: number;
}

export interface CrossEntropyCalls {
  /** Sums per workgroup; bindings x, t, partial. */
  readonly partial: KernelCall;
  /** Their mean; bindings partial, y. */
  readonly total: KernelCall;
  /** Floats that `partial` writes. */
  readonly partialCount: number;
}

/** The range of targets that fill their buffer. */
function targetRange(shape: Shape, classes: boolean): { readonly offset: number; readonly batchStride: number } {
  return wholeRange(classes ? [shape[0] as number, ...shape.slice(2)] : shape);
}

/** The two dispatches of the loss. */
export function crossEntropyCalls(options: CrossEntropyCallOptions): CrossEntropyCalls {
  const { shape, classes, ranges = {}, yOffset = 0 } = options;
  const [n, channels] = shape as readonly [number, number];
  const area = elementCount(shape.slice(2));
  const dealt = deal(n, area);
  const { x = wholeRange(shape), t = targetRange(shape, classes) } = ranges;
  return {
    partialCount: dealt.count,
    partial: {
      kernel: crossEntropyKernel,
      constants: { CLASSES: Number(classes) },
      params: { ...rangeParams({ x, t }), channels, area, ...dealt },
      workgroups: dispatchLine(dealt.count),
      flops: n * area * (4 * channels + 6),
      bytes: 4 * (n * area * (classes ? channels + 1 : 2 * channels) + dealt.count),
    },
    total: meanCall(dealt.count, n * area, yOffset),
  };
}

export interface CrossEntropyGradientCallOptions extends Omit<CrossEntropyCallOptions, 'ranges' | 'yOffset'> {
  readonly ranges?: Ranges<'x' | 't' | 'd'>;
  readonly gOffset?: number;
}

/** One dispatch; bindings g, x, t, d. */
export function crossEntropyGradientCall(options: CrossEntropyGradientCallOptions): KernelCall {
  const { shape, classes, ranges = {}, gOffset = 0 } = options;
  const [n, channels] = shape as readonly [number, number];
  const area = elementCount(shape.slice(2));
  const { x = wholeRange(shape), t = targetRange(shape, classes), d = wholeRange(shape) } = ranges;
  return mapCall(crossEntropyGradientKernel, {
    constants: { CLASSES: Number(classes) },
    params: { gOffset, ...rangeParams({ x, t, d }), channels, area, factor: 1 / (n * area) },
    count: n * area,
    flopsEach: 6 * channels,
    values: n * area * (2 * channels + (classes ? 1 : channels)),
  });
}

function check(x: TensorType, t: TensorType, where: string): void {
  requireMaps(x, 'the logits', where);
  const classes = t.dtype !== 'f32';
  const [n, , ...size] = x.shape as readonly [number, number, ...number[]];
  if (sameShape(t.shape, classes ? [n, ...size] : x.shape)) return;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `the logits have the shape ${formatShape(x.shape)}, the target is ${t.dtype} ${formatShape(t.shape)}`,
    where,
    fix: `Give classes as u32 ${formatShape([n, ...size])} or distributions as f32 ${formatShape(x.shape)}.`,
  });
}

type None = Record<string, never>;

/** Inputs: logits, targets. Output: the loss. */
export const crossEntropyOperator: Operator<None> = {
  name: 'crossEntropy',
  infer([x, t], _attributes, where) {
    check(x as TensorType, t as TensorType, where);
    return [SCALAR];
  },
  lower({ inputs, outputs, scratch }) {
    const [x, t] = inputs as readonly [View, View];
    const y = outputs[0] as View;
    const classes = t.type.dtype !== 'f32';
    const calls = crossEntropyCalls({ shape: x.type.shape, classes, ranges: { x, t }, yOffset: y.offset });
    const partial = scratch(calls.partialCount, 'partial sums');
    return [dispatch(calls.partial, { x, t, partial }), dispatch(calls.total, { partial, y })];
  },
  gradient: ({ inputs: [x, t], outputGradients: [g], needed }) =>
    g === undefined || needed[0] !== true
      ? []
      : [applyOne(crossEntropyGradientOperator, [g, x as Tensor, t as Tensor], {})],
};

/** Inputs: gradient of the loss, logits, targets. Output: gradient of the logits. */
export const crossEntropyGradientOperator: Operator<None> = {
  name: 'crossEntropyGradient',
  infer([, x, t], _attributes, where) {
    check(x as TensorType, t as TensorType, where);
    return [x as TensorType];
  },
  lower({ inputs, outputs }) {
    const [g, x, t] = inputs as readonly [View, View, View];
    const d = outputs[0] as View;
    const classes = t.type.dtype !== 'f32';
    const call = crossEntropyGradientCall({ shape: x.type.shape, classes, ranges: { x, t, d }, gOffset: g.offset });
    return [dispatch(call, { g, x, t, d })];
  },
};

/**
 * The mean over pixels of the cross entropy of softmax(logits) over channels. A scalar; the gradient flows to the logits.
 *
 * @param logits [N, C, ...]
 * @param target the class of each pixel, u32 [N, ...] (a class from C on counts as C - 1), or its distribution over classes,
 * f32 [N, C, ...]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, with the module's path.
 */
export function crossEntropy(logits: TensorLike, target: TensorLike): Tensor {
  return applyOne(crossEntropyOperator, [logits, target], {});
}
