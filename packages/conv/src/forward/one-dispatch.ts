/** Algorithms that are one dispatch of one kernel. */
import type { Dispatch, View } from '@infnet/core';
import type { ConvolutionViews, KernelAlgorithm } from './algorithm.js';
import { gatherCall } from './call.js';
import type { Epilogue } from './epilogue.js';

/** What the file of a kernel says of it; the rest is alike for all. */
export function oneDispatch(own: Omit<KernelAlgorithm, 'dispatches'>): KernelAlgorithm {
  const algorithm: KernelAlgorithm = {
    ...own,
    dispatches: ({ gather, views, epilogue, work }, { device }, tile): Dispatch[] => {
      const { x, weight, y, addend } = views;
      const xInOutput = x.storage === y.storage;
      const addendInOutput = addend?.storage === y.storage;
      const full: Epilogue = { ...epilogue, affineOffset: views.affine?.offset ?? 0, residual: views.residual };
      const halfWeights = weight.type.dtype === 'f16';
      const given = { ...full, x, y, addend, xInOutput, addendInOutput, halfWeights };
      const call = gatherCall({ algorithm, tile }, gather, given, device, work);
      const operands: Record<string, View> = { weight, y, ...epilogueOperands(views, full) };
      if (!xInOutput) operands['x'] = x;
      if (addend !== undefined && !addendInOutput) operands['addend'] = addend;
      return [{ ...call, operands }];
    },
  };
  return algorithm;
}

/** The operands that an epilogue binds. */
export function epilogueOperands(views: ConvolutionViews, { affine = 'none' }: Epilogue): Record<string, View> {
  const operands: Record<string, View> = {};
  if (affine !== 'none' && views.affine !== undefined) operands[affine === 'bias' ? 'bias' : 'affine'] = views.affine;
  if (views.residual !== undefined) operands['residual'] = views.residual;
  return operands;
}
