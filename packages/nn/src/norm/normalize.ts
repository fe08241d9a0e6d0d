/** The dispatch that normalises groups with known statistics, on batch norm's kernel. */
import { type Dispatch, dispatch, elementCount, type View } from '@infnet/core';
import { lineCall, rangeParams, sizedCall, vectorWidth } from '@infnet/core/kernels';
import { normalizeKernel } from '../batch-norm/normalize.js';
import { activationConstants, activationParams, type Slope } from './activation.js';
import type { Grouping } from './grouping.js';

const TILE = 4;

export interface NormalizeViews {
  readonly x: View;
  readonly weight?: View | undefined;
  readonly bias?: View | undefined;
  /** [3, groups]. */
  readonly statistics: View;
  readonly residual?: View | undefined;
  readonly y: View;
}

/**
 * y = activation((x - mean) i weight + bias + residual): one pass over x, whose groups are planes or several of them.
 */
export function lowerNormalize(views: NormalizeViews, grouping: Grouping, slope: Slope): Dispatch {
  const { x, weight, bias, statistics, residual, y } = views;
  const { kind, batch, channels, area, groups, perItem, weightShape } = grouping;
  const eachWeight = kind === 'rows';
  const shape = x.type.shape;
  const vector = vectorWidth(
    area,
    ...[x, y, residual].flatMap((view) => (view === undefined ? [] : [view])),
    ...(eachWeight ? [weight?.offset ?? 0, bias?.offset ?? 0] : []),
  );
  const span = Math.ceil(area / vector / TILE);
  const values = elementCount(shape);
  const figures = elementCount(weightShape);
  const [weighted, biased, adds] = [
    Number(weight !== undefined),
    Number(bias !== undefined),
    Number(residual !== undefined),
  ];
  const call = lineCall(normalizeKernel, {
    constants: {
      VECTOR: vector,
      TILE,
      BATCH: 1,
      GROUPED: 1,
      EACH_WEIGHT: Number(eachWeight),
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
      channels,
      area,
      span,
      groups,
      perGroup: kind === 'planes' ? channels / perItem : 1,
      ...activationParams(slope, 'a norm'),
    },
    invocations: batch * channels * span,
    flops: values * (2 + weighted + biased + adds + Number(slope !== undefined)),
    values: (2 + adds) * values + (weighted + biased) * figures + 3 * groups,
  });
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
