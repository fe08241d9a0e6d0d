/** `gemm`: a product in registers, for CPU adapters without subgroups. */
import { type Kernel, sharesWorkgroupMemory } from '@infnet/core/kernels';
import source from '../kernels/gemm.wgsl';
import type { KernelAlgorithm } from './algorithm.js';
import { LINE } from './call.js';
import { oneDispatch } from './one-dispatch.js';

export const gemmKernel: Kernel = { name: 'conv/gemm', source };

const TILE = { CHANNELS: 8, PIXELS: 8 };

export const gemm: KernelAlgorithm = oneDispatch({
  name: 'gemm',
  kernel: gemmKernel,
  fits: () => true,
  suits: () => true,
  tiles: ({ device }) => (sharesWorkgroupMemory(device.traits) ? [] : [undefined]),
  hasTile: () => false,
  launch: ({ gather, pixels, hasTaps }) => {
    const channelTiles = Math.ceil(gather.outChannels / TILE.CHANNELS);
    return {
      constants: { ...TILE, TAPS: Number(hasTaps) },
      params: { channelTiles },
      count: Math.ceil((channelTiles * Math.ceil(pixels / TILE.PIXELS)) / LINE),
    };
  },
});
