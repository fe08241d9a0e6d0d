/**
 * `gemm-matrix`, the experimental kernel for matrix units ("tensor cores").
 *
 * What is chosen here is reasoned, not measured: no card that has these units was at hand.
 */
import type { DeviceProfile } from '@infnet/core';
import type { Kernel, KernelCall, SubgroupMatrix } from '@infnet/core/kernels';
import { sizesOf, unavailable, variantName } from '../algorithm.js';
import source from '../kernels/gemm-matrix.wgsl';
import { MANY_WORKGROUPS } from '../tile.js';
import type { KernelAlgorithm } from './algorithm.js';
import type { Gather } from './gather.js';
import { oneDispatch } from './one-dispatch.js';

/** Experimental. */
export const gemmMatrixKernel: Kernel = { name: 'conv/gemm-matrix', source };

interface MatrixTile {
  readonly TILE_M: number;
  readonly TILE_N: number;
  readonly TILE_K: number;
}

/** Tiles of the tuner, the usual ones first. */
const TILES: readonly MatrixTile[] = [
  { TILE_M: 64, TILE_N: 64, TILE_K: 32 },
  { TILE_M: 32, TILE_N: 32, TILE_K: 32 },
  { TILE_M: 64, TILE_N: 64, TILE_K: 16 },
  { TILE_M: 64, TILE_N: 32, TILE_K: 32 },
  { TILE_M: 128, TILE_N: 64, TILE_K: 32 },
];

/** Below so many channels on either side a tile is mostly filling. */
const FEWEST_CHANNELS = 16;

/** Whether the product is large enough for tiles of matrix units. */
function fitsMatrixUnits({ inChannels, outChannels }: Gather, device: DeviceProfile): boolean {
  return device.subgroupMatrix !== undefined && Math.min(inChannels, outChannels) >= FEWEST_CHANNELS;
}

/** The tiles that fit the device's workgroup memory. */
export function matrixTiles({ subgroupMatrix, limits }: DeviceProfile): readonly MatrixTile[] {
  if (subgroupMatrix === undefined) return [];
  return TILES.filter(
    (tile) =>
      tile.TILE_K % subgroupMatrix.K === 0 &&
      workgroupBytes(tile, subgroupMatrix) <= limits.maxComputeWorkgroupStorageSize,
  );
}

/** 64 x 64 where that leaves work for all of a GPU, else 32 x 32. */
function matrixTile(gather: Gather, pixels: number, layers: number): MatrixTile {
  const [large, small] = TILES as readonly [MatrixTile, MatrixTile];
  const workgroups = layers * Math.ceil(gather.outChannels / large.TILE_M) * Math.ceil(pixels / large.TILE_N);
  return workgroups >= MANY_WORKGROUPS && gather.outChannels > small.TILE_M ? large : small;
}

/** How the subgroups of a workgroup lie over its tile: two by two, or fewer of large ones. */
function subgroupGrid({ subgroupSize }: SubgroupMatrix): readonly [rows: number, columns: number] {
  if (subgroupSize <= 32) return [2, 2];
  return subgroupSize === 64 ? [1, 2] : [1, 1];
}

/** Bytes of workgroup memory: two tiles of float16 with padded rows, and a matrix of sums for every subgroup. */
function workgroupBytes({ TILE_M, TILE_N, TILE_K }: MatrixTile, matrix: SubgroupMatrix): number {
  const [rows, columns] = subgroupGrid(matrix);
  return 2 * (TILE_M * (TILE_K + 8) + TILE_K * (TILE_N + 8)) + 4 * rows * columns * matrix.M * matrix.N;
}

/** The compile-time constants of `gemm-matrix`. */
function matrixConstants(tile: MatrixTile, matrix: SubgroupMatrix, hasF16: boolean): KernelCall['constants'] {
  const [SUBGROUPS_M, SUBGROUPS_N] = subgroupGrid(matrix);
  const { M, N, K, subgroupSize: SUBGROUP, emulated = false } = matrix;
  return { ...tile, M, N, K, SUBGROUP, SUBGROUPS_M, SUBGROUPS_N, EMULATED: Number(emulated), F16: Number(hasF16) };
}

export const gemmMatrix: KernelAlgorithm = oneDispatch({
  name: 'gemm-matrix',
  kernel: gemmMatrixKernel,
  fits: ({ gather, device, rounded }) => rounded && fitsMatrixUnits(gather, device),
  suits: () => true,
  tiles: ({ device }) => [undefined, ...matrixTiles(device).map((tile) => [tile.TILE_M, tile.TILE_N, tile.TILE_K])],
  hasTile: sizesOf([16, 32, 64, 128], [16, 32, 64, 128], [16, 32, 64]),
  roundsSource: true,
  launch: ({ gather, device: { subgroupMatrix, hasF16 }, pixels, layers }, tile) => {
    if (subgroupMatrix === undefined) {
      const title = `the kernel ${variantName({ algorithm: gemmMatrix, tile })}`;
      throw unavailable(title, 'subgroup matrices (experimental, asked for in open)');
    }
    const own = matrixTile(gather, pixels, layers);
    const [TILE_M = own.TILE_M, TILE_N = own.TILE_N, TILE_K = own.TILE_K] = tile ?? [];
    const channelTiles = Math.ceil(gather.outChannels / TILE_M);
    return {
      constants: matrixConstants({ TILE_M, TILE_N, TILE_K }, subgroupMatrix, hasF16),
      params: { channelTiles },
      count: channelTiles * Math.ceil(pixels / TILE_N),
    };
  },
});
