/** Tiles: how large a piece of the result one subgroup or workgroup makes. Few choices, because each is a pipeline. */
import { InfnetError } from '@infnet/core';

export interface SubgroupTile {
  /** Result channels of a tile. */
  readonly channels: number;
  /** Pixels of one lane. */
  readonly pixels: number;
  /** Steps of the sum that are done at once. */
  readonly unroll: number;
}

/** What a product is to the choice of its tile. */
export interface ProductShape {
  readonly outChannels: number;
  /** Columns of the result. */
  readonly pixels: number;
  /** Length of the sum. */
  readonly steps: number;
  /** Independent products of this shape in one dispatch. */
  readonly layers: number;
  /** Whether every source value is read where it lies, without a test whether it is inside. */
  readonly plain: boolean;
  /** Values in memory between what neighbouring columns read: 1, or a whole map in a weight gradient. */
  readonly apart: number;
}

/**
 * Cost of loading one value, in multiply-adds, on the CPU adapters (measured: 8 to 10; on SwiftShader 20 of unrolled
 * ones). With subgroups of 8 a value of x costs more than a weight: neighbouring steps of x lie a map apart, in a page
 * of their own.
 */
const LOAD_COST = 9;
const UNROLLED_LOAD_COST = 20;
const WEIGHT_LOAD_COST = 6;
const SOURCE_LOAD_COST = 12;

/** Below so many FLOPs in a dispatch (a few milliseconds on SwiftShader) a kernel that compiles slowly does not pay. */
const LARGE = 8e6;

/** Maps of 4 KiB and more begin in one set of the first cache (or near), and every one in a page of its own. */
const FAR_APART = 1024;

interface TileShapes {
  readonly tiles: readonly (readonly [channels: number, pixels: number])[];
  readonly unroll: number;
}

const TILES_OF_8: TileShapes['tiles'] = [8, 4, 2].map((pixels) => [8, pixels] as const);
const TILES_OF_16: TileShapes['tiles'] = [8, 4, 2].map((pixels) => [16, pixels] as const);

/**
 * Shapes of the tile to choose from.
 *
 * With subgroups of 8 (llvmpipe) the sums of a loop stay in registers or near them. Tiles of 32 x 4 load 8 values for
 * 128 multiply-adds where those of 16 x 8 load 10, and of x half as many: 5 to 28 % faster by CPU time where the
 * channels fit. Two steps at once gain 0 to 14 %, the most where taps are tested for the image's edge. But the columns
 * of a weight gradient lie a map apart: a step touches a cache line for every column, 80 of them, which large maps put
 * into the same few places of the cache. Several steps at once use what a line holds before it is lost: 1.4 to 2.1
 * times as fast for maps of 32 x 32.
 *
 * With subgroups of 4 (SwiftShader) sums go through memory in every turn of the loop, so that tall unrolled tiles run
 * 1.3 to 1.7 times as fast, but compile in 0.4 to 0.8 s instead of 0.1 s: only for large products.
 */
function tileShapes(
  { outChannels, pixels, steps, layers, plain, apart }: ProductShape,
  subgroupSize: number,
): TileShapes {
  const large = 2 * outChannels * pixels * steps * layers >= LARGE;
  if (subgroupSize < 8) {
    if (!large) return { tiles: TILES_OF_8, unroll: 1 };
    if (!plain) return { tiles: [...TILES_OF_16, ...TILES_OF_8], unroll: 2 };
    return { tiles: [[32, 8], [32, 4], [32, 2], ...TILES_OF_16, ...TILES_OF_8], unroll: 4 };
  }
  if (!large) return { tiles: TILES_OF_16, unroll: 1 };
  if (apart === 1) return { tiles: [[32, 4], ...TILES_OF_16], unroll: 2 };
  return plain && apart >= FAR_APART ? { tiles: TILES_OF_16.slice(1), unroll: 4 } : { tiles: TILES_OF_16, unroll: 2 };
}

/**
 * The tile of a subgroup kernel that does the whole product with the least estimated work: large tiles load less per
 * multiply-add, small ones waste less at the edges.
 */
export function subgroupTile(shape: ProductShape, subgroupSize: number): SubgroupTile {
  const { outChannels, pixels } = shape;
  const { tiles: choices, unroll } = tileShapes(shape, subgroupSize);
  const narrow = unroll === 1 ? LOAD_COST : UNROLLED_LOAD_COST;
  const [ofWeight, ofSource] = subgroupSize >= 8 ? [WEIGHT_LOAD_COST, SOURCE_LOAD_COST] : [narrow, narrow];
  const candidates = choices.map(([rows, each]) => ({ channels: rows, pixels: each, unroll }));
  let best = candidates[0] as SubgroupTile;
  let least = Number.POSITIVE_INFINITY;
  for (const tile of candidates) {
    const tiles = Math.ceil(outChannels / tile.channels) * Math.ceil(pixels / (tile.pixels * subgroupSize));
    const loads = Math.ceil(tile.channels / subgroupSize) * ofWeight + tile.pixels * ofSource;
    const cost = tiles * (loads + tile.channels * (tile.pixels + 1));
    if (cost < least) {
      best = tile;
      least = cost;
    }
  }
  return best;
}

/** Enough workgroups to fill a large GPU. */
export const MANY_WORKGROUPS = 256;

/** The tile of `gemm-tiled`: 64 x 64 where that leaves work for all of a GPU, else smaller ones. */
export function tiledTile(
  inChannels: number,
  outChannels: number,
  pixels: number,
  layers: number,
): { readonly TILE_M: number; readonly TILE_N: number; readonly TILE_K: number } {
  const workgroups = (m: number, n: number): number => layers * Math.ceil(outChannels / m) * Math.ceil(pixels / n);
  const large = workgroups(64, 64) >= MANY_WORKGROUPS && outChannels > 32;
  const wasted = (step: number): number => Math.ceil(inChannels / step) * step - inChannels;
  const TILE_K = wasted(8) < wasted(16) ? 8 : 16;
  return large ? { TILE_M: 64, TILE_N: 64, TILE_K } : { TILE_M: 32, TILE_N: 32, TILE_K };
}

/** Tiles that a kernel can have: `gemm-subgroup/16x8x1` is the kernel `gemm-subgroup` with the sizes 16, 8 and 1. */
const TILES: Readonly<Record<string, RegExp>> = {
  'gemm-subgroup': /^[1-9]\d?x[1-9]\d?x[1-9]$/,
  'gemm-tiled': /^(32|64|128)x(32|64)x(8|16)$/,
  'gemm-matrix': /^(16|32|64|128)x(16|32|64|128)x(16|32|64)$/,
  subgroup: /^[1-9]\d?x[1-9]\d?x[1-9]$/,
  tiled: /^(32|64)x(32|64)$/,
};

/**
 * A kernel's name and its tile, if it has one.
 * @throws InfnetError `KERNEL_UNAVAILABLE` for a tile that the kernel cannot have.
 */
export function splitTile<N extends string>(
  kernel: string,
): { readonly name: N; readonly sizes: readonly (number | undefined)[] } {
  const [name = '', tile = ''] = kernel.split('/');
  if (tile !== '' && TILES[name]?.test(tile) !== true) {
    throw new InfnetError({
      code: 'KERNEL_UNAVAILABLE',
      message: `the kernel ${name} has no tile ${tile}`,
      fix: 'Leave the choice of the algorithm to infnet.',
    });
  }
  return { name: name as N, sizes: tile === '' ? [] : tile.split('x').map(Number) };
}
