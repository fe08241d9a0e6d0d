/**
 * When Winograd's convolution pays, and by which tile.
 *
 * The products become fewer; the transforms, all loads and stores, come on top. Per result pixel, with the harmonic
 * channel count h = ic * oc / (ic + oc), the multiplications saved are 9 * (1 - share) * ic * oc and the values
 * transformed are in proportion to ic + oc. So the gain follows `(1 - share) * h`, where share is the part of the
 * multiplications that are left, padding of tiles counted, and it needs enough tiles that a product of matrices over
 * them fills its own tiles. What must be saved is a trait of the adapter (`winograd`).
 */
import type { DeviceProfile, Precision, WinogradWorth } from '@infnet/core';
import type { Gather } from './gather.js';
import { fitsWinograd, type WinogradTile, winogradSizes } from './winograd.js';

/** Fewest channels on either side, whatever the adapter. */
const FEWEST_CHANNELS = 16;

/** The tile of Winograd's convolution that does this product best, or undefined where the plain product does. */
export function chooseWinograd(gather: Gather, device: DeviceProfile, precision: Precision): WinogradTile | undefined {
  const { inChannels, outChannels } = gather;
  if (!fitsWinograd(gather)) return undefined;
  if (inChannels < FEWEST_CHANNELS || outChannels < FEWEST_CHANNELS) return undefined;
  const choices = device.traits.winograd[precision === 'exact' ? 'exact' : 'noisy'];
  return choices.find((worth) => pays(worth, gather) && fitsMemory(worth.tile, gather, device))?.tile;
}

function pays({ tile, share: most, saved, tiles: fewest }: WinogradWorth, gather: Gather): boolean {
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
