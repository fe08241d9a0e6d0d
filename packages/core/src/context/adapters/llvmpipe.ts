import { type AdapterClass, SOFTWARE, type SubgroupTiles } from './traits.js';

/**
 * With subgroups of 8 a source value costs more to load than a weight: neighbouring steps of it lie a map apart, in a
 * page of their own.
 */
const LOADS = { weightLoadCost: 6, sourceLoadCost: 12 };

const ROWS_OF_16: SubgroupTiles['tiles'] = [
  [16, 8],
  [16, 4],
  [16, 2],
];

/** Tiles of 32 x 4 load 8 values for 128 multiply-adds where those of 16 x 8 load 10, and of x half as many. */
const TALL: SubgroupTiles = { tiles: [[32, 4], ...ROWS_OF_16], unroll: 2, ...LOADS };

/**
 * Software adapters with subgroups of 8 lanes and more: llvmpipe, where the CPU has AVX2.
 *
 * The sums of a loop stay in registers or near them. Tiles of 32 x 4 are 5 to 28 % faster by CPU time where the
 * channels fit. Two steps at once gain 0 to 14 %, the most where taps are tested for the image's edge. But the columns
 * of a weight gradient lie a map apart: a step touches a cache line for every column, 80 of them, which large maps put
 * into the same few places of the cache. Several steps at once use what a line holds before it is lost: 1.4 to 2.1
 * times as fast for maps of 32 x 32.
 *
 * Winograd by CPU time against the plain product: F(4 x 4) 1.4 times as fast for 52 channels at 44 x 44, 1.6 for 64 at
 * 88 x 88, 1.9 for 256 to 64, 1.0 for 26 at 88 x 88 and 32 at 44 x 44, 0.8 for 208 at 11 x 11; F(2 x 2) 1.2 for 104 at
 * 22 x 22 and 96 at 44 x 44, 1.0 for 52 at 44 x 44, 0.75 for 32 at 176 x 176.
 *
 * Constant weights whose result channels lie a multiple of 1 KiB apart: 1.05 to 1.4 times as fast transposed for 512,
 * 1024 and 2048 channels; 0.95 to 1.1 for 104, 416 and 832, which lie otherwise.
 */
export const llvmpipe: AdapterClass = {
  matches: (text, subgroupSize) => SOFTWARE.test(text) && subgroupSize >= 8,
  traits: {
    name: 'llvmpipe',
    estimatedFlops: 3e9,
    estimatedBandwidth: 3e9,
    loadCost: 9,
    barrierCost: 300,
    dispatchCost: 2048,
    invocations: 256,
    aliasedBytes: 1024,
    subgroupProducts: {
      small: { tiles: ROWS_OF_16, unroll: 1, ...LOADS },
      tested: TALL,
      plain: TALL,
      apart: { tiles: ROWS_OF_16, unroll: 2, ...LOADS },
      farApart: { tiles: ROWS_OF_16.slice(1), unroll: 4, ...LOADS },
    },
    winograd: {
      exact: [{ tile: 2, share: 0.6, saved: 20, tiles: 100 }],
      noisy: [
        { tile: 4, share: 0.6, saved: 10, tiles: 64 },
        { tile: 2, share: 0.6, saved: 20, tiles: 100 },
      ],
    },
  },
};
