/**
 * Winograd's convolution F(m x m, 3 x 3) for stride 1: result tiles of m x m pixels from source tiles of (m + 2)^2.
 *
 *   Y = A^T [ sum over channels (G g G^T) * (B^T d B) ] A        (* elementwise; Lavin and Gray, arXiv 1509.09308)
 *
 * The elementwise products of all tiles and channels are (m + 2)^2 products of matrices, done by the same kernels as
 * any other convolution. Per result F(2 x 2) multiplies 4 times and F(4 x 4) 2.25 times instead of 9; its transforms
 * cost precision: about 2e-7 and 4e-6 of the largest value, so only F(2 x 2) is used at precision `exact`.
 */
import type { DeviceProfile } from '@infnet/core';
import { dispatchLine, type Kernel, type KernelCall, type OperandRange } from '@infnet/core/kernels';
import inputSource from '../kernels/winograd-input.wgsl';
import outputSource from '../kernels/winograd-output.wgsl';
import weightSource from '../kernels/winograd-weight.wgsl';
import { gatherCall } from './call.js';
import { type Epilogue, epilogueFields } from './epilogue.js';
import { batchedProduct, type Gather } from './gather.js';
import { gemm } from './gemm.js';
import { PRODUCTS } from './products.js';

export const winogradWeightKernel: Kernel = { name: 'conv/winograd-weight', source: weightSource };
export const winogradInputKernel: Kernel = { name: 'conv/winograd-input', source: inputSource };
export const winogradOutputKernel: Kernel = { name: 'conv/winograd-output', source: outputSource };

/** Side of a result tile. */
export type WinogradTile = 2 | 4;

/** Sizes of a Winograd convolution; the scratch tensors' sizes count elements. */
export interface WinogradSizes {
  readonly tileRows: number;
  readonly tileColumns: number;
  /** Tiles of all images. */
  readonly tiles: number;
  /** Transformed weights, [(m + 2)^2, oc, ic]. */
  readonly weights: number;
  /** Transformed source, [(m + 2)^2, ic, tiles]. */
  readonly sources: number;
  /** Products, [(m + 2)^2, oc, tiles]. */
  readonly products: number;
}

const LINE = 32;

/** Whether a gathering product is a 3 x 3 convolution of stride 1, dilation 1 and one group. */
export function fitsWinograd({ kernel, sourceStride, resultStride, tapStep, groups }: Gather): boolean {
  const ones = [...sourceStride, ...resultStride, ...tapStep, groups];
  return kernel[0] === 3 && kernel[1] === 3 && ones.every((value) => value === 1);
}

export function winogradSizes(
  { batch, resultSize, inChannels, outChannels }: Gather,
  tile: WinogradTile,
): WinogradSizes {
  const tileRows = Math.ceil(resultSize[0] / tile);
  const tileColumns = Math.ceil(resultSize[1] / tile);
  const tiles = batch * tileRows * tileColumns;
  const positions = (tile + 2) ** 2;
  return {
    tileRows,
    tileColumns,
    tiles,
    weights: positions * outChannels * inChannels,
    sources: positions * inChannels * tiles,
    products: positions * outChannels * tiles,
  };
}

/** Transforms weights: bindings `weight`, `u`. */
export function winogradWeightCall({ inChannels, outChannels, weight }: Gather, tile: WinogradTile): KernelCall {
  const count = inChannels * outChannels;
  const positions = (tile + 2) ** 2;
  return {
    kernel: winogradWeightKernel,
    constants: { TILE: tile },
    params: {
      inChannels,
      outChannels,
      weightOffset: weight.offset,
      weightOutStride: weight.out,
      weightInStride: weight.in,
      weightTapStrideY: weight.tapY,
      weightTapStrideX: weight.tapX,
      count,
    },
    workgroups: dispatchLine(Math.ceil(count / LINE)),
    flops: count * (tile + 5) * (tile === 2 ? 5 : 12),
    bytes: 4 * count * (9 + positions),
  };
}

/** Transforms the source: bindings `x`, `addend` if there is one, `v`. */
export function winogradInputCall(
  gather: Gather,
  tile: WinogradTile,
  operands: { readonly x: OperandRange; readonly addend?: OperandRange | undefined },
): KernelCall {
  const { x, addend } = operands;
  const { tileRows, tileColumns, tiles, sources } = winogradSizes(gather, tile);
  const { inChannels, sourceSize, tapStart, batch } = gather;
  const count = inChannels * tiles;
  return {
    kernel: winogradInputKernel,
    constants: { TILE: tile, ADDEND: Number(addend !== undefined) },
    params: {
      channels: inChannels,
      sourceHeight: sourceSize[0],
      sourceWidth: sourceSize[1],
      startY: tapStart[0],
      startX: tapStart[1],
      tileRows,
      tileColumns,
      tiles,
      count,
      xOffset: x.offset,
      xBatchStride: x.batchStride,
      addendOffset: addend?.offset ?? 0,
      addendBatchStride: addend?.batchStride ?? 0,
    },
    workgroups: dispatchLine(Math.ceil(count / LINE)),
    flops: count * 2 * (tile + 2) * (tile === 2 ? 4 : 14),
    bytes: 4 * (batch * inChannels * sourceSize[0] * sourceSize[1] * (addend === undefined ? 1 : 2) + sources),
  };
}

/** The products of all positions: bindings `weight` (transformed), `x` (transformed), `y`. */
export function winogradProductCall(gather: Gather, tile: WinogradTile, device: DeviceProfile): KernelCall {
  const { inChannels, outChannels } = gather;
  const { tiles, weights, sources, products } = winogradSizes(gather, tile);
  const product = batchedProduct((tile + 2) ** 2, outChannels, inChannels, tiles);
  const range = { offset: 0, batchStride: 0 };
  const work = { flops: 2 * products * inChannels, bytes: 4 * (weights + sources + products) };
  const problem = { gather: product, device, precision: 'exact', rounded: false } as const;
  const algorithm = PRODUCTS.findLast((each) => each.fits(problem) && each.suits(problem)) ?? gemm;
  return gatherCall({ algorithm }, product, { x: range, y: range }, device, work);
}

/** Transforms the products back and finishes: bindings `p`, `y`, and those of the epilogue. */
export function winogradOutputCall(
  gather: Gather,
  tile: WinogradTile,
  operands: Epilogue & { readonly y: OperandRange },
): KernelCall {
  const { tileRows, tileColumns, tiles, products } = winogradSizes(gather, tile);
  const { outChannels, resultSize, batch } = gather;
  const { constants, params } = epilogueFields(operands);
  const count = outChannels * tiles;
  const values = batch * outChannels * resultSize[0] * resultSize[1];
  return {
    kernel: winogradOutputKernel,
    constants: { TILE: tile, ...constants },
    params: {
      ...params,
      channels: outChannels,
      resultHeight: resultSize[0],
      resultWidth: resultSize[1],
      tileRows,
      tileColumns,
      tiles,
      count,
      yOffset: operands.y.offset,
      yBatchStride: operands.y.batchStride,
    },
    workgroups: dispatchLine(Math.ceil(count / LINE)),
    flops: count * (2 * tile + 2) * (tile === 2 ? 4 : 12) + 2 * values,
    bytes: 4 * (products + values * (operands.residual === undefined ? 1 : 2)),
  };
}
