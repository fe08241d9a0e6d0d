/** maxPool2d: the largest value of each window; the gradient goes to the first one in row-major order. */
import {
  applyOne,
  defineOperator,
  dispatch,
  elementCount,
  type ImageShape,
  imageShape,
  Module,
  type Operator,
  type Pair,
  requireShape,
  requireType,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { type Kernel, type KernelCall, type OperandRange, placedCall } from '@infnet/core/kernels';
import gradientSource from './max-pool-gradient.wgsl';
import winnerSource from './max-pool-winner.wgsl';
import { type PoolCallOptions, poolCall } from './pool.js';
import {
  checkedShape,
  checkPoolNames,
  checkWindow,
  inferPool,
  mapParams,
  type PoolAttributes,
  type PoolOptions,
  poolAttributes,
  windowParams,
} from './window.js';

export const maxPoolWinnerKernel: Kernel = { name: 'nn/max-pool-winner', source: winnerSource };
export const maxPoolGradientKernel: Kernel = { name: 'nn/max-pool-gradient', source: gradientSource };

/** Positions of one invocation of the gradient. */
const TILE = 4;

export interface MaxPoolOptions extends PoolOptions {
  /** Distance of the window's samples. Default 1. */
  readonly dilation?: Pair;
}

export const maxPool2dOperator: Operator<PoolAttributes> = standardOperator(
  defineOperator({
    name: 'maxPool2d',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, attributes, where) => ({ y: inferPool(x, attributes, where) }),
    lower({ inputs: { x }, outputs: { y }, attributes }) {
      const shape = imageShape(x.type, 'the input', 'maxPool2d');
      return [dispatch(maxPool2dCall({ ...attributes, shape, x, y }), { x, y })];
    },
    gradient: ({ inputs: { x }, outputGradients: { y: g }, attributes }) => ({
      x: applyOne(maxPool2dGradientOperator, [x, g], attributes),
    }),
  }),
);

/** Inputs: x, the gradient of y. Output: the gradient of x. */
export const maxPool2dGradientOperator: Operator<PoolAttributes> = defineOperator({
  name: 'maxPool2dGradient',
  inputs: ['x', 'g'],
  outputs: ['d'],
  infer({ x, g }, attributes, where) {
    const y = inferPool(x, attributes, where);
    requireType(g, 'f32', 'the gradient', where);
    requireShape(g.shape, y.shape, 'the gradient', where);
    return { d: x };
  },
  lower({ inputs: { x, g }, outputs: { d }, attributes, scratch }) {
    const options = { ...attributes, shape: imageShape(x.type, 'the input', 'maxPool2d') };
    const winner = scratch(elementCount(g.type.shape), 'winners');
    return [
      dispatch(maxPoolWinnerCall({ ...options, x }), { x, winner }),
      dispatch(maxPoolGradientCall({ ...options, g, d }), { winner, g, d }),
    ];
  },
});

/** One dispatch of `nn/pool`; bindings x, y. @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`. */
export function maxPool2dCall(options: PoolCallOptions): KernelCall {
  checkWindow('maxPool2dCall', options, { 'x?': 'range', 'y?': 'range' });
  return poolCall('max', options);
}

/**
 * One dispatch of `nn/max-pool-winner`; bindings x, winner.
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function maxPoolWinnerCall(options: Omit<PoolCallOptions, 'y'>): KernelCall {
  checkWindow('maxPoolWinnerCall', options, { 'x?': 'range' });
  const { shape, kernel, dilation, x } = options;
  const to = checkedShape(shape, options, 'maxPoolWinnerCall');
  const outputs = elementCount(to);
  return placedCall('maxPoolWinnerCall', maxPoolWinnerKernel, {
    operands: { x: shape },
    ranges: { x },
    elements: { winner: outputs },
    params: {
      ...mapParams(shape, to),
      ...windowParams(options),
      dilationY: dilation[0],
      dilationX: dilation[1],
    },
    invocations: outputs,
    flops: outputs * kernel[0] * kernel[1],
    values: elementCount(shape) + outputs,
  });
}

/** Where the operands of `nn/max-pool-gradient` lie. */
export interface MaxPoolGradientCallOptions extends PoolAttributes {
  /** [N, C, H, W] of x. */
  readonly shape: ImageShape;
  readonly g?: OperandRange;
  readonly d?: OperandRange;
}

/**
 * One dispatch of `nn/max-pool-gradient`; bindings winner, g, d.
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function maxPoolGradientCall(options: MaxPoolGradientCallOptions): KernelCall {
  checkWindow('maxPoolGradientCall', options, { 'g?': 'range', 'd?': 'range' });
  const { shape, kernel, stride, padding, dilation } = options;
  const to = checkedShape(shape, options, 'maxPoolGradientCall');
  const [inputs, outputs] = [elementCount(shape), elementCount(to)];
  const tilesX = Math.ceil(shape[3] / TILE);
  return placedCall('maxPoolGradientCall', maxPoolGradientKernel, {
    operands: { g: to, d: shape },
    ranges: { g: options.g, d: options.d },
    elements: { winner: outputs },
    constants: { TILE },
    params: {
      ...mapParams(shape, to),
      tilesX,
      extentY: (kernel[0] - 1) * dilation[0] + 1,
      extentX: (kernel[1] - 1) * dilation[1] + 1,
      strideY: stride[0],
      strideX: stride[1],
      padY: padding[0],
      padX: padding[1],
    },
    invocations: shape[0] * shape[1] * shape[2] * tilesX,
    flops: outputs * kernel[0] * kernel[1],
    values: inputs + 2 * outputs,
  });
}

/**
 * The largest value of each window of [N, C, H, W]; padding never wins. Window rules, ceil mode included, are the
 * reference's. @throws InfnetError `SHAPE_WINDOW`, `SHAPE_ATTRIBUTE`, `SHAPE_RANK`.
 */
export function maxPool2d(x: TensorLike, kernel: Pair, options: MaxPoolOptions = {}): Tensor {
  checkPoolNames('maxPool2d', options, 'dilation');
  return applyOne(maxPool2dOperator, [x], poolAttributes(kernel, options, options.dilation));
}

/** The largest value of each window. */
export class MaxPool2d extends Module {
  readonly kernel: Pair;
  readonly options: MaxPoolOptions;

  constructor(kernel: Pair, options: MaxPoolOptions = {}) {
    super();
    checkPoolNames('MaxPool2d', options, 'dilation');
    this.kernel = kernel;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return maxPool2d(x, this.kernel, this.options);
  }
}
