/** The call that normalises with known statistics. */
import { checkOptions, elementCount, MOST_EPS, requireBetween, type Shape } from '@infnet/core';
import {
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  vectorWidth,
  wholeRange,
} from '@infnet/core/kernels';
import source from './normalize.wgsl';

export const normalizeKernel: Kernel = { name: 'nn/batch-norm', source };

const TILE = 4;

/** Where the figures of the channels start in their buffers, in elements. Default 0 each. */
export interface ChannelOffsets {
  readonly weight?: number;
  readonly bias?: number;
  readonly mean?: number;
  readonly variance?: number;
  readonly statistics?: number;
}

export interface BatchNorm2dCallOptions {
  /** [N, C, ...] of x and y. */
  readonly shape: Shape;
  readonly eps?: number;
  /** The batch's own statistics, bound as `statistics` [3, C] in place of mean and variance. Default false. */
  readonly batch?: boolean;
  /** Where a tensor of x's shape lies that is added to the result. Default: none. */
  readonly residual?: OperandRange | undefined;
  /** Apply relu to the result. Default false. */
  readonly relu?: boolean;
  /** Where x and y lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
  readonly offsets?: ChannelOffsets;
}

const OFFSETS = {
  'weight?': 'count',
  'bias?': 'count',
  'mean?': 'count',
  'variance?': 'count',
  'statistics?': 'count',
} as const;

/**
 * One dispatch of `nn/batch-norm`: relu(batchNorm(x) + residual), the last two if asked for. Bindings x, weight, bias,
 * mean and variance (or statistics), y, and residual if there is one.
 *
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function batchNorm2dCall(options: BatchNorm2dCallOptions): KernelCall {
  const flags = { 'batch?': 'flag', 'relu?': 'flag' } as const;
  const ranges = { 'x?': 'range', 'y?': 'range', 'residual?': 'range' } as const;
  checkOptions('batchNorm2dCall', options, {
    shape: 'maps',
    'eps?': 'number',
    ...flags,
    ...ranges,
    'offsets?': OFFSETS,
  });
  const { shape, eps = 1e-5, batch = false, residual, relu = false, offsets = {} } = options;
  const { x = wholeRange(shape), y = wholeRange(shape) } = options;
  requireBetween(eps, 0, MOST_EPS, 'epsilon', 'batchNorm2dCall');
  const { area, channels, span, vector } = planeTiles(shape, residual === undefined ? [x, y] : [x, y, residual], TILE);
  const adds = Number(residual !== undefined);
  const values = elementCount(shape);
  const call = lineCall(normalizeKernel, {
    constants: { VECTOR: vector, TILE, BATCH: Number(batch), RELU: Number(relu), RESIDUAL: adds },
    params: {
      ...rangeParams({ x, y, residual }),
      weightOffset: offsets.weight ?? 0,
      biasOffset: offsets.bias ?? 0,
      channels,
      area,
      span,
      ...(batch
        ? { statisticsOffset: offsets.statistics ?? 0 }
        : { meanOffset: offsets.mean ?? 0, varianceOffset: offsets.variance ?? 0, eps }),
    },
    invocations: elementCount(shape.slice(0, 2)) * span,
    flops: values * (3 + Number(relu) + adds),
    values: (2 + adds) * values + 4 * channels,
  });
  return sizedCall('batchNorm2dCall', call, {
    x: [shape, x],
    y: [shape, y],
    ...(residual && { residual: [shape, residual] }),
    weight: (offsets.weight ?? 0) + channels,
    bias: (offsets.bias ?? 0) + channels,
    mean: (offsets.mean ?? 0) + channels,
    variance: (offsets.variance ?? 0) + channels,
    statistics: (offsets.statistics ?? 0) + 3 * channels,
  });
}

/** How planes of [N, C, ...] are cut into the tiles of invocations. */
export interface PlaneTiles {
  readonly channels: number;
  /** Values of one plane. */
  readonly area: number;
  /** Invocations per plane. */
  readonly span: number;
  readonly vector: 1 | 4;
}

export function planeTiles(shape: Shape, ranges: readonly OperandRange[], tile: number): PlaneTiles {
  const area = elementCount(shape.slice(2));
  const vector = vectorWidth(area, ...ranges);
  return { channels: shape[1] as number, area, span: Math.ceil(area / vector / tile), vector };
}
