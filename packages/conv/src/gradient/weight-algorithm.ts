/** What an algorithm of a weight gradient is. */
import type { DeviceProfile } from '@infnet/core';
import type { Kernel } from '@infnet/core/kernels';
import type { Algorithm, Tile, VariantName } from '../algorithm.js';
import type { Conv2dGeometry } from '../geometry.js';

/** `single` makes one value per invocation: for groups of few channels. */
export type WeightGradientKernel = 'plain' | 'single' | 'subgroup' | 'tiled';

/** A kernel, perhaps with its tile: result channels x columns of a lane x pixels at once, or TILE_M x TILE_N. */
export type WeightGradientAlgorithm = VariantName<WeightGradientKernel>;

export interface WeightGradientProblem {
  readonly geometry: Conv2dGeometry;
  readonly device: DeviceProfile;
}

/** How a kernel cuts the result. */
export interface WeightTile {
  readonly constants: Readonly<Record<string, number>>;
  /** Result channels of a tile. */
  readonly rows: number;
  readonly columns: number;
  /** Tiles of one workgroup. */
  readonly perWorkgroup: number;
  /** Tiles that should be at work at once. */
  readonly parallel: number;
}

export interface WeightAlgorithm extends Algorithm<WeightGradientProblem, WeightGradientKernel> {
  readonly kernel: Kernel;
  /** Whether it tests by itself what lies outside the image; the others read x with its padding around it. */
  readonly masks: boolean;
  /** @throws InfnetError `KERNEL_UNAVAILABLE` where the device lacks what it needs. */
  cut(problem: WeightGradientProblem, tile: Tile | undefined): WeightTile;
}

/** Columns of the result matrix: source channels of one group times taps. */
export function columnsOf({ inChannels, groups, kernel }: Conv2dGeometry): number {
  return (inChannels / groups) * kernel[0] * kernel[1];
}

/** Size of the part of the padded image that the kernel touches. */
export function paddedSize({ batch, inChannels, outSize, kernel, stride, dilation }: Conv2dGeometry): {
  readonly size: readonly [number, number];
  readonly elements: number;
} {
  const side = (axis: 0 | 1): number => (outSize[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
  const size = [side(0), side(1)] as const;
  return { size, elements: batch * inChannels * size[0] * size[1] };
}

/** Whether x with its padding can be bound. */
export function fitsPadded({ geometry, device: { limits } }: WeightGradientProblem): boolean {
  return 4 * paddedSize(geometry).elements <= Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}
