/** How convolution nodes, plain and fused, become dispatches. */
import {
  byteLength,
  type Dispatch,
  type GivenOperands,
  type LowerContext,
  type Operands,
  type View,
} from '@infnet/core';
import type { ConvolutionAlgorithm } from '../forward/algorithm.js';
import { forwardGather, withTransposedWeights } from '../forward/gather.js';
import { GATHERS } from '../forward/registry.js';
import { type Conv2dSettings, conv2dFlops, conv2dGeometry } from '../geometry.js';
import { weightShape } from './transpose-weight.js';

/** Attributes of `conv2d`. */
export interface Conv2dAttributes extends Conv2dSettings {
  /** Overrides the choice by device, shape and precision: for tests, comparisons and tuners. */
  readonly algorithm?: ConvolutionAlgorithm | undefined;
  /** The weights are stored as [ic, kh, kw, oc]: by the planner only, with an algorithm. Default false. */
  readonly transposedWeights?: boolean | undefined;
}

/** Operands of a convolution. */
export const INPUTS = ['x', 'weight', 'bias?'] as const;
/** Operands of a convolution that fusion made: of those that may be left out the attributes say which are there. */
export const FUSED_INPUTS = ['x', 'weight', 'bias?', 'affine?', 'residual?', 'addend?', 'transformedWeight?'] as const;

/** What an input of a (fused) convolution is. */
export type OperandRole = keyof Operands<typeof FUSED_INPUTS, unknown>;

/** Operands of a convolution, plain or fused. */
export type ConvolutionOperands<T> = GivenOperands<typeof FUSED_INPUTS, T>;

/** Dispatches of `y = act(affine(conv(x + addend, weight)) + residual)`. */
export function lowerConvolution(
  operands: ConvolutionOperands<View>,
  y: View,
  attributes: Conv2dAttributes & { readonly relu?: boolean },
  context: Pick<LowerContext, 'device' | 'precision' | 'scratch'>,
): Dispatch[] {
  const { x, weight, bias, affine, residual, addend, transformedWeight } = operands;
  const { transposedWeights = false, relu = false } = attributes;
  const stored = weightShape(weight.type.shape, transposedWeights);
  const geometry = conv2dGeometry(x.type.shape, stored, attributes, 'conv2d');
  const gather = transposedWeights ? withTransposedWeights(forwardGather(geometry)) : forwardGather(geometry, weight);
  const { device, precision } = context;
  const { algorithm, tile } = GATHERS.take(attributes.algorithm, { gather, device, precision, rounded: false });
  const bytes = [x, weight, bias, affine, residual, addend, y].reduce(
    (sum, view) => sum + (view === undefined ? 0 : byteLength(view.type)),
    0,
  );
  const views = { x, weight, y, affine: affine ?? bias, residual, addend, transformedWeight };
  const epilogue = { affine: affine ? 'scaleShift' : bias ? 'bias' : 'none', relu } as const;
  return algorithm.dispatches(
    { gather, views, epilogue, work: { flops: conv2dFlops(geometry), bytes } },
    context,
    tile,
  );
}
