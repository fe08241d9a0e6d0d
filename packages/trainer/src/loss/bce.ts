/** Binary cross entropy, of logits and of probabilities; the mean over all values. */
import {
  applyOne,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  type Operator,
  type Shape,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import {
  alike,
  batchSize,
  itemSize,
  type Kernel,
  type KernelCall,
  type OperandRanges,
  placedCall,
  rangeTable,
  rowsCall,
  type SumCalls,
  sumPartialsCall,
} from '@infnet/core/kernels';
import { requireAlike, requireScalar, SCALAR } from '@infnet/nn/kernels';
import source from './bce.wgsl';
import gradientSource from './bce-gradient.wgsl';

export const bceKernel: Kernel = { name: 'trainer/bce', source };
export const bceGradientKernel: Kernel = { name: 'trainer/bce-gradient', source: gradientSource };

export type BceAttributes = {
  /** Predictions are logits (else probabilities). */
  readonly logits: boolean;
};

export interface BceCallOptions extends BceAttributes {
  /** [N, ...] of predictions and targets. */
  readonly shape: Shape;
  readonly ranges?: OperandRanges<'x' | 't'>;
  /** Index of the loss in its buffer. Default 0. */
  readonly yOffset?: number;
}

/** The two dispatches of the loss; bindings x, t, partial, and partial, y. */
export function bceCalls(options: BceCallOptions): SumCalls {
  const where = 'bceCalls';
  checkOptions(where, options, { shape: 'maps', logits: 'flag', ...rangeTable('x', 't'), 'yOffset?': 'count' });
  const { shape, logits, ranges, yOffset = 0 } = options;
  const values = elementCount(shape);
  const { partial, partialCount } = rowsCall(where, bceKernel, {
    operands: alike(shape, 'x', 't'),
    ranges,
    rows: batchSize(shape),
    rowSize: itemSize(shape),
    constants: { LOGITS: Number(logits) },
    flops: 20 * values,
    values: 2 * values,
  });
  return { partial, partialCount, total: sumPartialsCall({ count: partialCount, factor: 1 / values, yOffset }) };
}

export interface BceGradientCallOptions extends BceAttributes {
  readonly shape: Shape;
  /** The gradient of the targets instead of the predictions'. Default false. */
  readonly ofTarget?: boolean;
  readonly ranges?: OperandRanges<'x' | 't' | 'd'>;
  /** Index of the loss's gradient in its buffer. Default 0. */
  readonly gOffset?: number;
}

/** One dispatch; bindings g, x, t, d. */
export function bceGradientCall(options: BceGradientCallOptions): KernelCall {
  const where = 'bceGradientCall';
  const table = { shape: 'maps', logits: 'flag', 'ofTarget?': 'flag', 'gOffset?': 'count' } as const;
  checkOptions(where, options, { ...table, ...rangeTable('x', 't', 'd') });
  const { shape, logits, ofTarget = false, ranges, gOffset = 0 } = options;
  const count = elementCount(shape);
  return placedCall(where, bceGradientKernel, {
    operands: alike(shape, 'x', 't', 'd'),
    ranges,
    elements: { g: gOffset + 1 },
    constants: { LOGITS: Number(logits), TARGET: Number(ofTarget) },
    params: { gOffset, item: itemSize(shape), factor: 1 / count },
    invocations: count,
    flops: 8 * count,
    values: 3 * count,
  });
}

function check(x: TensorType, t: TensorType, { logits }: BceAttributes, where: string): void {
  const operands = [
    [logits ? 'the logits' : 'the probabilities', x],
    ['the target', t],
  ] as const;
  requireAlike(where, operands);
}

/** Inputs: predictions, targets. Output: the loss. */
export const bceOperator: Operator<BceAttributes> = defineOperator({
  name: 'bce',
  inputs: ['x', 't'],
  outputs: ['y'],
  infer({ x, t }, attributes, where) {
    check(x, t, attributes, where);
    return { y: SCALAR };
  },
  lower({ inputs: { x, t }, outputs: { y }, attributes, scratch }) {
    const calls = bceCalls({ ...attributes, shape: x.type.shape, ranges: { x, t }, yOffset: y.offset });
    const partial = scratch(calls.partialCount, 'partial sums');
    return [dispatch(calls.partial, { x, t, partial }), dispatch(calls.total, { partial, y })];
  },
  gradient({ inputs: { x, t }, outputGradients: { y: g }, attributes, needed }) {
    const of = (ofTarget: boolean): Tensor => applyOne(bceGradientOperator, [g, x, t], { ...attributes, ofTarget });
    return { x: needed.x ? of(false) : undefined, t: needed.t ? of(true) : undefined };
  },
});

/** Inputs: gradient of the loss, predictions, targets. Output: gradient of the predictions, or of the targets. */
export const bceGradientOperator: Operator<BceAttributes & { readonly ofTarget?: boolean }> = defineOperator({
  name: 'bceGradient',
  inputs: ['g', 'x', 't'],
  outputs: ['d'],
  infer({ g, x, t }, attributes, where) {
    requireScalar(g, where);
    check(x, t, attributes, where);
    return { d: x };
  },
  lower({ inputs: { g, x, t }, outputs: { d }, attributes }) {
    const call = bceGradientCall({ ...attributes, shape: x.type.shape, ranges: { x, t, d }, gOffset: g.offset });
    return [dispatch(call, { g, x, t, d })];
  },
});

/**
 * The mean binary cross entropy of sigmoid(logits) with targets in [0, 1], computed without overflow. A scalar; the
 * gradient flows to the logits, and to the target where that is computed.
 *
 * @param logits [N, ...]
 * @param target [N, ...], the same shape
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, with the module's path.
 */
export function bceWithLogits(logits: TensorLike, target: TensorLike): Tensor {
  return applyOne(bceOperator, [logits, target], { logits: true });
}

/**
 * The mean binary cross entropy of probabilities, as the reference's U-Net is trained: both logarithms are cut off at
 * -100, so a probability of exactly 0 or 1 costs at most 100 and stops learning. `bceWithLogits` has neither fault.
 * What is no probability (below 0, over 1, NaN) makes the loss NaN.
 *
 * @param probabilities [N, ...], e.g. `sigmoid(logits)`
 * @param target [N, ...], the same shape, in [0, 1]
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_MISMATCH`, with the module's path.
 */
export function bce(probabilities: TensorLike, target: TensorLike): Tensor {
  return applyOne(bceOperator, [probabilities, target], { logits: false });
}
