/** Tiles: how large a piece of the result one subgroup or workgroup makes. Few choices, because each is a pipeline. */

export interface SubgroupTile {
  /** Result channels of a tile. */
  readonly channels: number;
  /** Pixels of one lane. */
  readonly pixels: number;
}

/** Cost of loading one value, in multiply-adds, on the CPU adapters (measured: 8 to 10). */
const LOAD_COST = 9;

/**
 * The tile of `gemm-subgroup` that does the whole product with the least estimated work: large tiles load less per
 * multiply-add, small ones waste less at the edges. Tall tiles pay only for subgroups of 8 (llvmpipe); with 4
 * (SwiftShader) they compile slower and run no faster.
 */
export function subgroupTile(outChannels: number, pixels: number, subgroupSize: number): SubgroupTile {
  const channels = subgroupSize >= 8 ? 16 : 8;
  const candidates = [8, 4, 2].map((each) => ({ channels, pixels: each }));
  let best = candidates[0] as SubgroupTile;
  let least = Number.POSITIVE_INFINITY;
  for (const tile of candidates) {
    const tiles = Math.ceil(outChannels / tile.channels) * Math.ceil(pixels / (tile.pixels * subgroupSize));
    const loads = Math.ceil(tile.channels / subgroupSize) + tile.pixels;
    const cost = tiles * (loads * LOAD_COST + tile.channels * (tile.pixels + 1));
    if (cost < least) {
      best = tile;
      least = cost;
    }
  }
  return best;
}

/** Enough workgroups to fill a large GPU. */
const MANY_WORKGROUPS = 256;

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

/** `gemm-subgroup/16x8` is the kernel `gemm-subgroup` with the sizes 16 and 8; without a tile there are no sizes. */
export function splitTile<N extends string>(
  kernel: string,
): { readonly name: N; readonly sizes: readonly (number | undefined)[] } {
  const [name, tile = ''] = kernel.split('/');
  return { name: name as N, sizes: tile === '' ? [] : tile.split('x').map(Number) };
}
