/** Which algorithm computes a gathering product: by device class, shape and precision. */
import type { DeviceProfile, Precision } from '@infnet/core';
import type { GatherKernel } from './call.js';
import type { Gather } from './gather.js';
import { fitsWinograd, type WinogradTile, winogradSizes } from './winograd.js';

/** `winograd2` and `winograd4` are F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3); the others are kernels of one dispatch. */
export type ConvolutionAlgorithm = GatherKernel | 'winograd2' | 'winograd4';

/** The tile side of a Winograd algorithm, else undefined. */
export function winogradTileOf(algorithm: ConvolutionAlgorithm): WinogradTile | undefined {
  return algorithm === 'winograd2' ? 2 : algorithm === 'winograd4' ? 4 : undefined;
}

/** The kernel of one dispatch that does this product best. */
export function chooseKernel(gather: Gather, device: DeviceProfile): GatherKernel {
  const { outChannels, inChannels, groups } = gather;
  if (device.class === 'gpu') return groups > 1 && inChannels * outChannels <= 16 ? 'direct' : 'gemm-tiled';
  if (outChannels < 4 || (groups > 1 && outChannels < 8)) return 'direct';
  return device.subgroupSize > 0 ? 'gemm-subgroup' : 'gemm';
}

/** The kernel for a plain product of matrices, such as those inside Winograd's convolution. */
export function chooseProductKernel(device: DeviceProfile): GatherKernel {
  if (device.class === 'gpu') return 'gemm-tiled';
  return device.subgroupSize > 0 ? 'gemm-subgroup' : 'gemm';
}

/** The algorithm for a product. `fast` may use the noisier Winograd F(4 x 4, 3 x 3). */
export function chooseAlgorithm(gather: Gather, device: DeviceProfile, precision: Precision): ConvolutionAlgorithm {
  const winograd = winogradTile(gather, device, precision);
  return winograd === undefined ? chooseKernel(gather, device) : `winograd${winograd}`;
}

/** Below this channel count the transforms cost more than the products they save. */
const FEWEST_CHANNELS = 16;
/** Share of the plain multiplications that Winograd may still do, its padding counted, for its transforms to pay. */
const WORTHWHILE = 0.6;
/**
 * With subgroups of 8 (llvmpipe) the plain product runs so near the adapter's limit that Winograd's transforms, which are
 * all loads and stores, cost what its products save (measured 0.6 to 1.3 times as fast).
 */
const FAST_PRODUCT_SUBGROUP = 8;

function winogradTile(gather: Gather, device: DeviceProfile, precision: Precision): WinogradTile | undefined {
  const { inChannels, outChannels } = gather;
  if (device.class !== 'cpu' || device.subgroupSize >= FAST_PRODUCT_SUBGROUP || !fitsWinograd(gather)) return undefined;
  if (inChannels < FEWEST_CHANNELS || outChannels < FEWEST_CHANNELS) return undefined;
  const tile: WinogradTile = precision === 'fast' ? 4 : 2;
  const { sources, products, tiles } = winogradSizes(gather, tile);
  const plain = gather.batch * gather.resultSize[0] * gather.resultSize[1] * 9;
  if ((tile + 2) ** 2 * 8 * Math.ceil(tiles / 8) > WORTHWHILE * plain) return undefined;
  const limit = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize);
  return 4 * Math.max(sources, products) <= limit ? tile : undefined;
}
