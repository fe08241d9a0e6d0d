/** The gradient of batch norm: two sums per channel, then one pass over the input. */
import {
  type Dispatch,
  elementCount,
  type Kernel,
  type KernelCall,
  type LowerContext,
  type Operator,
  type Shape,
  type TensorType,
  type View,
} from '@infnet/core';
import { dispatch, lineCall, type OperandRange, rangeParams, wholeRange } from '../kernel/call.js';
import { requireShape } from '../shape.js';
import inputSource from './gradient-input.wgsl';
import sumsSource from './gradient-sums.wgsl';
import mergeSource from './merge-sums.wgsl';
import { planeTiles } from './normalize.js';
import { channelParts, GROUP, LAST_GROUP, partParams } from './statistics.js';

export const batchNormGradientSumsKernel: Kernel = { name: 'nn/batch-norm-gradient-sums', source: sumsSource };
export const batchNormGradientInputKernel: Kernel = { name: 'nn/batch-norm-gradient-input', source: inputSource };
export const mergeSumsKernel: Kernel = { name: 'nn/merge-sums', source: mergeSource };

const TILE = 4;

export type BatchNormGradientAttributes = {
  readonly eps: number;
  /** The statistics are the batch's own (training), and input `variance` holds the inverse deviation. */
  readonly batch: boolean;
  /** Whether output 0, the gradient of x, is wanted. */
  readonly ofInput: boolean;
  /** Whether outputs 1 and 2, the gradients of weight and bias, are wanted. */
  readonly ofParameters: boolean;
};

/**
 * Inputs: gradient of y, x, weight, mean, variance (or inverse deviation). Outputs: gradients of x, of weight, of bias,
 * those that are wanted.
 */
export const batchNorm2dGradientOperator: Operator<BatchNormGradientAttributes> = {
  name: 'batchNorm2dGradient',
  infer([g, x, weight], { ofInput, ofParameters }, where) {
    requireShape((g as TensorType).shape, (x as TensorType).shape, 'the gradient', where);
    const perChannel = weight as TensorType;
    return [...(ofInput ? [x as TensorType] : []), ...(ofParameters ? [perChannel, perChannel] : [])];
  },
  lower({ inputs, outputs, attributes, scratch }) {
    const [g, x, weight, mean, variance] = inputs as readonly [View, View, View, View, View];
    const { eps, batch, ofInput, ofParameters } = attributes;
    const dispatches: Dispatch[] = [];
    const channels = weight.type.shape[0] as number;
    const [ofWeight, ofBias] = ofParameters
      ? (outputs.slice(-2) as [View, View])
      : [scratch(channels, 'gradient of weight'), scratch(channels, 'gradient of bias')];
    if (ofParameters || batch) {
      dispatches.push(...lowerSums({ x, g, mean, variance, ofBias, ofWeight }, { eps, inverse: batch }, scratch));
    }
    if (ofInput) {
      const d = outputs[0] as View;
      const offsets = {
        weight: weight.offset,
        mean: mean.offset,
        variance: variance.offset,
        sumG: ofBias.offset,
        sumGH: ofWeight.offset,
      };
      const call = batchNormGradientInputCall({ shape: x.type.shape, eps, batch, x, g, d, offsets });
      const statistics: Record<string, View> = batch ? { x, mean, sumG: ofBias, sumGH: ofWeight } : {};
      dispatches.push(dispatch(call, { g, weight, variance, d, ...statistics }));
    }
    return dispatches;
  },
};

interface SumsViews {
  readonly x: View;
  readonly g: View;
  readonly mean: View;
  readonly variance: View;
  readonly ofBias: View;
  readonly ofWeight: View;
}

/** The dispatches that make the gradients of bias and weight. */
function lowerSums(
  { x, g, mean, variance, ofBias, ofWeight }: SumsViews,
  options: { readonly eps: number; readonly inverse: boolean },
  scratch: LowerContext['scratch'],
): Dispatch[] {
  const { shape } = x.type;
  const plan = channelParts(shape);
  const { channels } = plan;
  let { parts } = plan;
  let sums = scratch(2 * channels * parts, 'sums');
  const offsets = { mean: mean.offset, variance: variance.offset };
  const measure = batchNormGradientSumsCall({ shape, x, g, offsets, ...options });
  const dispatches = [dispatch(measure, { x, g, mean, variance, sums })];
  while (parts > LAST_GROUP) {
    const groups = Math.ceil(parts / GROUP);
    const merged = scratch(2 * channels * groups, 'sums');
    dispatches.push(dispatch(mergeSumsCall(channels, parts, GROUP), { sums, merged }));
    [sums, parts] = [merged, groups];
  }
  const last = finalSumsCall(channels, parts, { first: ofBias.offset, second: ofWeight.offset });
  dispatches.push(dispatch(last, { sums, first: ofBias, second: ofWeight }));
  return dispatches;
}

