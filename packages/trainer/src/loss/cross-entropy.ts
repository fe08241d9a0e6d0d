/** Cross entropy over classes: softmax over channels, compared with a class or a distribution per pixel. */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  InfnetError,
  type NamedOperator,
  type Operator,
  type Shape,
  sameShape,
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
  sumPartialsCall,
} from '@infnet/core/kernels';
import { requireMaps, requireScalar, SCALAR } from '@infnet/nn/kernels';
import source from './cross-entropy.wgsl';
import gradientSource from './cross-entropy-gradient.wgsl';
import totalSource from './cross-entropy-total.wgsl';
import { DEFAULT_IGNORE_INDEX, labelShape, requireIgnoreIndex } from './labels.js';

export const crossEntropyKernel: Kernel = { name: 'trainer/cross-entropy', source };
export const crossEntropyTotalKernel: Kernel = { name: 'trainer/cross-entropy-total', source: totalSource };
export const crossEntropyGradientKernel: Kernel = { name: 'trainer/cross-entropy-gradient', source: gradientSource };

export interface CrossEntropyCallOptions {
  /** [N, C, ...] of the logits. */
  readonly shape: Shape;
  /** Targets are classes, u32 or i32 [N, ...] (else distributions, f32 of the shape of the logits). */
  readonly classes: boolean;
  /** Pixels of this class do not count. Default -100, as in PyTorch. */
  readonly ignoreIndex?: number;
  readonly ranges?: OperandRanges<'x' | 't'>;
  /** Index of the loss, and of 1 / pixels counted, in their buffers. Default 0. */
  readonly yOffset?: number;
  readonly scaleOffset?: number;
}

const OPTIONS = { shape: 'maps', classes: 'flag', 'ignoreIndex?': 'integer', 'scaleOffset?': 'count' } as const;

/** Shape of the targets. */
function targetShape(shape: Shape, classes: boolean): Shape {
  return classes ? labelShape(shape) : shape;
}

/**
 * The two dispatches of the loss; bindings x, t, partial (of classes: with the number of pixels), and partial, y, and
 * with classes scale: 1 / pixels counted, for the gradient.
 */
export function crossEntropyCalls(options: CrossEntropyCallOptions): SumCalls {
  const where = 'crossEntropyCalls';
  checkOptions(where, options, { ...OPTIONS, ...rangeTable('x', 't'), 'yOffset?': 'count' });
  const { shape, classes, ranges, yOffset = 0, scaleOffset = 0, ignoreIndex = DEFAULT_IGNORE_INDEX } = options;
  requireIgnoreIndex(ignoreIndex, where);
  const [n, channels] = shape as readonly [number, number];
  const area = elementCount(shape.slice(2));
  const { partial, partialCount, dealt } = rowsCall(where, crossEntropyKernel, {
    operands: { x: shape, t: targetShape(shape, classes) },
    ranges,
    rows: n,
    rowSize: area,
    parts: classes ? 2 : 1,
    constants: { CLASSES: Number(classes) },
    params: { channels, area, ...(classes ? { ignored: ignoreIndex >>> 0 } : {}) },
    flops: n * area * (4 * channels + 6),
    values: n * area * (classes ? channels + 1 : 2 * channels),
  });
  const total: KernelCall = {
    kernel: crossEntropyTotalKernel,
    constants: {},
    params: { yOffset, scaleOffset, count: dealt.count },
    workgroups: [1, 1, 1],
    flops: dealt.count,
    bytes: 4 * (2 * dealt.count + 2),
  };
  return {
    partial,
    partialCount,
    total: classes
      ? sizedCall(where, total, { partial: partialCount, y: yOffset + 1, scale: scaleOffset + 1 })
      : sumPartialsCall({ count: dealt.count, factor: 1 / (n * area), yOffset }),
  };
}

export interface CrossEntropyGradientCallOptions extends Omit<CrossEntropyCallOptions, 'ranges' | 'yOffset'> {
  /** The gradient of a distribution instead of the logits'; t is not bound. Not with `classes`. Default false. */
  readonly ofTarget?: boolean;
  readonly ranges?: OperandRanges<'x' | 't' | 'd'>;
  readonly gOffset?: number;
}

/** One dispatch; bindings g, x, t, d, and with classes scale (see {@link crossEntropyCalls}). */
export function crossEntropyGradientCall(options: CrossEntropyGradientCallOptions): KernelCall {
  const where = 'crossEntropyGradientCall';
  const own = { 'ofTarget?': 'flag', 'gOffset?': 'count' } as const;
  checkOptions(where, options, { ...OPTIONS, ...own, ...rangeTable('x', 't', 'd') });
  const { shape, classes, ranges, gOffset = 0, scaleOffset = 0, ofTarget = false } = options;
  const { ignoreIndex = DEFAULT_IGNORE_INDEX } = options;
  requireIgnoreIndex(ignoreIndex, where);
  const [n, channels] = shape as readonly [number, number];
  const area = elementCount(shape.slice(2));
  const target: Readonly<Record<string, Shape>> = ofTarget ? {} : { t: targetShape(shape, classes) };
  return placedCall(where, crossEntropyGradientKernel, {
    operands: { x: shape, ...target, d: shape },
    ranges,
    elements: { g: gOffset + 1, scale: scaleOffset + 1 },
    constants: { CLASSES: Number(classes), TARGET: Number(ofTarget) },
    params: {
      gOffset,
      channels,
      area,
      ...(classes ? { scaleOffset, ignored: ignoreIndex >>> 0 } : { factor: 1 / (n * area) }),
    },
    invocations: n * area,
    flops: 6 * channels * n * area,
    values: n * area * (2 * channels + (classes ? 1 : channels)),
  });
}

