/** Tiles: how large a piece of the result one subgroup or workgroup makes. Few choices, because each is a pipeline. */
import type { DeviceProfile } from '@infnet/core';
import type { AdapterTraits, SubgroupTiles } from '@infnet/core/kernels';

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

/** Below so many FLOPs in a dispatch (a few milliseconds on SwiftShader) a kernel that compiles slowly does not pay. */
const LARGE = 8e6;

/** Maps of 4 KiB and more begin in one set of the first cache (or near), and every one in a page of its own. */
const FAR_APART = 1024;

function tilesFor(
  { outChannels, pixels, steps, layers, plain, apart }: ProductShape,
  { subgroupProducts }: AdapterTraits,
): SubgroupTiles {
  if (2 * outChannels * pixels * steps * layers < LARGE) return subgroupProducts.small;
  const besides = (plain && apart >= FAR_APART ? subgroupProducts.farApart : undefined) ?? subgroupProducts.apart;
  return (apart > 1 ? besides : undefined) ?? (plain ? subgroupProducts.plain : subgroupProducts.tested);
}

/**
 * The tile of a subgroup kernel that does the whole product with the least estimated work: large tiles load less per
 * multiply-add, small ones waste less at the edges.
 */
export function subgroupTile(
  shape: ProductShape,
  { subgroupSize, traits }: Pick<DeviceProfile, 'subgroupSize' | 'traits'>,
): SubgroupTile {
  const { outChannels, pixels } = shape;
  const { tiles: choices, unroll, weightLoadCost, sourceLoadCost } = tilesFor(shape, traits);
  const candidates = choices.map(([rows, each]) => ({ channels: rows, pixels: each, unroll }));
  let best = candidates[0] as SubgroupTile;
  let least = Number.POSITIVE_INFINITY;
  for (const tile of candidates) {
    const tiles = Math.ceil(outChannels / tile.channels) * Math.ceil(pixels / (tile.pixels * subgroupSize));
    const loads = Math.ceil(tile.channels / subgroupSize) * weightLoadCost + tile.pixels * sourceLoadCost;
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
