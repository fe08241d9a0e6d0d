/** The first face: reverse attention and its gradient as dispatches of a kernel, for any WebGPU program. */
import { checkOptions, elementCount, type ImageShape, InfnetError, type OptionTable } from '@infnet/core';
import {
  alike,
  dispatchLine,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRanges,
  placeOperands,
  rangeTable,
  sizedCall,
  vectorWidth,
} from '@infnet/core/kernels';
import source from './reverse-attention.wgsl';
import gradientSource from './reverse-attention-gradient.wgsl';
import { checkShapes } from './shapes.js';

export const reverseAttentionKernel: Kernel = { name: 'reverse-attention/reverse-attention', source };
export const reverseAttentionGradientKernel: Kernel = { name: 'reverse-attention/gradient', source: gradientSource };

/** Channels that one invocation weights. More save work on the weight, fewer fill a GPU with small maps. */
const CHANNEL_TILE = 8;

export interface ReverseAttentionCallOptions {
  /** [N, C, H, W] of x and y. */
  readonly features: ImageShape;
  /** [N, 1, h, w] of the logits; resized to H x W where they have another size. */
  readonly logits: ImageShape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: OperandRanges<'x' | 'logits' | 'y'>;
  /** The batch norm that follows, in inference: bindings weight, bias, mean, variance [C], offsets in elements. */
  readonly normalize?: NormalizeRanges;
}

export interface NormalizeRanges {
  readonly eps: number;
  readonly weight?: number;
  readonly bias?: number;
  readonly mean?: number;
  readonly variance?: number;
}

/**
 * One dispatch of `y = x * (1 - sigmoid(resize(logits)))`; bindings x, logits, y (and weight, bias, mean, variance).
 *
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function reverseAttentionCall(options: ReverseAttentionCallOptions): KernelCall {
  const where = 'reverseAttentionCall';
  const { features, logits, ranges, normalize } = checked(where, options, {
    ...rangeTable('x', 'logits', 'y'),
    'normalize?': { eps: 'number', 'weight?': 'count', 'bias?': 'count', 'mean?': 'count', 'variance?': 'count' },
  });
  const [batch, channels, height, width] = features;
  const [maps, coarse] = [placeOperands(alike(features, 'x', 'y'), ranges), placeOperands({ logits }, ranges)];
  const vector = vectorWidth(height * width, ...Object.values(maps.ranges));
  const span = (height * width) / vector;
  const blocks = Math.ceil(channels / CHANNEL_TILE);
  const values = elementCount(features);
  const resize = resizeParams(features, logits);
  const call = lineCall(reverseAttentionKernel, {
    constants: { VECTOR: vector, RESIZE: Number(resize !== undefined), NORMALIZE: Number(normalize !== undefined) },
    params: {
      ...maps.params,
      ...coarse.params,
      channels,
      tile: CHANNEL_TILE,
      blocks,
      span,
      ...resize,
      ...(normalize === undefined ? {} : normalizeParams(normalize)),
    },
    invocations: batch * blocks * span,
    flops: values * (normalize === undefined ? 1 : 3) + 14 * batch * blocks * height * width,
    values: 2 * values + elementCount(logits) + (normalize === undefined ? 0 : 4 * channels),
  });
  return sizedCall(where, call, {
    ...maps.sizes,
    ...coarse.sizes,
    weight: (normalize?.weight ?? 0) + channels,
    bias: (normalize?.bias ?? 0) + channels,
    mean: (normalize?.mean ?? 0) + channels,
    variance: (normalize?.variance ?? 0) + channels,
  });
}

/** The options, once they are known to be right. */
function checked<O extends { readonly features: ImageShape; readonly logits: ImageShape }>(
  where: string,
  options: O,
  more: OptionTable,
): O {
  checkOptions(where, options, { features: 'image', logits: 'image', ...more });
  checkShapes(options.features, options.logits, where);
  return options;
}

export interface ReverseAttentionGradientCallOptions {
  /** [N, C, H, W] of g, x and dx; dResized is [N, 1, H, W]. */
  readonly features: ImageShape;
  /** [N, 1, h, w] of the logits. */
  readonly logits: ImageShape;
  /** Whether dx is written too. Default true. */
  readonly input?: boolean;
  /** Invocations that share the channels of one value; 1 needs no barrier and is for CPU adapters. Default 8. */
  readonly split?: 1 | 8;
  readonly ranges?: OperandRanges<'g' | 'x' | 'logits' | 'dx' | 'dResized'>;
}

/**
 * One dispatch of the gradients; bindings g, x, logits, dResized (and dx). `dResized` is the gradient with respect to
 * the logits *after* resizing.
 *
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function reverseAttentionGradientCall(options: ReverseAttentionGradientCallOptions): KernelCall {
  const where = 'reverseAttentionGradientCall';
  const {
    features,
    logits,
    input = true,
    split = 8,
    ranges,
  } = checked(where, options, {
    'input?': 'flag',
    'split?': [1, 8],
    ...rangeTable('g', 'x', 'logits', 'dx', 'dResized'),
  });
  const [batch, channels, height, width] = features;
  const shapes = { ...alike(features, 'g', 'x', ...(input ? ['dx'] : [])), dResized: [batch, 1, height, width] };
  const [maps, coarse] = [placeOperands(shapes, ranges), placeOperands({ logits }, ranges)];
  const vector = vectorWidth(height * width, ...Object.values(maps.ranges));
  const span = (height * width) / vector;
  const group = split === 1 ? 64 : 256;
  const tiles = Math.ceil(span / (group / split));
  const values = elementCount(features);
  const resize = resizeParams(features, logits);
  const call: KernelCall = {
    kernel: reverseAttentionGradientKernel,
    constants: {
      VECTOR: vector,
      RESIZE: Number(resize !== undefined),
      INPUT: Number(input),
      GROUP: group,
      SPLIT: split,
    },
    params: {
      ...maps.params,
      ...coarse.params,
      channels,
      span,
      tiles,
      count: batch * tiles,
      ...resize,
    },
    workgroups: dispatchLine(batch * tiles),
    flops: values * (input ? 3 : 2) + 20 * batch * height * width,
    bytes: 4 * (values * (input ? 3 : 2) + elementCount(logits) + batch * height * width),
  };
  return sizedCall(where, call, { ...maps.sizes, ...coarse.sizes });
}

function resizeParams(features: ImageShape, logits: ImageShape): Readonly<Record<string, number>> | undefined {
  const [, , height, width] = features;
  const [, , logitsHeight, logitsWidth] = logits;
  if (height === logitsHeight && width === logitsWidth) return undefined;
  return { width, logitsHeight, logitsWidth, rowStep: logitsHeight / height, columnStep: logitsWidth / width };
}

function normalizeParams({
  eps,
  weight = 0,
  bias = 0,
  mean = 0,
  variance = 0,
}: NormalizeRanges): Record<string, number> {
  if (!(eps >= 0 && eps < Infinity)) {
    const message = `epsilon is ${eps}; at least 0 is needed`;
    throw new InfnetError({ code: 'SHAPE_ATTRIBUTE', message, where: 'reverseAttentionCall' });
  }
  return { eps, weightOffset: weight, biasOffset: bias, meanOffset: mean, varianceOffset: variance };
}
