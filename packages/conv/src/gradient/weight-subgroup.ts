/** `subgroup`: lanes broadcast the gradients that they loaded, for CPU adapters with subgroups. */
import { type Kernel, sharesWorkgroupMemory } from '@infnet/core/kernels';
import { sizesUpTo, type Tile, unavailable } from '../algorithm.js';
import { forwardGather, isPointwise } from '../forward/gather.js';
import source from '../kernels/weight-gradient-subgroup.wgsl';
import { subgroupTile } from '../tile.js';
import { columnsOf, fitsPadded, type WeightAlgorithm } from './weight-algorithm.js';

export const weightGradientSubgroupKernel: Kernel = { name: 'conv/weight-gradient-subgroup', source };

const TILES: readonly Tile[] = [
  [16, 8, 1],
  [16, 4, 1],
  [8, 8, 1],
  [16, 8, 2],
  [16, 4, 2],
  [16, 4, 4],
  [32, 8, 4],
];

export const subgroup: WeightAlgorithm = {
  name: 'subgroup',
  kernel: weightGradientSubgroupKernel,
  masks: false,
  fits: (problem) => problem.device.subgroupSize > 0 && fitsPadded(problem),
  suits: ({ device }) => !sharesWorkgroupMemory(device.traits),
  tiles: () => TILES,
  hasTile: sizesUpTo(99, 99, 9),
  cut: ({ geometry, device }, tile) => {
    const SUBGROUP = device.subgroupSize;
    if (SUBGROUP === 0) throw unavailable('the weight gradient "subgroup"', 'subgroups of one fixed size');
    const { batch, groups, outChannels, outSize, inSize } = geometry;
    const pointwise = isPointwise(forwardGather(geometry));
    const shape = {
      outChannels: outChannels / groups,
      pixels: columnsOf(geometry),
      steps: batch * outSize[0] * outSize[1],
      layers: groups,
      plain: pointwise,
      apart: inSize[0] * inSize[1],
    };
    const own = subgroupTile(shape, device);
    const [CHANNELS = own.channels, COLUMNS = own.pixels, UNROLL = own.unroll] = tile ?? [];
    return {
      constants: { CHANNELS, COLUMNS, UNROLL, SUBGROUP, TAPS: Number(!pointwise) },
      rows: CHANNELS,
      columns: COLUMNS * SUBGROUP,
      perWorkgroup: 1,
      parallel: 64,
    };
  },
};
