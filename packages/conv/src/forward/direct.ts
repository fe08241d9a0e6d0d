/** `direct`: no product, for few result channels per group (depthwise, one-channel maps), on any adapter. */
import { type Kernel, sharesWorkgroupMemory } from '@infnet/core/kernels';
import source from '../kernels/direct.wgsl';
import type { KernelAlgorithm } from './algorithm.js';
import { LINE } from './call.js';
import type { Gather } from './gather.js';
import { oneDispatch } from './one-dispatch.js';

export const directKernel: Kernel = { name: 'conv/direct', source };

export const direct: KernelAlgorithm = oneDispatch({
  name: 'direct',
  kernel: directKernel,
  fits: () => true,
  suits: ({ gather: { groups, inChannels, outChannels }, device }) => {
    if (sharesWorkgroupMemory(device.traits)) return groups > 1 && inChannels * outChannels <= 16;
    return outChannels < 4 || (groups > 1 && outChannels < 8);
  },
  tiles: () => [undefined],
  hasTile: () => false,
  launch: ({ gather, rows, columns }) => {
    const { batch, outChannels } = gather;
    const CHANNELS = outChannels >= 4 ? 4 : 1;
    const channelTiles = Math.ceil(outChannels / CHANNELS);
    const [blockRows, blockColumns] = [Math.ceil(rows / 4), Math.ceil(columns / 4)];
    return {
      constants: { CHANNELS, ...rowReuse(gather) },
      params: { blockColumns, blockRows, batch },
      count: Math.ceil((blockColumns * blockRows * batch * channelTiles) / LINE),
    };
  },
});

/** Taps of a kernel row that share loads: all of them where they lie side by side and are few. */
function rowReuse({ kernel, tapStep, sourceStride, resultStride }: Gather): {
  readonly WIDTH: number;
  readonly STEP: number;
} {
  const width = kernel[1];
  const adjacent = tapStep[1] === 1 && resultStride[0] === 1 && resultStride[1] === 1 && sourceStride[1] <= 2;
  return adjacent && width > 1 && width <= 7 ? { WIDTH: width, STEP: sourceStride[1] } : { WIDTH: 1, STEP: 1 };
}
