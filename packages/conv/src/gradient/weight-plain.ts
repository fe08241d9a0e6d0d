/**
 * `plain`: the weight gradient in registers, for CPU adapters without subgroups; `single`: the same kernel with one
 * value per invocation, for groups of so few channels that larger tiles would be mostly empty.
 */
import { type Kernel, sharesWorkgroupMemory } from '@infnet/core/kernels';
import { forwardGather, isPointwise } from '../forward/gather.js';
import source from '../kernels/weight-gradient.wgsl';
import { columnsOf, fitsPadded, type WeightAlgorithm } from './weight-algorithm.js';

export const weightGradientKernel: Kernel = { name: 'conv/weight-gradient', source };

/** Fewer values than this in a group's result are not worth a tile. */
const FEW = 128;

const inRegisters = (side: 1 | 8, own: Pick<WeightAlgorithm, 'name' | 'suits' | 'tiles'>): WeightAlgorithm => ({
  ...own,
  kernel: weightGradientKernel,
  masks: false,
  fits: fitsPadded,
  hasTile: () => false,
  cut: ({ geometry, device }) => ({
    constants: { CHANNELS: side, COLUMNS: side, TAPS: Number(!isPointwise(forwardGather(geometry))) },
    rows: side,
    columns: side,
    perWorkgroup: 32,
    parallel: device.traits.invocations,
  }),
});

export const plain: WeightAlgorithm = inRegisters(8, {
  name: 'plain',
  suits: ({ device }) => !sharesWorkgroupMemory(device.traits) && device.subgroupSize === 0,
  tiles: () => [undefined],
});

export const single: WeightAlgorithm = inRegisters(1, {
  name: 'single',
  suits: ({ geometry }) => geometry.groups > 1 && (geometry.outChannels / geometry.groups) * columnsOf(geometry) < FEW,
  tiles: () => [],
});
