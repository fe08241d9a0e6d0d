/**
 * avgPool2d: the mean of each window.
 *
 * The divisor is a product of a row count and a column count, so a mean over a window is a mean over columns of means
 * over rows. From 25 samples on the two passes are worth their scratch memory: 31 x 31, the weight of the loss, takes
 * 62 steps instead of 961.
 */
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
  type TensorType,
} from '@infnet/core';
import { type Kernel, type KernelCall, type OperandRange, placedCall, wholeRange } from '@infnet/core/kernels';
import gradientSource from './avg-pool-gradient.wgsl';
import { type PoolCallOptions, poolCall, poolTile } from './pool.js';
import {
  checkedShape,
  checkPoolNames,
  checkWindow,
  inferPool,
  mapParams,
  type PoolAttributes,
  type PoolOptions,
  poolAttributes,
  pooledShape,
  windowParams,
} from './window.js';

export const avgPoolGradientKernel: Kernel = { name: 'nn/avg-pool-gradient', source: gradientSource };

/** From this many samples on a window is taken in two passes. */
const TWO_PASS_SAMPLES = 25;

export type AvgPoolAttributes = PoolAttributes & {
  /** Count padding in the divisor. */
  readonly countIncludePad: boolean;
};

export interface AvgPoolOptions extends PoolOptions {
  /** Count padding in the divisor, as zeros that are part of the map. Default true. */
  readonly countIncludePad?: boolean;
}

/** The same pooling along rows only (horizontally) and along columns only. */
function passes(attributes: AvgPoolAttributes): readonly [AvgPoolAttributes, AvgPoolAttributes] {
  const { kernel, stride, padding } = attributes;
  return [
    { ...attributes, kernel: [1, kernel[1]], stride: [1, stride[1]], padding: [0, padding[1]] },
    { ...attributes, kernel: [kernel[0], 1], stride: [stride[0], 1], padding: [padding[0], 0] },
  ];
}

function inTwoPasses({ kernel }: PoolAttributes): boolean {
  return kernel[0] > 1 && kernel[1] > 1 && kernel[0] * kernel[1] >= TWO_PASS_SAMPLES;
}

export const avgPool2dOperator: Operator<AvgPoolAttributes> = standardOperator(
  defineOperator({
    name: 'avgPool2d',
    inputs: ['x'],
    outputs: ['y'],
    infer: ({ x }, attributes, where) => ({ y: inferPool(x, attributes, where) }),
    lower({ inputs: { x }, outputs: { y }, attributes, scratch }) {
      const shape = imageShape(x.type, 'the input', 'avgPool2d');
      if (!inTwoPasses(attributes)) return [dispatch(avgPool2dCall({ ...attributes, shape, x, y }), { x, y })];
      const [rows, columns] = passes(attributes);
      const between = pooledShape(shape, rows);
      const middle = { ...scratch(elementCount(between), 'row means'), ...wholeRange(between) };
      return [
        dispatch(avgPool2dCall({ ...rows, shape, x, y: middle }), { x, y: middle }),
        dispatch(avgPool2dCall({ ...columns, shape: between, x: middle, y }), { x: middle, y }),
      ];
    },
    gradient({ inputs: { x }, outputGradients: { y: g }, attributes }) {
      const [, , height, width] = imageShape(x.type, 'the input', 'avgPool2d');
      return { x: applyOne(avgPool2dGradientOperator, [g], { ...attributes, height, width }) };
    },
  }),
);

/** Input: the gradient of y. Output: the gradient of x, [N, C, height, width]. */
export const avgPool2dGradientOperator: Operator<
  AvgPoolAttributes & { readonly height: number; readonly width: number }
