/** The dispatches of the gradient of layer norm: one over the groups, and sums over all groups for each weight. */
import { type Dispatch, dispatch, elementCount, type LowerContext, type View } from '@infnet/core';
import { dispatchLine, type Kernel, type KernelCall, lineCall, rangeParams } from '@infnet/core/kernels';
import { batchNormGradientSumsKernel, finalSumsCall } from '../batch-norm/gradient-calls.js';
import { mergedSums } from '../batch-norm/merged-sums.js';
import type { Slope } from './activation.js';
import { maskOf, type NormGradientViews, sized } from './group-gradient.js';
import type { Grouping } from './grouping.js';
import source from './layer-gradient.wgsl';
import { partsOf } from './statistics.js';

export const layerGradientKernel: Kernel = { name: 'nn/layer-gradient', source };

/** @see layer-gradient.wgsl; the sums are those of batch norm's kernels. */
export function lowerLayerGradient(
  views: NormGradientViews,
  grouping: Grouping,
  slope: Slope,
  context: Pick<LowerContext, 'scratch' | 'device'>,
): readonly Dispatch[] {
  const { d, ofWeight, ofBias } = views;
  return [
    ...(ofWeight === undefined || ofBias === undefined
      ? []
      : sums(views, { ofWeight, ofBias }, grouping, slope, context)),
    ...(d === undefined ? [] : [inputGradient(views, d, grouping, slope)]),
  ];
}

function inputGradient(views: NormGradientViews, d: View, grouping: Grouping, slope: Slope): Dispatch {
  const { x, g, weight, mask, statistics } = views;
  const { kind, perItem, groups, size, groupStep, valueStep } = grouping;
  const { constants, params } = maskOf(mask, slope);
  const rows = kind === 'rows';
  const values = groups * size;
  const line = lineCall(layerGradientKernel, {
    constants: { ROWS: Number(rows), WEIGHT: Number(weight !== undefined), ...constants },
    params: {
      ...rangeParams({ x, g, d, mask }),
      ...(weight && { weightOffset: weight.offset }),
      ...params,
      statisticsOffset: statistics.offset,
      perItem,
      size,
      groupStep,
      valueStep,
      groups,
    },
    invocations: groups,
    flops: 9 * values,
    values: (3 + (constants['MASK'] as number)) * values + 3 * groups + (weight === undefined ? 0 : size),
  });
  const { count: _, ...rowParams } = line.params;
  const call: KernelCall = rows ? { ...line, params: rowParams, workgroups: dispatchLine(groups) } : line;
  const elements = { statistics: statistics.offset + 3 * groups, ...(weight && { weight: weight.offset + size }) };
  return dispatch(sized(call, { x, g, mask, d }, elements), { x, g, mask, d, weight, statistics });
}

/** Gradients of weight and bias: for each of them the sums of g h and of g over all groups. */
function sums(
  { x, g, mask, statistics }: NormGradientViews,
  { ofWeight, ofBias }: { readonly ofWeight: View; readonly ofBias: View },
  grouping: Grouping,
  slope: Slope,
  context: Pick<LowerContext, 'scratch' | 'device'>,
): readonly Dispatch[] {
  const { kind, perItem, groups, size, groupStep, valueStep } = grouping;
  const { constants, params } = maskOf(mask, slope);
  const values = elementCount(x.type.shape);
  const parts = partsOf(size, groups, context.device);
  const results = { first: ofBias.offset, second: ofWeight.offset };
  const whole = parts === 1;
  const call = lineCall(batchNormGradientSumsKernel, {
    constants: {
      BATCH: 1,
      GROUPED: 1,
      EACH_FIGURES: 1,
      ROWS: Number(kind === 'rows'),
      FINAL: Number(whole),
      ...constants,
    },
    params: {
      ...rangeParams({ x, g, mask }),
      ...params,
      ...(whole && { firstOffset: results.first, secondOffset: results.second }),
      area: perItem,
      total: groups,
      parts,
      items: Math.floor(parts / perItem),
      rest: parts % perItem,
      statisticsOffset: statistics.offset,
      channels: size,
      groups,
      weightStep: valueStep,
      groupStep,
    },
    invocations: size * parts,
    flops: 5 * values,
    values: (2 + (constants['MASK'] as number)) * values + 3 * groups + 2 * size * parts,
  });
  const elements = {
    statistics: statistics.offset + 3 * groups,
    sums: 2 * size * parts,
    first: results.first + size,
    second: results.second + size,
  };
  const measure = sized(call, { x, g, mask }, elements);
  const operands = { x, g, mask, statistics };
  if (whole) return [dispatch(measure, { ...operands, first: ofBias, second: ofWeight })];
  const found = context.scratch(2 * size * parts, 'sums');
  const merged = mergedSums(size, parts, found, context);
  const last = finalSumsCall(size, merged.parts, results);
  return [
    dispatch(measure, { ...operands, sums: found }),
    ...merged.dispatches,
    dispatch(last, { sums: merged.sums, first: ofBias, second: ofWeight }),
  ];
}
