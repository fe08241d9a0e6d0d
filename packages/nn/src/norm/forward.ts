/**
 * The dispatches of a norm: one where a workgroup, or an invocation for each position, can make a whole group; else its
 * statistics in parts, and a pass over x.
 */
import {
  checkNames,
  checkOptions,
  type Dispatch,
  dispatch,
  elementCount,
  type LowerContext,
  MOST_EPS,
  requireBetween,
  type Shape,
} from '@infnet/core';
import {
  dispatchLine,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
import { channelParts } from '../batch-norm/statistics.js';
import { activationConstants, activationParams, type Slope } from './activation.js';
import { type Grouping, groupingOf, type NormOver } from './grouping.js';
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
  const ranges = { x, y, ...(residual && { residual }) };
  const offsets = { weight: weight?.offset, bias: bias?.offset, statistics: statistics.offset };
  return dispatch(wholeCall(x.type.shape, grouping, ranges, offsets, eps, slope), {
    x,
    y,
    statistics,
    weight,
    bias,
    residual,
  });
}

export interface NormCallOptions {
  /** [N, ...] of x and y. */
  readonly shape: Shape;
  /** What is normalised together: `{ groups }` of channels, the dimensions from `{ axis }` on, or `'channels'`. */
  readonly over: NormOver;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Of the activation that follows: of relu 0, of leakyRelu its slope. Default: none follows. */
  readonly slope?: number;
  /** Where x, y and a tensor of x's shape that is added to the result lie. Default: from the first element on; none. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
  readonly residual?: OperandRange;
  /** First elements of what there is of weight and bias, and of the statistics. Default: none of the two; 0. */
  readonly offsets?: { readonly weight?: number; readonly bias?: number; readonly statistics?: number };
}

/**
 * One dispatch of `nn/norm`: activation(norm(x) + residual), what of it there is. Bindings x, y, statistics
 * [3, groups], written, and what there is of weight, bias and residual.
 *
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function normCall(options: NormCallOptions): KernelCall {
  const where = 'normCall';
  checkOptions(where, options, {
    shape: 'maps',
    over: 'any',
    'eps?': 'number',
    'slope?': 'number',
    'x?': 'range',
    'y?': 'range',
    'residual?': 'range',
    'offsets?': { 'weight?': 'count', 'bias?': 'count', 'statistics?': 'count' },
  });
  const { shape, over, eps = 1e-5, slope, residual, offsets = {} } = options;
  if (typeof over === 'object') checkNames(where, over, ['groups', 'axis']);
  requireBetween(eps, 0, MOST_EPS, 'epsilon', where);
  const ranges = {
    x: options.x ?? wholeRange(shape),
    y: options.y ?? wholeRange(shape),
    ...(residual && { residual }),
  };
  const { weight, bias, statistics = 0 } = offsets;
  return wholeCall(shape, groupingOf(shape, over, where), ranges, { weight, bias, statistics }, eps, slope);
}

function wholeCall(
  shape: Shape,
  grouping: Grouping,
  ranges: Readonly<Record<'x' | 'y', OperandRange>> & { readonly residual?: OperandRange },
  {
    weight,
    bias,
    statistics,
  }: Readonly<Record<'weight' | 'bias', number | undefined>> & { readonly statistics: number },
  eps: number,
  slope: Slope,
): KernelCall {
  const { kind, area, perItem, groups, size, groupStep, valueStep, weightShape } = grouping;
  const alone = kind === 'positions';
  const [weighted, biased] = [Number(weight !== undefined), Number(bias !== undefined)];
  const adds = Number(ranges.residual !== undefined);
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
      ...rangeParams(ranges),
      ...(weight !== undefined && { weightOffset: weight }),
      ...(bias !== undefined && { biasOffset: bias }),
      statisticsOffset: statistics,
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
  return sizedCall('a norm', call, {
    x: [shape, ranges.x],
    y: [shape, ranges.y],
    ...(ranges.residual && { residual: [shape, ranges.residual] }),
    weight: (weight ?? 0) + figures,
    bias: (bias ?? 0) + figures,
    statistics: statistics + 3 * groups,
  });
}
