/** A gathering product as dispatches over views: one, or the passes of Winograd's convolution. */
import { type Dispatch, InfnetError, type KernelCall, type LowerContext, type View } from '@infnet/core';
import { type ConvolutionAlgorithm, chooseProductKernel, winogradTileOf } from './algorithm.js';
import { type Epilogue, gatherCall } from './call.js';
import type { Gather } from './gather.js';
import {
  fitsWinograd,
  type WinogradTile,
  winogradInputCall,
  winogradOutputCall,
  winogradProductCall,
  winogradSizes,
  winogradWeightCall,
} from './winograd.js';

/**
 * The operands of a convolution by name. `affine` holds a bias [oc] or scale and shift [2, oc], as the epilogue says.
 */
export interface ConvolutionViews {
  readonly x: View;
  readonly weight: View;
  readonly y: View;
  readonly affine?: View | undefined;
  readonly residual?: View | undefined;
  readonly addend?: View | undefined;
  /** Weights already transformed for Winograd. */
  readonly transformedWeight?: View | undefined;
}

/** Dispatches of a gathering product by the given algorithm. */
export function gatherDispatches(
  algorithm: ConvolutionAlgorithm,
  gather: Gather,
  views: ConvolutionViews,
  epilogue: Pick<Epilogue, 'affine' | 'relu'>,
  work: Pick<KernelCall, 'flops' | 'bytes'>,
  context: Pick<LowerContext, 'device' | 'scratch'>,
): Dispatch[] {
  const tile = winogradTileOf(algorithm);
  if (tile !== undefined && !fitsWinograd(gather)) {
    throw new InfnetError({
      code: 'KERNEL_UNAVAILABLE',
      message: `${algorithm} computes 3 x 3 convolutions of stride 1, dilation 1 and one group only`,
      fix: 'Leave the choice of the algorithm to infnet.',
    });
  }
  if (tile !== undefined) return winogradDispatches(tile, gather, views, epilogue, context);
  const { x, weight, y, addend } = views;
  const xInOutput = x.storage === y.storage;
  const addendInOutput = addend?.storage === y.storage;
  const full: Epilogue = { ...epilogue, affineOffset: views.affine?.offset ?? 0, residual: views.residual };
  const call = gatherCall(
    algorithm as Exclude<ConvolutionAlgorithm, 'winograd2' | 'winograd4'>,
    gather,
    { ...full, x, y, addend, xInOutput, addendInOutput, halfWeights: weight.type.dtype === 'f16' },
    context.device,
    work,
  );
  const operands: Record<string, View> = { weight, y, ...epilogueOperands(views, full) };
  if (!xInOutput) operands['x'] = x;
  if (addend !== undefined && !addendInOutput) operands['addend'] = addend;
  return [{ ...call, operands }];
}

function winogradDispatches(
  tile: WinogradTile,
  gather: Gather,
  views: ConvolutionViews,
  epilogue: Pick<Epilogue, 'affine' | 'relu'>,
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
    { ...winogradProductCall(gather, tile, chooseProductKernel(device), device), operands: { weight: u, x: v, y: p } },
    { ...winogradOutputCall(gather, tile, { ...full, y }), operands: { p, y, ...epilogueOperands(views, full) } },
  ];
}

function epilogueOperands(views: ConvolutionViews, { affine = 'none' }: Epilogue): Record<string, View> {
  const operands: Record<string, View> = {};
  if (affine !== 'none' && views.affine !== undefined) operands[affine === 'bias' ? 'bias' : 'affine'] = views.affine;
  if (views.residual !== undefined) operands['residual'] = views.residual;
  return operands;
}
