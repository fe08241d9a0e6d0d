/** `gemm-subgroup`: lanes broadcast the weights that they loaded, for CPU adapters with subgroups. */
import { type Kernel, sharesWorkgroupMemory } from '@infnet/core/kernels';
import { sizesUpTo, type Tile, unavailable, variantName } from '../algorithm.js';
import source from '../kernels/gemm-subgroup.wgsl';
import { subgroupTile } from '../tile.js';
import type { KernelAlgorithm } from './algorithm.js';
import { oneDispatch } from './one-dispatch.js';

export const gemmSubgroupKernel: Kernel = { name: 'conv/gemm-subgroup', source };

/** Tiles that compile everywhere in reasonable time; the larger ones keep more sums than a register file holds. */
const TILES: readonly Tile[] = [
  [16, 8, 1],
  [16, 4, 1],
  [16, 2, 1],
  [8, 8, 1],
  [8, 4, 1],
  [16, 8, 2],
  [32, 4, 2],
  [16, 8, 4],
  [32, 8, 4],
];

export const gemmSubgroup: KernelAlgorithm = oneDispatch({
  name: 'gemm-subgroup',
  kernel: gemmSubgroupKernel,
  fits: ({ device }) => device.subgroupSize > 0,
  suits: ({ device }) => !sharesWorkgroupMemory(device.traits),
  tiles: () => TILES,
  hasTile: sizesUpTo(99, 99, 9),
  /**
   * Every lane has a result channel of its own: with tiles of 32 channels a step touches 32 cache lines, of which the
   * next steps need the rest. Where the channels lie so far apart that they share few sets of the cache
   * (`aliasedBytes`), the lines are lost before.
   */
  prefersTransposed: ({ groups, inChannels, outChannels, kernel }, { traits: { aliasedBytes } }) => {
    if (aliasedBytes === undefined || groups > 1 || outChannels < 16) return false;
    return (4 * inChannels * kernel[0] * kernel[1]) % aliasedBytes === 0;
  },
  launch: ({ gather, device, pixels, layers, hasTaps }, tile) => {
    const SUBGROUP = device.subgroupSize;
    if (SUBGROUP === 0) {
      throw unavailable(`the kernel ${variantName({ algorithm: gemmSubgroup, tile })}`, 'subgroups of one fixed size');
    }
    const { outChannels, inChannels, kernel } = gather;
    const steps = inChannels * kernel[0] * kernel[1];
    const own = subgroupTile({ outChannels, pixels, steps, layers, plain: !hasTaps, apart: 1 }, device);
    const [CHANNELS = own.channels, PIXELS = own.pixels, UNROLL = own.unroll] = tile ?? [];
    const channelTiles = Math.ceil(outChannels / CHANNELS);
    return {
      constants: { CHANNELS, PIXELS, UNROLL, SUBGROUP, TAPS: Number(hasTaps) },
      params: { channelTiles },
      count: channelTiles * Math.ceil(pixels / (PIXELS * SUBGROUP)),
    };
  },
});
