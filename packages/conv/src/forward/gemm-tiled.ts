/** `gemm-tiled`: tiles in workgroup memory, for GPUs. */
import { type Kernel, sharesWorkgroupMemory } from '@infnet/core/kernels';
import { sizesOf, type Tile } from '../algorithm.js';
import source from '../kernels/gemm-tiled.wgsl';
import { tiledTile } from '../tile.js';
import type { KernelAlgorithm } from './algorithm.js';
import { oneDispatch } from './one-dispatch.js';

export const gemmTiledKernel: Kernel = { name: 'conv/gemm-tiled', source };

const TILES: readonly Tile[] = [
  [64, 64, 16],
  [64, 64, 8],
  [32, 32, 16],
  [32, 64, 16],
  [64, 32, 16],
  [128, 64, 8],
];

export const gemmTiled: KernelAlgorithm = oneDispatch({
  name: 'gemm-tiled',
  kernel: gemmTiledKernel,
  fits: () => true,
  suits: ({ device }) => sharesWorkgroupMemory(device.traits),
  tiles: ({ device }) => (sharesWorkgroupMemory(device.traits) ? TILES : []),
  hasTile: sizesOf([32, 64, 128], [32, 64], [8, 16]),
  launch: ({ gather, pixels, layers }, tile) => {
    const own = tiledTile(gather.inChannels, gather.outChannels, pixels, layers);
    const [TILE_M = own.TILE_M, TILE_N = own.TILE_N, TILE_K = own.TILE_K] = tile ?? [];
    const channelTiles = Math.ceil(gather.outChannels / TILE_M);
    return {
      constants: { TILE_M, TILE_N, TILE_K },
      params: { channelTiles },
      count: channelTiles * Math.ceil(pixels / TILE_N),
    };
  },
});
