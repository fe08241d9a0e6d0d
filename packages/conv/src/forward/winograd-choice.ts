/**
 * When a CPU adapter gains by Winograd's convolution, and by which tile.
 *
 * The products become fewer; the transforms, all loads and stores, come on top. Per result pixel, with the harmonic
 * channel count h = ic * oc / (ic + oc), the multiplications saved are 9 * (1 - share) * ic * oc and the values
 * transformed are in proportion to ic + oc. So the gain follows `(1 - share) * h`, where share is the part of the
 * multiplications that are left, padding of tiles counted, and it needs enough tiles that a product of matrices over
 * them fills its own tiles.
 */
import type { DeviceProfile, Precision } from '@infnet/core';
import type { Gather } from './gather.js';
import { fitsWinograd, type WinogradTile, winogradSizes } from './winograd.js';

/** What a shape must have for one tile side to pay. */
interface Worth {
  readonly tile: WinogradTile;
  /** Largest share of the multiplications that may be left. */
  readonly share: number;
  /** Least (1 - share) * ic * oc / (ic + oc). */
  readonly saved: number;
  /** Fewest tiles of all images. */
  readonly tiles: number;
}

/** Fewest channels on either side, whatever the adapter. */
const FEWEST_CHANNELS = 16;

/**
 * With subgroups of 8 (llvmpipe), by CPU time against the plain product: F(4 x 4) 1.4 times as fast for 52 channels at
 * 44 x 44, 1.6 for 64 at 88 x 88, 1.9 for 256 to 64, 1.0 for 26 at 88 x 88 and 32 at 44 x 44, 0.8 for 208 at 11 x 11;
 * F(2 x 2) 1.2 for 104 at 22 x 22 and 96 at 44 x 44, 1.0 for 52 at 44 x 44, 0.75 for 32 at 176 x 176.
 */
const BROAD: Readonly<Record<'noisy' | 'exact', readonly Worth[]>> = {
  noisy: [
    { tile: 4, share: 0.6, saved: 10, tiles: 64 },
    { tile: 2, share: 0.6, saved: 20, tiles: 100 },
  ],
  exact: [{ tile: 2, share: 0.6, saved: 20, tiles: 100 }],
};

/**
 * Narrower subgroups (SwiftShader) or none: the plain product is further from the limit, so nearly every shape gains.
 */
const NARROW: Readonly<Record<'noisy' | 'exact', readonly Worth[]>> = {
  noisy: [{ tile: 4, share: 0.6, saved: 0, tiles: 1 }],
  exact: [{ tile: 2, share: 0.6, saved: 0, tiles: 1 }],
};

/** The tile of Winograd's convolution that does this product best, or undefined where the plain product does. */
export function chooseWinograd(gather: Gather, device: DeviceProfile, precision: Precision): WinogradTile | undefined {
  const { inChannels, outChannels } = gather;
  if (device.class !== 'cpu' || !fitsWinograd(gather)) return undefined;
  if (inChannels < FEWEST_CHANNELS || outChannels < FEWEST_CHANNELS) return undefined;
  const choices = (device.subgroupSize >= 8 ? BROAD : NARROW)[precision === 'exact' ? 'exact' : 'noisy'];
  return choices.find((worth) => pays(worth, gather) && fitsMemory(worth.tile, gather, device))?.tile;
}

function pays({ tile, share: most, saved, tiles: fewest }: Worth, gather: Gather): boolean {
  const { batch, resultSize, inChannels, outChannels } = gather;
  const { tiles } = winogradSizes(gather, tile);
  const share = ((tile + 2) ** 2 * 8 * Math.ceil(tiles / 8)) / (9 * batch * resultSize[0] * resultSize[1]);
  const harmonic = (inChannels * outChannels) / (inChannels + outChannels);
  return share <= most && tiles >= fewest && (1 - share) * harmonic >= saved;
}

/** Whether the scratch tensors of the transforms can be bound. */
export function fitsMemory(tile: WinogradTile, gather: Gather, { limits }: DeviceProfile): boolean {
  const { sources, products } = winogradSizes(gather, tile);
  return 4 * Math.max(sources, products) <= Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}
