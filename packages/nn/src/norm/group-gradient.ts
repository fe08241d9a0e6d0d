/**
 * The dispatches of the gradient of group and instance norm: sums of planes, sums of groups, one pass over the input.
 */
import { type Dispatch, dispatch, elementCount, type LowerContext, type View } from '@infnet/core';
import { type Kernel, type KernelCall, lineCall, rangeParams, sizedCall, vectorWidth } from '@infnet/core/kernels';
import { batchNormGradientSumsKernel } from '../batch-norm/gradient-calls.js';
import { mergedSums } from '../batch-norm/merged-sums.js';
import { activationConstants, activationParams, type Slope } from './activation.js';
import gradientSource from './group-gradient.wgsl';
import sumsSource from './group-sums.wgsl';
import type { Grouping } from './grouping.js';
import { partsOf } from './statistics.js';

export const groupSumsKernel: Kernel = { name: 'nn/group-sums', source: sumsSource };
export const groupGradientKernel: Kernel = { name: 'nn/group-gradient', source: gradientSource };

const WHERE = 'the gradient of a norm';
const TILE = 4;

/** What every gradient of a norm reads and writes. */
export interface NormGradientViews {
  readonly g: View;
  readonly x: View;
  readonly weight?: View | undefined;
  /** [3, groups]. */
  readonly statistics: View;
  /** The result of the activation whose gradient g is. */
  readonly mask?: View | undefined;
  readonly d?: View | undefined;
  /** Both or none. */
  readonly ofWeight?: View | undefined;
  readonly ofBias?: View | undefined;
}

/** MASK, LEAKY, and the slope: what of g counts. */
export function maskOf(mask: View | undefined, slope: Slope): { constants: Record<string, number>; params: object } {
  if (mask === undefined) return { constants: { MASK: 0, LEAKY: 0 }, params: {} };
  const { LEAKY } = activationConstants(slope);
  return { constants: { MASK: 1, LEAKY }, params: activationParams(slope, WHERE) };
}

/** @see group-sums.wgsl, group-gradient.wgsl */
export function lowerGroupGradient(
  views: NormGradientViews,
  grouping: Grouping,
  slope: Slope,
  context: Pick<LowerContext, 'scratch' | 'device'>,
): readonly Dispatch[] {
  const { batch, channels, area, groups } = grouping;
  const planes = batch * channels;
  const sums = context.scratch(2 * planes + 5 * groups, 'sums of planes and groups');
  const parts = partsOf(planes, area, context.device);
  const write = gradient(views, sums, grouping, slope);
  if (parts === 1) return [groupSums(views, sums, grouping, slope), write];
  const found = context.scratch(2 * planes * parts, 'sums');
  const merged = mergedSums(planes, parts, found, context);
  const ofParts = { view: merged.sums, count: merged.parts };
  return [
    planeSums(views, found, grouping, parts, slope),
    ...merged.dispatches,
    groupSums(views, sums, grouping, slope, ofParts),
    write,
  ];
}

/** Sums of g and g h of every plane, in parts. */
function planeSums(
  { x, g, mask, statistics }: NormGradientViews,
  sums: View,
  grouping: Grouping,
  parts: number,
  slope: Slope,
): Dispatch {
  const { batch, channels, area, groups, perItem } = grouping;
  const { constants, params } = maskOf(mask, slope);
  const shape = x.type.shape;
  const values = elementCount(shape);
  const call = lineCall(batchNormGradientSumsKernel, {
    constants: { BATCH: 1, GROUPED: 1, FINAL: 0, ...constants },
    params: {
      ...rangeParams({ x, g, mask }),
      ...params,
      area,
      total: area,
      parts,
      items: 0,
      rest: 0,
      statisticsOffset: statistics.offset,
      channels,
      groups,
      perGroup: channels / perItem,
    },
    invocations: batch * channels * parts,
    flops: 4 * values,
    values: (2 + (constants['MASK'] as number)) * values + 2 * batch * channels * parts,
  });
  return dispatch(sized(call, { x, g, mask }, { statistics: statistics.offset + 3 * groups }), {
    x,
    g,
    mask,
    statistics,
    sums,
  });
}

