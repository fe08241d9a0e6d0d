/** The first face: edges of masks, the edge loss and its gradient as dispatches of kernels. */
import { checkOptions, elementCount, type ImageShape } from '@infnet/core';
import {
  alike,
  dealRows,
  dispatchLine,
  itemSize,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRanges,
  placeOperands,
  rangeTable,
  type SumCalls,
  sizedCall,
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
  const { params, sizes } = placeOperands(alike(shape, 'mask', 'y'), ranges);
  const call = lineCall(maskEdgeKernel, {
    params: { ...params, ...mapParams(shape) },
    invocations: count,
    flops: 0,
    values: 2 * count,
  });
  return sizedCall('maskEdgeCall', call, sizes);
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
  const dealt = dealRows(shape[0], itemSize(shape));
  const { count } = dealt;
  const { params, sizes } = placeOperands(alike(shape, 'logits', 'mask'), ranges);
  const partial: KernelCall = {
    kernel: edgeLossKernel,
    constants: {},
    params: { ...params, height: shape[2], width: shape[3], ...dealt },
    workgroups: dispatchLine(count),
    flops: 8 * values,
    bytes: 4 * (2 * values + count),
  };
  return {
    partialCount: count,
    partial: sizedCall(where, partial, { ...sizes, partial: count }),
    total: sumPartialsCall({ count, factor: 1 / values, yOffset }),
  };
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
  const { params, sizes } = placeOperands(alike(shape, 'logits', 'mask', 'd'), ranges);
  const call = lineCall(edgeLossGradientKernel, {
    params: { ...params, ...mapParams(shape), gOffset, factor: 1 / count },
    invocations: count,
    flops: 6 * count,
    values: 3 * count,
  });
  return sizedCall(where, call, { g: gOffset + 1, ...sizes });
}

function mapParams([, channels, height, width]: ImageShape): Record<'itemSize' | 'height' | 'width', number> {
  return { itemSize: channels * height * width, height, width };
}
