import { llvmpipe } from './llvmpipe.js';
import type { AdapterClass } from './traits.js';

/**
 * Any GPU that no other file describes. Loads of other workgroups hide behind arithmetic, barriers are cheap, and a
 * lone invocation is slow. Costs are reasoned; what a tuner tries beside the choices was measured on the CPU adapters.
 */
export const gpu: AdapterClass = {
  matches: () => true,
  traits: {
    name: 'gpu',
    estimatedFlops: 5e11,
    estimatedBandwidth: 1e11,
    loadCost: 1,
    barrierCost: 20,
    dispatchCost: 0,
    invocations: 32768,
    aliasedBytes: undefined,
    subgroupProducts: llvmpipe.traits.subgroupProducts,
    winograd: { exact: [], noisy: [] },
  },
};
