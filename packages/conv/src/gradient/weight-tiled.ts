/** `tiled`: tiles in workgroup memory, for GPUs, and wherever x with its padding would be too large. */
import { type Kernel, sharesWorkgroupMemory } from '@infnet/core/kernels';
import { sizesOf, type Tile } from '../algorithm.js';
import source from '../kernels/weight-gradient-tiled.wgsl';
import { tiledTile } from '../tile.js';
import { columnsOf, fitsPadded, type WeightAlgorithm } from './weight-algorithm.js';

export const weightGradientTiledKernel: Kernel = { name: 'conv/weight-gradient-tiled', source };

const TILES: readonly Tile[] = [
  [64, 64],
  [32, 32],
  [64, 32],
  [32, 64],
];

export const tiled: WeightAlgorithm = {
  name: 'tiled',
  kernel: weightGradientTiledKernel,
  masks: true,
  fits: () => true,
  suits: (problem) => sharesWorkgroupMemory(problem.device.traits) || !fitsPadded(problem),
  tiles: (problem) => {
    if (sharesWorkgroupMemory(problem.device.traits)) return TILES;
    return fitsPadded(problem) ? [] : [undefined];
  },
  hasTile: sizesOf([32, 64], [32, 64]),
  cut: ({ geometry }, tile) => {
    const { groups, outChannels } = geometry;
    const columns = columnsOf(geometry);
    const own = tiledTile(columns, outChannels / groups, columns, groups);
    const [TILE_M = own.TILE_M, TILE_N = own.TILE_N] = tile ?? [];
    return {
      constants: { TILE_M, TILE_N, TILE_K: 16 },
      rows: TILE_M,
      columns: TILE_N,
      perWorkgroup: 1,
      parallel: 1024,
    };
  },
};
