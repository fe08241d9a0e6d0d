/** The algorithms of gathering products: one registry for forward convolutions and input gradients, which are both. */
import type { DeviceProfile } from '@infnet/core';
import { Registry, type Variant } from '../algorithm.js';
import type { GatherAlgorithm, GatherKernel, GatherProblem, KernelAlgorithm } from './algorithm.js';
import { direct } from './direct.js';
import type { Gather } from './gather.js';
import { gemmMatrix } from './gemm-matrix.js';
import { PRODUCTS } from './products.js';
import { winograd2, winograd4 } from './winograd.js';

/** What a tuner's table calls a product. */
function gatherKey({ gather }: GatherProblem): string {
  const { batch, groups, inChannels, outChannels, sourceSize, resultSize, kernel, sourceStride, resultStride } = gather;
  const pair = ([y, x]: Gather['kernel']): string => `${y}x${x}`;
  return [
    `convolution ${batch}x${groups}x${inChannels}x${pair(sourceSize)} to ${outChannels}x${pair(resultSize)}`,
    `kernel ${pair(kernel)} stride ${pair(sourceStride)}/${pair(resultStride)}`,
    `taps ${gather.tapStart}/${gather.tapStep} weights ${gather.weight.in}/${gather.weight.tapX}`,
  ].join(', ');
}

const title = (name: string): string => `the kernel ${name}`;

/** All algorithms: for the planner, which has scratch memory. */
export const GATHERS: Registry<GatherProblem, GatherAlgorithm['name'], GatherAlgorithm> = new Registry(
  [...PRODUCTS, direct, winograd2, winograd4, gemmMatrix],
  gatherKey,
  title,
);

/** Those of one dispatch: for somebody else's program. */
export const KERNELS: Registry<GatherProblem, GatherKernel, KernelAlgorithm> = new Registry(
  [...PRODUCTS, direct, gemmMatrix],
  gatherKey,
  title,
);

/** Those that read and write matrices of any strides: for products of matrices. */
export const MATRIX_PRODUCTS: Registry<GatherProblem, GatherKernel, KernelAlgorithm> = new Registry(
  PRODUCTS,
  gatherKey,
  title,
);

/** The kernel of that name, else the one that does this product best in one dispatch. */
export function kernelFor(
  name: GatherKernel | undefined,
  gather: Gather,
  device: DeviceProfile,
): Variant<KernelAlgorithm> {
  if (name !== undefined) return KERNELS.named(name);
  return KERNELS.own({ gather, device, precision: 'exact', rounded: false });
}