/** One dispatch of `nn/merge-sums` that adds every `group` parts; bindings sums, merged. */
export function mergeSumsCall(channels: number, parts: number, group: number): KernelCall {
  const groups = Math.ceil(parts / group);
  return lineCall(mergeSumsKernel, {
    constants: { FINAL: 0 },
    params: { parts, group, groups },
    invocations: channels * groups,
    flops: 2 * channels * parts,
    values: 2 * channels * (parts + groups),
  });
}

/** The last dispatch of `nn/merge-sums`; bindings sums, first, second. */
export function finalSumsCall(
  channels: number,
  parts: number,
  offsets: { readonly first: number; readonly second: number } = { first: 0, second: 0 },
): KernelCall {
  return lineCall(mergeSumsKernel, {
    constants: { FINAL: 1 },
    params: { parts, group: parts, groups: 1, firstOffset: offsets.first, secondOffset: offsets.second },
    invocations: channels,
    flops: 2 * channels * parts,
    values: 2 * channels * (parts + 1),
  });
}

export interface BatchNormGradientSumsCallOptions {
  /** [N, C, ...] of x. */
  readonly shape: Shape;
  readonly eps?: number;
  /** The binding `variance` holds 1 / sqrt(variance + eps). Default false. */
  readonly inverse?: boolean;
  readonly x?: OperandRange;
  readonly g?: OperandRange;
  /** First element of mean and variance in their buffers. Default 0. */
  readonly offsets?: { readonly mean?: number; readonly variance?: number };
}

/** One dispatch of `nn/batch-norm-gradient-sums`; bindings x, g, mean, variance, sums [C, parts, 2]. */
export function batchNormGradientSumsCall(options: BatchNormGradientSumsCallOptions): KernelCall {
  const { shape, eps = 1e-5, inverse = false, x = wholeRange(shape), g = wholeRange(shape), offsets = {} } = options;
  const plan = channelParts(shape);
  const values = elementCount(shape);
  return lineCall(batchNormGradientSumsKernel, {
    constants: { INVERSE: Number(inverse) },
    params: {
      ...rangeParams('x', x),
      ...rangeParams('g', g),
      meanOffset: offsets.mean ?? 0,
      varianceOffset: offsets.variance ?? 0,
      ...partParams(plan),
      ...(inverse ? {} : { eps }),
    },
    invocations: plan.channels * plan.parts,
    flops: 4 * values,
    values: 2 * values + 2 * plan.channels * plan.parts,
  });
}

export interface BatchNormGradientInputCallOptions {
  /** [N, C, ...] of x. */
  readonly shape: Shape;
  readonly eps?: number;
  /** Statistics of the batch; the binding `variance` then holds the inverse deviation. */
  readonly batch: boolean;
  readonly x?: OperandRange;
  readonly g?: OperandRange;
  readonly d?: OperandRange;
  /** First element of each in its buffer. Default 0. */
  readonly offsets?: Partial<Readonly<Record<'weight' | 'mean' | 'variance' | 'sumG' | 'sumGH', number>>>;
}

/** One dispatch of `nn/batch-norm-gradient-input`; bindings g, weight, variance, d and, for a batch, x, mean, sumG, sumGH. */
export function batchNormGradientInputCall(options: BatchNormGradientInputCallOptions): KernelCall {
  const { shape, eps = 1e-5, batch, offsets = {} } = options;
  const { x = wholeRange(shape), g = wholeRange(shape), d = wholeRange(shape) } = options;
  const { area, channels, span, vector } = planeTiles(shape, batch ? [x, g, d] : [g, d], TILE);
  const values = elementCount(shape);
  const ofBatch = {
    ...rangeParams('x', x),
    meanOffset: offsets.mean ?? 0,
    sumGOffset: offsets.sumG ?? 0,
    sumGHOffset: offsets.sumGH ?? 0,
    perCount: channels / values,
  };
  return lineCall(batchNormGradientInputKernel, {
    constants: { BATCH: Number(batch), INVERSE: Number(batch), VECTOR: vector, TILE },
    params: {
      ...rangeParams('g', g),
      ...rangeParams('d', d),
      weightOffset: offsets.weight ?? 0,
      varianceOffset: offsets.variance ?? 0,
      channels,
      area,
      span,
      ...(batch ? ofBatch : { eps }),
    },
    invocations: elementCount(shape.slice(0, 2)) * span,
    flops: values * (batch ? 5 : 1),
    values: values * (batch ? 3 : 2) + 4 * channels,
  });
}