> = defineOperator({
  name: 'avgPool2dGradient',
  inputs: ['g'],
  outputs: ['d'],
  infer({ g }, attributes, where) {
    const [n, c] = imageShape(g, 'the gradient', where);
    requireType(g, 'f32', 'the gradient', where);
    const d: TensorType = { shape: [n, c, attributes.height, attributes.width], dtype: 'f32' };
    requireShape(g.shape, inferPool(d, attributes, where).shape, 'the gradient', where);
    return { d };
  },
  lower({ inputs: { g }, outputs: { d }, attributes: { height: _height, width: _width, ...attributes }, scratch }) {
    const shape = imageShape(d.type, 'the gradient', 'avgPool2d');
    if (!inTwoPasses(attributes)) return [dispatch(avgPool2dGradientCall({ ...attributes, shape, g, d }), { g, d })];
    const [rows, columns] = passes(attributes);
    const between = pooledShape(shape, rows);
    const middle = { ...scratch(elementCount(between), 'row gradients'), ...wholeRange(between) };
    return [
      dispatch(avgPool2dGradientCall({ ...columns, shape: between, g, d: middle }), { g, d: middle }),
      dispatch(avgPool2dGradientCall({ ...rows, shape, g: middle, d }), { g: middle, d }),
    ];
  },
});

/** One dispatch of `nn/pool`; bindings x, y. @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`. */
export function avgPool2dCall(options: PoolCallOptions & { readonly countIncludePad: boolean }): KernelCall {
  checkWindow('avgPool2dCall', options, { countIncludePad: 'flag', 'x?': 'range', 'y?': 'range' });
  return poolCall('mean', { ...options, countPad: options.countIncludePad });
}

export interface AvgPoolGradientCallOptions extends AvgPoolAttributes {
  /** [N, C, H, W] of x. */
  readonly shape: ImageShape;
  /** Where the operands lie in their buffers. Default: from the first element on. */
  readonly g?: OperandRange;
  readonly d?: OperandRange;
}

/**
 * One dispatch of `nn/avg-pool-gradient`; bindings g, d.
 * @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`.
 */
export function avgPool2dGradientCall(options: AvgPoolGradientCallOptions): KernelCall {
  checkWindow('avgPool2dGradientCall', options, { countIncludePad: 'flag', 'g?': 'range', 'd?': 'range' });
  const { shape, kernel, countIncludePad } = options;
  const to = checkedShape(shape, options, 'avgPool2dGradientCall');
  const [inputs, outputs] = [elementCount(shape), elementCount(to)];
  const [tileY, tileX] = poolTile(kernel);
  const [tilesY, tilesX] = [Math.ceil(shape[2] / tileY), Math.ceil(shape[3] / tileX)];
  return placedCall('avgPool2dGradientCall', avgPoolGradientKernel, {
    operands: { g: to, d: shape },
    ranges: { g: options.g, d: options.d },
    constants: { COUNT_PAD: Number(countIncludePad), TILE_Y: tileY, TILE_X: tileX },
    params: { ...mapParams(shape, to), tilesY, tilesX, ...windowParams(options) },
    invocations: shape[0] * shape[1] * tilesY * tilesX,
    flops: 2 * outputs * kernel[0] * kernel[1],
    values: inputs + outputs,
  });
}

/**
 * The mean of each window of [N, C, H, W]. Window rules and divisors, ceil mode included, are the reference's.
 *
 * @throws InfnetError `SHAPE_WINDOW`, `SHAPE_ATTRIBUTE`, `SHAPE_RANK`.
 */
export function avgPool2d(x: TensorLike, kernel: Pair, options: AvgPoolOptions = {}): Tensor {
  checkPoolNames('avgPool2d', options, 'countIncludePad');
  const { countIncludePad = true } = options;
  return applyOne(avgPool2dOperator, [x], { ...poolAttributes(kernel, options), countIncludePad });
}

/** The mean of each window. */
export class AvgPool2d extends Module {
  readonly kernel: Pair;
  readonly options: AvgPoolOptions;

  constructor(kernel: Pair, options: AvgPoolOptions = {}) {
    super();
    checkPoolNames('AvgPool2d', options, 'countIncludePad');
    this.kernel = kernel;
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernel, this.options);
  }
}