function check(x: TensorType, t: TensorType, where: string): void {
  requireMaps(x, 'the logits', where);
  if (sameShape(t.shape, targetShape(x.shape, isClasses(t)))) return;
  throw new InfnetError({
    code: 'SHAPE_MISMATCH',
    message: `the logits have the shape ${formatShape(x.shape)}, the target is ${t.dtype} ${formatShape(t.shape)}`,
    where,
    fix: `Give classes as u32 ${formatShape(labelShape(x.shape))} or distributions as f32 ${formatShape(x.shape)}.`,
  });
}

export type CrossEntropyAttributes = {
  /** Pixels of this class do not count. */
  readonly ignoreIndex: number;
};

const isClasses = (t: { readonly dtype: string }): boolean => t.dtype !== 'f32';

const INPUTS = ['x', 't'] as const;
const OUTPUTS = ['y', 'scale?'] as const;

/** Inputs: logits, targets. Outputs: the loss; for classes, 1 / pixels counted. */
export const crossEntropyOperator: NamedOperator<typeof INPUTS, typeof OUTPUTS, CrossEntropyAttributes> =
  defineOperator({
    name: 'crossEntropy',
    inputs: INPUTS,
    outputs: OUTPUTS,
    infer({ x, t }, { ignoreIndex }: CrossEntropyAttributes, where) {
      check(x, t, where);
      requireIgnoreIndex(ignoreIndex, where);
      return isClasses(t) ? { y: SCALAR, scale: SCALAR } : { y: SCALAR };
    },
    lower({ inputs: { x, t }, outputs: { y, scale }, attributes, scratch }) {
      const calls = crossEntropyCalls({
        ...attributes,
        shape: x.type.shape,
        classes: isClasses(t.type),
        ranges: { x, t },
        yOffset: y.offset,
        scaleOffset: scale?.offset ?? 0,
      });
      const partial = scratch(calls.partialCount, 'partial sums');
      return [dispatch(calls.partial, { x, t, partial }), dispatch(calls.total, { partial, y, scale })];
    },
    gradient({ inputs: { x, t }, outputs: { scale }, outputGradients: { y: g }, attributes, needed }) {
      if (g === undefined) return {};
      const isDistribution = !isClasses(t);
      return {
        x: needed.x
          ? applyOne(crossEntropyGradientOperator, [g, x, t, ...(scale ? [scale] : [])], attributes)
          : undefined,
        t: needed.t && isDistribution ? applyOne(crossEntropyTargetGradientOperator, [g, x], {}) : undefined,
      };
    },
  });

/**
 * Inputs: gradient of the loss, logits, targets, and for classes 1 / pixels counted. Output: gradient of the logits.
 */
export const crossEntropyGradientOperator: Operator<CrossEntropyAttributes> = defineOperator({
  name: 'crossEntropyGradient',
  inputs: ['g', 'x', 't', 'scale?'],
  outputs: ['d'],
  infer({ g, x, t, scale }, { ignoreIndex }, where) {
    requireScalar(g, where);
    if (scale !== undefined) requireScalar(scale, where);
    requireIgnoreIndex(ignoreIndex, where);
    check(x, t, where);
    return { d: x };
  },
  lower({ inputs: { g, x, t, scale }, outputs: { d }, attributes }) {
    const call = crossEntropyGradientCall({
      ...attributes,
      shape: x.type.shape,
      classes: isClasses(t.type),
      ranges: { x, t, d },
      gOffset: g.offset,
      scaleOffset: scale?.offset ?? 0,
    });
    return [dispatch(call, { g, x, t, d, scale })];
  },
});

/** Inputs: gradient of the loss, logits. Output: gradient of a target that is a distribution. */
export const crossEntropyTargetGradientOperator: Operator<Record<string, never>> = defineOperator({
  name: 'crossEntropyTargetGradient',
  inputs: ['g', 'x'],
  outputs: ['d'],
  infer({ g, x }, _attributes, where) {
    requireScalar(g, where);
    requireMaps(x, 'the logits', where);
    return { d: x };
  },
  lower({ inputs: { g, x }, outputs: { d } }) {
    const { shape } = x.type;
    const options = { shape, classes: false, ofTarget: true, ranges: { x, d }, gOffset: g.offset };
    return [dispatch(crossEntropyGradientCall(options), { g, x, d })];
  },
});
