import { type AdapterClass, SOFTWARE, type SubgroupTiles } from './traits.js';

/** Measured: 8 to 10 multiply-adds for a load, 20 for one of an unrolled loop. */
const LOADS = { weightLoadCost: 9, sourceLoadCost: 9 };
const UNROLLED_LOADS = { weightLoadCost: 20, sourceLoadCost: 20 };

const ROWS_OF_8: SubgroupTiles['tiles'] = [
  [8, 8],
  [8, 4],
  [8, 2],
];
const ROWS_OF_16: SubgroupTiles['tiles'] = [[16, 8], [16, 4], [16, 2], ...ROWS_OF_8];

/**
 * Software adapters with subgroups of 4 lanes or none: SwiftShader, and whatever else computes on the CPU.
 *
 * Sums go through memory in every turn of a loop, so that tall unrolled tiles run 1.3 to 1.7 times as fast, but compile
 * in 0.4 to 0.8 s instead of 0.1 s: only for large products. The plain product is far from what the CPU could do, so
 * that nearly every shape gains by Winograd. Transposed weights gained nothing.
 */
export const swiftshader: AdapterClass = {
  matches: (text) => SOFTWARE.test(text),
  traits: {
    name: 'swiftshader',
    estimatedFlops: 3e9,
    estimatedBandwidth: 3e9,
    loadCost: 9,
    barrierCost: 300,
    dispatchCost: 2048,
    invocations: 256,
    aliasedBytes: undefined,
    subgroupProducts: {
      small: { tiles: ROWS_OF_8, unroll: 1, ...LOADS },
      tested: { tiles: ROWS_OF_16, unroll: 2, ...UNROLLED_LOADS },
      plain: { tiles: [[32, 8], [32, 4], [32, 2], ...ROWS_OF_16], unroll: 4, ...UNROLLED_LOADS },
    },
    winograd: {
      exact: [{ tile: 2, share: 0.6, saved: 0, tiles: 1 }],
      noisy: [{ tile: 4, share: 0.6, saved: 0, tiles: 1 }],
    },
  },
};
