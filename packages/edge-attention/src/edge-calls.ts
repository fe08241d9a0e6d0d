/** The first face: edges of masks, the edge loss and its gradient as dispatches of kernels. */
import { checkOptions, elementCount, type ImageShape } from '@infnet/core';
import {
  dealRows,
  dispatchLine,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  sumPartialsCall,
  wholeRange,
} from '@infnet/core/kernels';
import edgeLossSource from './edge-loss.wgsl';
import gradientSource from './edge-loss-gradient.wgsl';
import maskEdgeSource from './mask-edge.wgsl';

export const maskEdgeKernel: Kernel = { name: 'edge-attention/mask-edge', source: maskEdgeSource };
export const edgeLossKernel: Kernel = { name: 'edge-attention/edge-loss', source: edgeLossSource };
export const edgeLossGradientKernel: Kernel = { name: 'edge-attention/edge-loss-gradient', source: gradientSource };

type Ranges<Name extends string> = Partial<Readonly<Record<Name, OperandRange>>>;

export interface MaskEdgeCallOptions {
  /** [N, C, H, W] of mask and y. */
  readonly shape: ImageShape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: Ranges<'mask' | 'y'>;
}

/** One dispatch; bindings mask, y. */
export function maskEdgeCall(options: MaskEdgeCallOptions): KernelCall {
  checkOptions('maskEdgeCall', options, { shape: 'image', 'ranges?': { 'mask?': 'range', 'y?': 'range' } });
  const { shape, ranges = {} } = options;
  const whole = wholeRange(shape);
  const count = elementCount(shape);
  const { mask = whole, y = whole } = ranges;
  const call = lineCall(maskEdgeKernel, {
    params: { ...rangeParams({ mask, y }), ...mapParams(shape) },
    invocations: count,
    flops: 0,
    values: 2 * count,
  });
  return sizedCall('maskEdgeCall', call, { mask: [shape, mask], y: [shape, y] });
}

export interface EdgeLossCallOptions {
  /** [N, C, H, W] of logits and mask. */
  readonly shape: ImageShape;
  readonly ranges?: Ranges<'logits' | 'mask'>;
  /** Index of the loss in its buffer. Default 0. */
  readonly yOffset?: number;
}

export interface EdgeLossCalls {
  /** Sums per workgroup; bindings logits, mask, partial. */
  readonly partial: KernelCall;
  /** Their mean; bindings partial, y. */
  readonly total: KernelCall;
  /** Floats that `partial` writes. */
  readonly partialCount: number;
}

/** The two dispatches of the mean binary cross entropy of logits with the edge of a mask. */
export function edgeLossCalls(options: EdgeLossCallOptions): EdgeLossCalls {
  const where = 'edgeLossCalls';
  const operands = { 'logits?': 'range', 'mask?': 'range' } as const;
  checkOptions(where, options, { shape: 'image', 'ranges?': operands, 'yOffset?': 'count' });
  const { shape, ranges = {}, yOffset = 0 } = options;
  const whole = wholeRange(shape);
  const values = elementCount(shape);
  const dealt = dealRows(shape[0], whole.batchStride);
  const { count } = dealt;
  const { logits = whole, mask = whole } = ranges;
  const partial: KernelCall = {
    kernel: edgeLossKernel,
    constants: {},
    params: { ...rangeParams({ logits, mask }), height: shape[2], width: shape[3], ...dealt },
    workgroups: dispatchLine(count),
    flops: 8 * values,
    bytes: 4 * (2 * values + count),
  };
  return {
    partialCount: count,
    partial: sizedCall(where, partial, { logits: [shape, logits], mask: [shape, mask], partial: count }),
    total: sumPartialsCall({ count, factor: 1 / values, yOffset }),
  };
}

export interface EdgeLossGradientCallOptions {
  /** [N, C, H, W] of logits, mask and d. */
  readonly shape: ImageShape;
  readonly ranges?: Ranges<'logits' | 'mask' | 'd'>;
  /** Index of the loss's gradient in its buffer. Default 0. */
  readonly gOffset?: number;
}

/** One dispatch; bindings g, logits, mask, d. */
export function edgeLossGradientCall(options: EdgeLossGradientCallOptions): KernelCall {
  const where = 'edgeLossGradientCall';
  const operands = { 'logits?': 'range', 'mask?': 'range', 'd?': 'range' } as const;
  checkOptions(where, options, { shape: 'image', 'ranges?': operands, 'gOffset?': 'count' });
  const { shape, ranges = {}, gOffset = 0 } = options;
  const whole = wholeRange(shape);
  const count = elementCount(shape);
  const { logits = whole, mask = whole, d = whole } = ranges;
  const call = lineCall(edgeLossGradientKernel, {
    params: { ...rangeParams({ logits, mask, d }), ...mapParams(shape), gOffset, factor: 1 / count },
    invocations: count,
    flops: 6 * count,
    values: 3 * count,
  });
  return sizedCall(where, call, { g: gOffset + 1, logits: [shape, logits], mask: [shape, mask], d: [shape, d] });
}

function mapParams([, channels, height, width]: ImageShape): Record<'itemSize' | 'height' | 'width', number> {
  return { itemSize: channels * height * width, height, width };
}
