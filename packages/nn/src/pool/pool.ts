/** The call of the kernel that maximum and mean pooling share. */
import type { ImageShape } from '@infnet/core';
import { type Kernel, type KernelCall, type OperandRange, placedCall } from '@infnet/core/kernels';
import source from './pool.wgsl';
import { checkedShape, mapParams, type PoolAttributes, windowParams } from './window.js';

export const poolKernel: Kernel = { name: 'nn/pool', source };

export interface PoolCallOptions extends PoolAttributes {
  /** [N, C, H, W] of x. */
  readonly shape: ImageShape;
  /** Where x and y lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
}

/** Up to this width the walk along a row is unrolled: the small windows of nets, a pipeline each. */
const MOST_UNROLLED = 3;

/** Rows and columns of one invocation: a tall window shares its loads downwards, any other one sideways. */
export function poolTile(kernel: readonly [number, number]): readonly [number, number] {
  return kernel[1] === 1 && kernel[0] > 1 ? [4, 1] : [1, 4];
}

/** One dispatch of `nn/pool`; bindings x, y. The options were checked. */
export function poolCall(mode: 'max' | 'mean', options: PoolCallOptions & { readonly countPad?: boolean }): KernelCall {
  const { shape, kernel, stride, dilation, countPad = true } = options;
  const to = checkedShape(shape, options, 'poolCall');
  const [tileY, tileX] = poolTile(kernel);
  const [tilesY, tilesX] = [Math.ceil(to[2] / tileY), Math.ceil(to[3] / tileX)];
  const dilated = dilation[0] > 1 || dilation[1] > 1;
  const unrolled = !dilated && tileY === 1 && kernel[1] <= MOST_UNROLLED && stride[1] <= kernel[1];
  const outputs = to[0] * to[1] * to[2] * to[3];
  return placedCall(`${mode === 'max' ? 'max' : 'avg'}Pool2dCall`, poolKernel, {
    operands: { x: shape, y: to },
    ranges: { x: options.x, y: options.y },
    constants: {
      MAX: Number(mode === 'max'),
      COUNT_PAD: Number(mode === 'mean' && countPad),
      DILATED: Number(dilated),
      TILE_Y: tileY,
      TILE_X: tileX,
      WIDTH: unrolled ? kernel[1] : 0,
      STEP: unrolled ? stride[1] : 0,
    },
    params: {
      ...mapParams(shape, to),
      tilesY,
      tilesX,
      ...windowParams(options),
      ...(dilated ? { dilationY: dilation[0], dilationX: dilation[1] } : {}),
    },
    invocations: shape[0] * shape[1] * tilesY * tilesX,
    flops: outputs * kernel[0] * kernel[1],
    values: shape[0] * shape[1] * shape[2] * shape[3] + outputs,
  });
}
