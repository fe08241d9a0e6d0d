/** Which algorithm computes a gathering product: by device class, shape and precision. */
import { type Candidates, type DeviceProfile, type Precision, sharesWorkgroupMemory } from '@infnet/core';
import type { GatherKernel, TiledGatherKernel } from './call.js';
import type { Gather } from './gather.js';
import { fitsMatrixUnits, matrixTiles } from './matrix.js';
import { fitsWinograd, type WinogradTile } from './winograd.js';
import { chooseWinograd, fitsMemory } from './winograd-choice.js';

/** `winograd2` and `winograd4` are F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3); the others are kernels of one dispatch. */
export type ConvolutionAlgorithm = TiledGatherKernel | 'winograd2' | 'winograd4';

/** The tile side of a Winograd algorithm, else undefined. */
export function winogradTileOf(algorithm: ConvolutionAlgorithm): WinogradTile | undefined {
  return algorithm === 'winograd2' ? 2 : algorithm === 'winograd4' ? 4 : undefined;
}

/** The kernel of one dispatch that does this product best. */
export function chooseKernel(gather: Gather, device: DeviceProfile): GatherKernel {
  const { outChannels, inChannels, groups } = gather;
  if (sharesWorkgroupMemory(device.traits))
    return groups > 1 && inChannels * outChannels <= 16 ? 'direct' : 'gemm-tiled';
  if (outChannels < 4 || (groups > 1 && outChannels < 8)) return 'direct';
  return device.subgroupSize > 0 ? 'gemm-subgroup' : 'gemm';
}

/** The kernel for a plain product of matrices, such as those inside Winograd's convolution. */
export function chooseProductKernel(device: DeviceProfile): GatherKernel {
  if (sharesWorkgroupMemory(device.traits)) return 'gemm-tiled';
  return device.subgroupSize > 0 ? 'gemm-subgroup' : 'gemm';
}

/**
 * The algorithm for a product: the tuner's, else {@link ownAlgorithm}.
 *
 * @param rounded the product's operands may be rounded to float16: a forward convolution with constant weights at
 *   precision `half`
 */
export function chooseAlgorithm(
  gather: Gather,
  device: DeviceProfile,
  precision: Precision,
  rounded = false,
): ConvolutionAlgorithm {
  return tunedAlgorithm(gather, device, precision, rounded) ?? ownAlgorithm(gather, device, precision, rounded);
}

/**
 * The algorithm by device class, shape and precision. `fast` and `half` may use the noisier Winograd F(4 x 4, 3 x 3).
 */
export function ownAlgorithm(
  gather: Gather,
  device: DeviceProfile,
  precision: Precision,
  rounded = false,
): ConvolutionAlgorithm {
  if (rounded && fitsMatrixUnits(gather, device)) return 'gemm-matrix';
  const winograd = chooseWinograd(gather, device, precision);
  return winograd === undefined ? chooseKernel(gather, device) : `winograd${winograd}`;
}

/** Tiles that compile everywhere in reasonable time; the larger ones keep more sums than a register file holds. */
const SUBGROUP_TILES = [
  '16x8x1',
  '16x4x1',
  '16x2x1',
  '8x8x1',
  '8x4x1',
  '16x8x2',
  '32x4x2',
  '16x8x4',
  '32x8x4',
] as const;
const WORKGROUP_TILES = ['64x64x16', '64x64x8', '32x32x16', '32x64x16', '64x32x16', '128x64x8'] as const;

/** All ways to do this product on this device that are worth a try. */
export function gatherCandidates(
  gather: Gather,
  device: DeviceProfile,
  precision: Precision,
  rounded = false,
): ConvolutionAlgorithm[] {
  const names: ConvolutionAlgorithm[] = [];
  if (rounded && fitsMatrixUnits(gather, device)) {
    const tiles = matrixTiles(device).map((tile) => [tile.TILE_M, tile.TILE_N, tile.TILE_K].join('x'));
    names.push('gemm-matrix', ...tiles.map((tile) => `gemm-matrix/${tile}` as 'gemm-matrix/64x64x32'));
  }
  if (sharesWorkgroupMemory(device.traits)) names.push(...WORKGROUP_TILES.map((tile) => `gemm-tiled/${tile}` as const));
  else names.push('gemm');
  if (device.subgroupSize > 0) names.push(...SUBGROUP_TILES.map((tile) => `gemm-subgroup/${tile}` as const));
  names.push('direct');
  if (!fitsWinograd(gather)) return names;
  for (const tile of precision !== 'exact' ? ([2, 4] as const) : ([2] as const)) {
    if (fitsMemory(tile, gather, device)) names.push(`winograd${tile}`);
  }
  return names;
}

/** The candidates of a product, its own algorithm first. */
export function gatherChoices(
  gather: Gather,
  device: DeviceProfile,
  precision: Precision,
  rounded = false,
): Candidates {
  const own = ownAlgorithm(gather, device, precision, rounded);
  const others = gatherCandidates(gather, device, precision, rounded).filter((name) => name !== own);
  return { key: gatherKey(gather), names: [own, ...others] };
}

/** What a tuner's table calls this product. */
export function gatherKey(gather: Gather): string {
  const { batch, groups, inChannels, outChannels, sourceSize, resultSize, kernel, sourceStride, resultStride } = gather;
  const pair = ([y, x]: readonly [number, number]): string => `${y}x${x}`;
  return [
    `convolution ${batch}x${groups}x${inChannels}x${pair(sourceSize)} to ${outChannels}x${pair(resultSize)}`,
    `kernel ${pair(kernel)} stride ${pair(sourceStride)}/${pair(resultStride)}`,
    `taps ${gather.tapStart}/${gather.tapStep} weights ${gather.weight.in}/${gather.weight.tapX}`,
  ].join(', ');
}

function tunedAlgorithm(
  gather: Gather,
  device: DeviceProfile,
  precision: Precision,
  rounded: boolean,
): ConvolutionAlgorithm | undefined {
  const name = device.tuning?.[gatherKey(gather)];
  // A table may come from a file: only what this device can do is taken.
  if (name === undefined) return undefined;
  return gatherCandidates(gather, device, precision, rounded).find((known) => known === name);
}
