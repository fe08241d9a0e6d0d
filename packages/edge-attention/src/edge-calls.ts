/** The first face: edges of masks, the edge loss and its gradient as dispatches of kernels. */
import { checkOptions, elementCount, type ImageShape } from '@infnet/core';
import {
  alike,
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
import edgeLossSource from './edge-loss.wgsl';
import gradientSource from './edge-loss-gradient.wgsl';
import maskEdgeSource from './mask-edge.wgsl';

export const maskEdgeKernel: Kernel = { name: 'edge-attention/mask-edge', source: maskEdgeSource };
export const edgeLossKernel: Kernel = { name: 'edge-attention/edge-loss', source: edgeLossSource };
export const edgeLossGradientKernel: Kernel = { name: 'edge-attention/edge-loss-gradient', source: gradientSource };

export interface MaskEdgeCallOptions {
  /** [N, C, H, W] of mask and y. */
  readonly shape: ImageShape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: OperandRanges<'mask' | 'y'>;
}

/** One dispatch; bindings mask, y. */
export function maskEdgeCall(options: MaskEdgeCallOptions): KernelCall {
  checkOptions('maskEdgeCall', options, { shape: 'image', ...rangeTable('mask', 'y') });
  const { shape, ranges } = options;
  const count = elementCount(shape);
  return placedCall('maskEdgeCall', maskEdgeKernel, {
    operands: alike(shape, 'mask', 'y'),
    ranges,
    params: mapParams(shape),
    invocations: count,
    flops: 0,
    values: 2 * count,
  });
}

export interface EdgeLossCallOptions {
  /** [N, C, H, W] of logits and mask. */
  readonly shape: ImageShape;
  readonly ranges?: OperandRanges<'logits' | 'mask'>;
  /** Index of the loss in its buffer. Default 0. */
  readonly yOffset?: number;
}

/**
 * The two dispatches of the mean binary cross entropy of logits with the edge of a mask; bindings logits, mask,
 * partial, and partial, y.
 */
export function edgeLossCalls(options: EdgeLossCallOptions): SumCalls {
  const where = 'edgeLossCalls';
  checkOptions(where, options, { shape: 'image', ...rangeTable('logits', 'mask'), 'yOffset?': 'count' });
  const { shape, ranges, yOffset = 0 } = options;
  const values = elementCount(shape);
  const { partial, partialCount } = rowsCall(where, edgeLossKernel, {
    operands: alike(shape, 'logits', 'mask'),
    ranges,
    rows: shape[0],
    rowSize: itemSize(shape),
    params: { height: shape[2], width: shape[3] },
    flops: 8 * values,
    values: 2 * values,
  });
  return { partial, partialCount, total: sumPartialsCall({ count: partialCount, factor: 1 / values, yOffset }) };
}

export interface EdgeLossGradientCallOptions {
  /** [N, C, H, W] of logits, mask and d. */
  readonly shape: ImageShape;
  readonly ranges?: OperandRanges<'logits' | 'mask' | 'd'>;
  /** Index of the loss's gradient in its buffer. Default 0. */
  readonly gOffset?: number;
}

/** One dispatch; bindings g, logits, mask, d. */
export function edgeLossGradientCall(options: EdgeLossGradientCallOptions): KernelCall {
  const where = 'edgeLossGradientCall';
  checkOptions(where, options, { shape: 'image', ...rangeTable('logits', 'mask', 'd'), 'gOffset?': 'count' });
  const { shape, ranges, gOffset = 0 } = options;
  const count = elementCount(shape);
  return placedCall(where, edgeLossGradientKernel, {
    operands: alike(shape, 'logits', 'mask', 'd'),
    ranges,
    elements: { g: gOffset + 1 },
    params: { ...mapParams(shape), gOffset, factor: 1 / count },
    invocations: count,
    flops: 6 * count,
    values: 3 * count,
  });
}

function mapParams([, channels, height, width]: ImageShape): Record<'itemSize' | 'height' | 'width', number> {
  return { itemSize: channels * height * width, height, width };
}