/** Sums of every plane, and what the gradient needs of every group: of x and g, or of parts of the planes' sums. */
function groupSums(
  { x, g, mask, weight, statistics }: NormGradientViews,
  sums: View,
  grouping: Grouping,
  slope: Slope,
  parts?: { readonly view: View; readonly count: number },
): Dispatch {
  const { batch, channels, area, groups, perItem } = grouping;
  const { constants, params } = parts === undefined ? maskOf(mask, slope) : maskOf(undefined, slope);
  const planes = batch * channels;
  const values = elementCount(x.type.shape);
  const read = parts === undefined ? (2 + (constants['MASK'] as number)) * values : 2 * planes * parts.count;
  const call = lineCall(groupSumsKernel, {
    constants: { FROM: Number(parts !== undefined), WEIGHT: Number(weight !== undefined), ...constants },
    params: {
      ...(parts === undefined ? rangeParams({ x, g, mask }) : { parts: parts.count }),
      ...params,
      statisticsOffset: statistics.offset,
      ...(weight && { weightOffset: weight.offset }),
      area,
      perItem,
      perGroup: channels / perItem,
      groups,
    },
    invocations: groups,
    flops: parts === undefined ? 4 * values : 2 * planes * parts.count,
    values: read + 2 * planes + 8 * groups + (weight === undefined ? 0 : channels),
  });
  const elements = { statistics: statistics.offset + 3 * groups, ...(weight && { weight: weight.offset + channels }) };
  if (parts === undefined)
    return dispatch(sized(call, { x, g, mask }, elements), { x, g, mask, weight, statistics, sums });
  return dispatch(sized(call, {}, elements), { parts: parts.view, weight, statistics, sums });
}

function gradient(views: NormGradientViews, sums: View, grouping: Grouping, slope: Slope): Dispatch {
  const { d, ofWeight, ofBias } = views;
  const { batch, channels, area, groups, perItem } = grouping;
  const [ofInput, ofParameters] = [d !== undefined, ofWeight !== undefined && ofBias !== undefined];
  const { x, g, weight, mask } = ofInput ? views : ({} as Partial<NormGradientViews>);
  const { constants, params } = maskOf(mask, slope);
  const ranges = [x, g, d, mask].flatMap((view) => (view === undefined ? [] : [view]));
  const vector = vectorWidth(area, ...ranges);
  const span = Math.ceil(area / vector / TILE);
  const tiles = ofInput ? batch * channels * span : 0;
  const values = batch * channels * area;
  const ofD = {
    ...rangeParams({ x, g, d, mask }),
    ...(weight && { weightOffset: weight.offset }),
    area,
    span,
    perGroup: channels / perItem,
  };
  const ofOthers = { ofBiasOffset: ofBias?.offset ?? 0, ofWeightOffset: ofWeight?.offset ?? 0 };
  const call = lineCall(groupGradientKernel, {
    constants: {
      INPUT: Number(ofInput),
      PARAMETERS: Number(ofParameters),
      WEIGHT: Number(weight !== undefined),
      VECTOR: vector,
      TILE,
      ...constants,
    },
    params: { ...(ofInput && ofD), ...(ofParameters && ofOthers), ...params, batch, channels, tiles },
    invocations: tiles + (ofParameters ? channels : 0),
    flops: (ofInput ? 5 * values : 0) + (ofParameters ? 2 * batch * channels : 0),
    values: ranges.length * values + 2 * batch * channels + 5 * groups + (ofParameters ? 2 * channels : 0),
  });
  const elements = {
    ...(weight && { weight: weight.offset + channels }),
    ofBias: ofOthers.ofBiasOffset + channels,
    ofWeight: ofOthers.ofWeightOffset + channels,
  };
  return dispatch(sized(call, { x, g, mask, d }, elements), { sums, x, g, mask, weight, d, ofBias, ofWeight });
}

/** The call with the elements that its bindings need: of views in their ranges, and as given. */
export function sized(
  call: KernelCall,
  views: Readonly<Record<string, View | undefined>>,
  elements: Readonly<Record<string, number>>,
): KernelCall {
  const ranges = Object.entries(views).flatMap(([name, view]) =>
    view === undefined ? [] : [[name, [view.type.shape, view] as const] as const],
  );
  return sizedCall(WHERE, call, { ...Object.fromEntries(ranges), ...elements });
}
