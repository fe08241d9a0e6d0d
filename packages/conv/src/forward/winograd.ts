/**
 * `winograd2` and `winograd4`: Winograd's convolution as an algorithm, and when it pays, and by which tile.
 *
 * The products become fewer; the transforms, all loads and stores, come on top. Per result pixel, with the harmonic
 * channel count h = ic * oc / (ic + oc), the multiplications saved are 9 * (1 - share) * ic * oc and the values
 * transformed are in proportion to ic + oc. So the gain follows `(1 - share) * h`, where share is the part of the
 * multiplications that are left, padding of tiles counted, and it needs enough tiles that a product of matrices over
 * them fills its own tiles. What must be saved is a trait of the adapter (`winograd`).
 */
import {
  type Attributes,
  type DeviceProfile,
  type Dispatch,
  InfnetError,
  type LowerContext,
  type Precision,
} from '@infnet/core';
import type { WinogradWorth } from '@infnet/core/kernels';
import { winogradWeightOperator } from '../operator/winograd-weight.js';
import type { GatherAlgorithm, GatherWork } from './algorithm.js';
import type { Epilogue } from './epilogue.js';
import type { Gather } from './gather.js';
import { epilogueOperands } from './one-dispatch.js';
import {
  fitsWinograd,
  type WinogradTile,
  winogradInputCall,
  winogradOutputCall,
  winogradProductCall,
  winogradSizes,
  winogradWeightCall,
} from './winograd-calls.js';

function winograd(tile: WinogradTile): GatherAlgorithm {
  const name = `winograd${tile}` as const;
  const attributes: Attributes = { tile };
  return {
    name,
    fits: ({ gather, device, precision }) =>
      fitsWinograd(gather) && fitsMemory(tile, gather, device) && (tile === 2 || precision !== 'exact'),
    suits: ({ gather, device, precision }) => chooseWinograd(gather, device, precision) === tile,
    tiles: () => [undefined],
    hasTile: () => false,
    transform: { operator: winogradWeightOperator, attributes },
    // Its transform reads a value 2.25 times, that of F(2 x 2) 4 times.
    readsOnce: tile === 4,
    dispatches: (work, context) => {
      if (fitsWinograd(work.gather)) return winogradDispatches(tile, work, context);
      throw new InfnetError({
        code: 'KERNEL_UNAVAILABLE',
        message: `${name} computes 3 x 3 convolutions of stride 1, dilation 1 and one group only`,
        fix: 'Leave the choice of the algorithm to infnet.',
      });
    },
  };
}

export const winograd2: GatherAlgorithm = winograd(2);
export const winograd4: GatherAlgorithm = winograd(4);

function winogradDispatches(
  tile: WinogradTile,
  { gather, views, epilogue }: GatherWork,
  { device, scratch }: Pick<LowerContext, 'device' | 'scratch'>,
): Dispatch[] {
  const { x, weight, y, addend, transformedWeight, residual } = views;
  const sizes = winogradSizes(gather, tile);
  const full: Epilogue = { ...epilogue, affineOffset: views.affine?.offset ?? 0, residual };
  const u = transformedWeight ?? scratch(sizes.weights, 'winograd weights');
  const v = scratch(sizes.sources, 'winograd source');
  const p = scratch(sizes.products, 'winograd products');
  const transform = { ...winogradWeightCall(gather, tile), operands: { weight, u } };
  return [
    ...(transformedWeight === undefined ? [transform] : []),
    { ...winogradInputCall(gather, tile, { x, addend }), operands: { x, v, ...(addend && { addend }) } },
    { ...winogradProductCall(gather, tile, device), operands: { weight: u, x: v, y: p } },
    { ...winogradOutputCall(gather, tile, { ...full, y }), operands: { p, y, ...epilogueOperands(views, full) } },
  ];
}

/** Fewest channels on either side, whatever the adapter. */
const FEWEST_CHANNELS = 16;

/** The tile of Winograd's convolution that does this product best, or undefined where the plain product does. */
function chooseWinograd(gather: Gather, device: DeviceProfile, precision: Precision): WinogradTile | undefined {
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
function fitsMemory(tile: WinogradTile, gather: Gather, { limits }: DeviceProfile): boolean {
  const { sources, products } = winogradSizes(gather, tile);
  return 4 * Math.max(sources, products) <= Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}
