/** The first face: edges of masks, the edge loss and its gradient as dispatches of kernels. */
import { dispatchLine, elementCount, type Kernel, type KernelCall, requireSizes } from '@infnet/core';
import type { ImageShape } from '@infnet/nn';
import edgeLossSource from './edge-loss.wgsl';
import gradientSource from './edge-loss-gradient.wgsl';
import maskEdgeSource from './mask-edge.wgsl';
import { type OperandRange, rangeParams, wholeRange } from './operand.js';
import sumSource from './sum-partials.wgsl';

export const maskEdgeKernel: Kernel = { name: 'edge-attention/mask-edge', source: maskEdgeSource };
export const edgeLossKernel: Kernel = { name: 'edge-attention/edge-loss', source: edgeLossSource };
export const sumPartialsKernel: Kernel = { name: 'edge-attention/sum-partials', source: sumSource };
export const edgeLossGradientKernel: Kernel = { name: 'edge-attention/edge-loss-gradient', source: gradientSource };

type Ranges<Name extends string> = Partial<Readonly<Record<Name, OperandRange>>>;

export interface MaskEdgeCallOptions {
  /** [N, C, H, W] of mask and y. */
  readonly shape: ImageShape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly ranges?: Ranges<'mask' | 'y'>;
}

/** One dispatch; bindings mask, y. */
export function maskEdgeCall({ shape, ranges = {} }: MaskEdgeCallOptions): KernelCall {
  requireSizes('maskEdgeCall', shape);
  const whole = wholeRange(shape);
  const count = elementCount(shape);
  return {
    kernel: maskEdgeKernel,
    constants: {},
    params: { ...rangeParams({ mask: ranges.mask ?? whole, y: ranges.y ?? whole }), ...mapParams(shape), count },
    workgroups: dispatchLine(Math.ceil(count / 64)),
    flops: 0,
    bytes: 8 * count,
  };
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

/** Workgroups of the first pass, at most (more only where there are more batch items). */
const MOST_GROUPS = 1024;

/** The two dispatches of the mean binary cross entropy of logits with the edge of a mask. */
export function edgeLossCalls({ shape, ranges = {}, yOffset = 0 }: EdgeLossCallOptions): EdgeLossCalls {
  requireSizes('edgeLossCalls', shape);
  const whole = wholeRange(shape);
  const values = elementCount(shape);
  const batch = shape[0];
  // At least 8 values per invocation, so that the barrier behind them costs little.
  const rounds = Math.max(8, Math.ceil(values / (64 * MOST_GROUPS)));
  const groupsPerItem = Math.ceil(whole.batchStride / (64 * rounds));
  const count = batch * groupsPerItem;
  return {
    partialCount: count,
    partial: {
      kernel: edgeLossKernel,
      constants: {},
      params: {
        ...rangeParams({ logits: ranges.logits ?? whole, mask: ranges.mask ?? whole }),
        ...mapParams(shape),
        rounds,
        groupsPerItem,
        count,
      },
      workgroups: dispatchLine(count),
      flops: 8 * values,
      bytes: 4 * (2 * values + count),
    },
    total: {
      kernel: sumPartialsKernel,
      constants: {},
      params: { yOffset, count, factor: 1 / values },
      workgroups: [1, 1, 1],
      flops: count,
      bytes: 4 * (count + 1),
    },
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
export function edgeLossGradientCall({ shape, ranges = {}, gOffset = 0 }: EdgeLossGradientCallOptions): KernelCall {
  requireSizes('edgeLossGradientCall', shape);
  const whole = wholeRange(shape);
  const count = elementCount(shape);
  return {
    kernel: edgeLossGradientKernel,
    constants: {},
    params: {
      ...rangeParams({ logits: ranges.logits ?? whole, mask: ranges.mask ?? whole, d: ranges.d ?? whole }),
      ...mapParams(shape),
      gOffset,
      factor: 1 / count,
      count,
    },
    workgroups: dispatchLine(Math.ceil(count / 64)),
    flops: 6 * count,
    bytes: 12 * count,
  };
}

function mapParams([, channels, height, width]: ImageShape): Record<'itemSize' | 'height' | 'width', number> {
  return { itemSize: channels * height * width, height, width };
}
