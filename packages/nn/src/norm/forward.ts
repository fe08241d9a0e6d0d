/**
 * The dispatches of a norm: one where a workgroup, or an invocation for each position, can make a whole group; else its
 * statistics in parts, and a pass over x.
 */
import { type Dispatch, dispatch, elementCount, type LowerContext } from '@infnet/core';
import { dispatchLine, type Kernel, type KernelCall, lineCall, rangeParams, sizedCall } from '@infnet/core/kernels';
import { channelParts } from '../batch-norm/statistics.js';
import { activationConstants, activationParams, type Slope } from './activation.js';
import type { Grouping } from './grouping.js';
import source from './norm.wgsl';
import { lowerNormalize, type NormalizeViews } from './normalize.js';
import { lowerGroupStatistics } from './statistics.js';

export const normKernel: Kernel = { name: 'nn/norm', source };

/** Values that one workgroup makes: 256 for each of its invocations. */
const MOST = 64 * 256;

/** @param views `statistics` [3, groups] is written. */
export function lowerNorm(
  views: NormalizeViews,
  grouping: Grouping,
  { eps, slope }: { readonly eps: number; readonly slope?: Slope },
  context: Pick<LowerContext, 'scratch' | 'device'>,
): readonly Dispatch[] {
  if (isWhole(views, grouping, context)) return [wholeDispatch(views, grouping, eps, slope)];
  const { x, statistics } = views;
  return [...lowerGroupStatistics(x, statistics, grouping, eps, context), lowerNormalize(views, grouping, slope)];
}

/**
 * Where an invocation makes whole channels of batch norm because a dispatch costs more, as on CPU adapters, it makes
 * groups of that length too, and four values at a time in the second pass; longer ones are a workgroup's.
 */
function isWhole({ x }: NormalizeViews, { kind, size }: Grouping, { device }: Pick<LowerContext, 'device'>): boolean {
  if (kind === 'positions') return true;
  if (size <= device.traits.dispatchCost) return false;
  return size <= MOST || channelParts(x.type.shape, device).parts === 1;
}

function wholeDispatch(views: NormalizeViews, grouping: Grouping, eps: number, slope: Slope): Dispatch {
  const { x, weight, bias, statistics, residual, y } = views;
  const { kind, area, perItem, groups, size, groupStep, valueStep, weightShape } = grouping;
  const { shape } = x.type;
  const alone = kind === 'positions';
  const [weighted, biased, adds] = [weight, bias, residual].map((view) => Number(view !== undefined)) as [
    number,
    number,
    number,
  ];
  const values = elementCount(shape);
  const figures = elementCount(weightShape);
  const line = lineCall(normKernel, {
    constants: {
      ALONE: Number(alone),
      PLANES: Number(kind === 'planes'),
      WEIGHT: weighted,
      BIAS: biased,
      RESIDUAL: adds,
      ...activationConstants(slope),
    },
    params: {
      ...rangeParams({ x, y, residual }),
      ...(weight && { weightOffset: weight.offset }),
      ...(bias && { biasOffset: bias.offset }),
      statisticsOffset: statistics.offset,
      perItem,
      groupStep,
      valueStep,
      size,
      groups,
      ...(kind === 'planes' && { area }),
      eps,
      ...activationParams(slope, 'a norm'),
    },
    invocations: groups,
    flops: values * (8 + weighted + biased + adds + Number(slope !== undefined)),
    values: (2 + adds) * values + (weighted + biased) * figures + 3 * groups,
  });
  const { count: _, ...params } = line.params;
  const call: KernelCall = alone ? line : { ...line, params, workgroups: dispatchLine(groups) };
  const sized = sizedCall('a norm', call, {
    x: [shape, x],
    y: [shape, y],
    ...(residual && { residual: [shape, residual] }),
    ...(weight && { weight: weight.offset + figures }),
    ...(bias && { bias: bias.offset + figures }),
    statistics: statistics.offset + 3 * groups,
  });
  return dispatch(sized, { x, y, statistics, weight, bias, residual });
}
