/**
 * Dropout: values, channels or whole batch items become 0, others are scaled up. No mask is kept: it follows from the
 * step's key and the operator's place (see core's random.ts), and the backward pass draws it again.
 */
import {
  applyOne,
  checkNames,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  imageShape,
  type NamedOperator,
  nextRandom,
  requireBetween,
  requireInteger,
  requireShape,
  requireSizes,
  requireType,
  type Shape,
  type Tensor,
} from '@infnet/core';
import {
  itemSize,
  type Kernel,
  type KernelCall,
  lineCall,
  type OperandRange,
  rangeParams,
  sizedCall,
  wholeRange,
} from '@infnet/core/kernels';
import source from './dropout.wgsl';

export const dropoutKernel: Kernel = { name: 'nn/dropout', source };

/** Values per invocation. */
const TILE = 4;

export type DropoutAttributes = {
  /** The share that is dropped, 0 to 1. */
  readonly rate: number;
  /** Values in a row that are kept or dropped together. */
  readonly span: number;
  /** Whether what is kept is divided by the share that is kept. */
  readonly scaled: boolean;
  /** Which of the random operators of the trace it is. */
  readonly place: number;
};

export interface DropoutCallOptions extends DropoutAttributes {
  /** Shape of x and y. The first dimension is the batch. */
  readonly shape: Shape;
  /** Where operands lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly key?: OperandRange;
  readonly y?: OperandRange;
}

const KEY = [3] as const;

/**
 * One dispatch of `nn/dropout`; bindings x, key (u32: seed, step, batch), y.
 *
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE` for options that cannot be.
 */
export function dropoutCall(options: DropoutCallOptions): KernelCall {
  const own = { rate: 'number', span: 'size', scaled: 'flag', place: 'count' } as const;
  checkOptions('dropoutCall', options, { shape: 'shape', ...own, 'x?': 'range', 'key?': 'range', 'y?': 'range' });
  const { shape, rate, span, scaled, place } = options;
  const { x = wholeRange(shape), key = wholeRange(KEY), y = wholeRange(shape) } = options;
  requireSizes('dropoutCall', shape);
  requireBetween(rate, 0, 1, 'the rate', 'dropoutCall');
  const total = elementCount(shape);
  const call = lineCall(dropoutKernel, {
    params: {
      ...rangeParams({ x, y }),
      keyOffset: key.offset,
      item: itemSize(shape),
      total,
      span,
      place,
      threshold: Math.min(2 ** 32 - 1, Math.floor(rate * 2 ** 32)),
      scale: rate === 1 ? 0 : scaled ? 1 / (1 - rate) : 1,
    },
    invocations: Math.ceil(total / TILE),
    flops: total,
    values: 2 * total,
  });
  return sizedCall('dropoutCall', call, { x: [shape, x], key: [KEY, key], y: [shape, y] });
}

/** Its gradient is itself, with the same mask. */
export const dropoutOperator: NamedOperator<readonly ['x', 'key'], readonly ['y'], DropoutAttributes> = defineOperator({
  name: 'dropout',
  inputs: ['x', 'key'],
  outputs: ['y'],
  infer({ x, key }, { rate, span, place }, where) {
    requireType(x, 'f32', 'the input', where);
    requireType(key, 'u32', 'the random key', where);
    requireShape(key.shape, KEY, 'the random key', where);
    requireBetween(rate, 0, 1, 'the rate', where);
    requireInteger(span, 1, 'the span', where);
    requireInteger(place, 0, 'the place', where);
    return { y: x };
  },
  lower: ({ inputs: { x, key }, outputs: { y }, attributes }) => [
    dispatch(dropoutCall({ ...attributes, shape: y.type.shape, x, key, y }), { x, key, y }),
  ],
  gradient: ({ inputs: { key }, outputGradients: { y: g }, attributes }) => ({
    x: applyOne(dropoutOperator, [g, key], attributes),
  }),
});

/**
 * Every value is 0 with probability `p`, the others are divided by 1 - p. For training: in inference leave it out, as
 * the module `Dropout` does. Each call in a trace has a mask of its own.
 *
 * @throws InfnetError `SHAPE_ATTRIBUTE` for a probability outside of 0 to 1, `SHAPE_DTYPE`.
 */
export function dropout(x: Tensor, p = 0.5): Tensor {
  return drop(x, p, 1, 'dropout');
}

/** Whole channels of x [N, C, H, W] become 0. @throws InfnetError as {@link dropout}, `SHAPE_RANK`. */
export function dropout2d(x: Tensor, p = 0.5): Tensor {
  const [, , height, width] = imageShape(x.type, 'the input', x.graph.scope || 'dropout2d');
  return drop(x, p, height * width, 'dropout2d');
}

/**
 * Whole batch items become 0: stochastic depth, for the branch of a residual block. `scaleByKeep` false leaves the
 * others as they are.
 *
 * @throws InfnetError as {@link dropout}, `OPTION_UNKNOWN`.
 */
export function dropPath(x: Tensor, p = 0, options: DropPathOptions = {}): Tensor {
  checkNames('dropPath', options, ['scaleByKeep']);
  return drop(x, p, itemSize(x.shape), 'dropPath', options.scaleByKeep);
}

export interface DropPathOptions {
  /** Default true. */
  readonly scaleByKeep?: boolean;
}

function drop(x: Tensor, rate: number, span: number, name: string, scaled = true): Tensor {
  checkRate(rate, x.graph.scope || name);
  if (rate === 0) return x;
  const { key, place } = nextRandom(x.graph);
  return applyOne(dropoutOperator, [x, key], { rate, span, scaled, place });
}

/** @throws InfnetError `SHAPE_ATTRIBUTE`. */
export function checkRate(rate: number, where: string): void {
  requireBetween(rate, 0, 1, 'the probability', where);
}
