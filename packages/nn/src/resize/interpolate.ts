/** interpolate: bilinear resizing of maps, with both conventions for the corners. */
import {
  applyOne,
  checkNames,
  checkOptions,
  defineOperator,
  dispatch,
  elementCount,
  formatShape,
  type ImageShape,
  imageShape,
  Module,
  type Operator,
  type Pair,
  pair,
  requireBetween,
  requireInteger,
  requireShape,
  requireType,
  shapeError,
  standardOperator,
  type Tensor,
  type TensorLike,
} from '@infnet/core';
import { type Kernel, type KernelCall, type OperandRange, placedCall, wholeRange } from '@infnet/core/kernels';
import source from './bilinear.wgsl';
import gradientSource from './bilinear-gradient.wgsl';

export const bilinearKernel: Kernel = { name: 'nn/bilinear', source };
export const bilinearGradientKernel: Kernel = { name: 'nn/bilinear-gradient', source: gradientSource };

const TILE = 4;

/** Result size and, for each dimension, source pixels per result pixel. */
export type InterpolateAttributes = {
  readonly size: readonly [number, number];
  readonly mode: 'bilinear';
  readonly alignCorners: boolean;
  /** 1 / the factor, where a factor was given and sizes are not to replace it; else undefined. */
  readonly ratio: readonly [number, number] | undefined;
};

export interface InterpolateOptions {
  /** Result [height, width]. Give this or `scaleFactor`. */
  readonly size?: Pair;
  /** Result size = floor(size * factor). */
  readonly scaleFactor?: Pair;
  /** Only `bilinear` is there. */
  readonly mode?: 'bilinear';
  /** Map corner pixels to corner pixels (true), or the corners of the corner pixels (false, default). */
  readonly alignCorners?: boolean;
  /**
   * Derive positions from the two sizes instead of the given factor, as PyTorch up to 1.5 did (quirk 3). It matters
   * only where size * factor is no integer. Default false.
   */
  readonly recomputeScaleFactor?: boolean;
}

/** What the kernels need to know of positions along one dimension. */
export interface Positions {
  readonly scale: number;
  readonly half: 0 | 0.5;
}

/**
 * Source pixels per result pixel, in float32, and the convention's half pixel. A dimension that keeps its size is
 * copied, whatever the factor.
 */
export function positions(input: number, output: number, alignCorners: boolean, ratio: number | undefined): Positions {
  if (alignCorners) return { scale: output > 1 ? Math.fround((input - 1) / (output - 1)) : 0, half: 0 };
  return { scale: input === output ? 1 : Math.fround(ratio ?? input / output), half: 0.5 };
}

export const interpolateOperator: Operator<InterpolateAttributes> = standardOperator(
  defineOperator({
    name: 'interpolate',
    inputs: ['x'],
    outputs: ['y'],
    infer({ x }, { size }, where) {
      requireType(x, 'f32', 'the input', where);
      const [n, c] = imageShape(x, 'the input', where);
      for (const extent of size) {
        if (extent >= 1) requireInteger(extent, 1, 'the result size', where);
        else {
          const message = `resizing ${formatShape(x.shape)} to ${size.join(' x ')} leaves nothing`;
          shapeError('SHAPE_SIZE', where, message, 'Use a larger factor or a larger input.');
        }
      }
      return { y: { shape: [n, c, ...size], dtype: 'f32' } };
    },
    lower({ inputs: { x }, outputs: { y }, attributes }) {
      const shape = imageShape(x.type, 'the input', 'interpolate');
      return [dispatch(interpolateCall({ ...attributes, shape, x, y }), { x, y })];
    },
    gradient({ inputs: { x }, outputGradients: { y: g }, attributes }) {
      const [, , height, width] = imageShape(x.type, 'the input', 'interpolate');
      return { x: applyOne(interpolateGradientOperator, [g], { ...attributes, height, width }) };
    },
  }),
);

/** Input: the gradient of y. Output: the gradient of x, [N, C, height, width]. */
export const interpolateGradientOperator: Operator<
  InterpolateAttributes & { readonly height: number; readonly width: number }
> = defineOperator({
  name: 'interpolateGradient',
  inputs: ['g'],
  outputs: ['d'],
  infer({ g }, { size, height, width }, where) {
    const [n, c] = imageShape(g, 'the gradient', where);
    requireType(g, 'f32', 'the gradient', where);
    for (const extent of [height, width]) requireInteger(extent, 1, 'the size of x', where);
    requireShape(g.shape, [n, c, ...size], 'the gradient', where);
    return { d: { shape: [n, c, height, width], dtype: 'f32' } };
  },
  lower({ inputs: { g }, outputs: { d }, attributes, scratch }) {
    const [n, c, height, width] = imageShape(d.type, 'the gradient', 'interpolate');
    const [rows, columns] = attributes.size;
    const along = (dimension: 0 | 1): Positions => {
      const [input, output] = dimension === 0 ? [height, rows] : [width, columns];
      return positions(input, output, attributes.alignCorners, attributes.ratio?.[dimension]);
    };
    // Columns first: every row of g shrinks (or grows) to the width of x.
    const between: ImageShape = [n, c, rows, width];
    const middle = { ...scratch(elementCount(between), 'row gradients'), ...wholeRange(between) };
    const first = linearGradientCall({
      ...along(1),
      batch: n,
      planes: c * rows,
      input: width,
      output: columns,
      inner: 1,
      g,
      d: middle,
    });
    const second = linearGradientCall({
      ...along(0),
      batch: n,
      planes: c,
      input: height,
      output: rows,
      inner: width,
      g: middle,
      d,
    });
    return [dispatch(first, { g, d: middle }), dispatch(second, { g: middle, d })];
  },
});

export interface InterpolateCallOptions extends Omit<InterpolateAttributes, 'mode'> {
  /** [N, C, H, W] of x. */
  readonly shape: ImageShape;
  /** Where x and y lie in their buffers. Default: from the first element on. */
  readonly x?: OperandRange;
  readonly y?: OperandRange;
}

/** One dispatch of `nn/bilinear`; bindings x, y. @throws InfnetError `OPTION_...`, `SHAPE_...`, `KERNEL_RANGE`. */
export function interpolateCall(options: InterpolateCallOptions): KernelCall {
  checkOptions('interpolateCall', options, {
    shape: 'image',
    size: 'sizes',
    alignCorners: 'flag',
    'ratio?': 'numbers',
    'mode?': ['bilinear'],
    'x?': 'range',
    'y?': 'range',
  });
  const { shape, size, alignCorners, ratio } = options;
  const [n, c, height, width] = shape;
  const to: ImageShape = [n, c, ...size];
  const vertical = positions(height, size[0], alignCorners, ratio?.[0]);
  const horizontal = positions(width, size[1], alignCorners, ratio?.[1]);
  const blocks = Math.ceil(c / TILE);
  const outputs = elementCount(to);
  return placedCall('interpolateCall', bilinearKernel, {
    operands: { x: shape, y: to },
    ranges: { x: options.x, y: options.y },
    constants: { TILE },
    params: {
      channels: c,
      blocks,
      inputHeight: height,
      inputWidth: width,
      outputHeight: size[0],
      outputWidth: size[1],
      scaleY: vertical.scale,
      scaleX: horizontal.scale,
      half: vertical.half,
    },
    invocations: n * blocks * size[0] * size[1],
    flops: 9 * outputs,
    values: elementCount(shape) + outputs,
  });
}

/** The transpose of linear interpolation along one dimension of [batch, planes, input, inner]. */
export interface LinearGradientCallOptions extends Positions {
  readonly batch: number;
  readonly planes: number;
  readonly input: number;
  readonly output: number;
  readonly inner: number;
  readonly g: OperandRange;
  readonly d: OperandRange;
}

/** One dispatch of `nn/bilinear-gradient`; bindings g, d. @throws InfnetError `OPTION_...`, `KERNEL_RANGE`. */
export function linearGradientCall(options: LinearGradientCallOptions): KernelCall {
  const sizes = { batch: 'size', planes: 'size', input: 'size', output: 'size', inner: 'size' } as const;
  const positions = { scale: 'number', half: [0, 0.5] } as const;
  checkOptions('linearGradientCall', options, { ...sizes, ...positions, g: 'range', d: 'range' });
  const { batch, planes, input, output, inner, scale, half, g, d } = options;
  requireBetween(scale, 0, input, 'the scale', 'linearGradientCall');
  if (half !== 0 && half !== 0.5) {
    shapeError('SHAPE_ATTRIBUTE', 'linearGradientCall', `half is ${String(half)}; 0 and 0.5 are there`);
  }
  const blocks = Math.ceil(planes / TILE);
  const shape = (size: number): readonly number[] => [batch, planes, size, inner];
  return placedCall('linearGradientCall', bilinearGradientKernel, {
    operands: { g: shape(output), d: shape(input) },
    ranges: { g, d },
    constants: { TILE },
    params: {
      planes,
      blocks,
      input,
      output,
      inner,
      scale,
      inverse: scale > 0 ? 1 / scale : 0,
      half,
    },
    invocations: batch * blocks * input * inner,
    flops: 4 * batch * planes * output * inner,
    values: batch * planes * inner * (input + output),
  });
}

const INTERPOLATE_OPTIONS = ['size', 'scaleFactor', 'alignCorners', 'mode', 'recomputeScaleFactor'];

/**
 * Resizes maps of [N, C, H, W] bilinearly, without a low-pass when shrinking, as the reference's `F.interpolate`.
 *
 * @throws InfnetError `SHAPE_ATTRIBUTE` unless exactly one of size and scaleFactor is given; `SHAPE_SIZE`,
 *   `SHAPE_RANK`.
 */
export function interpolate(x: TensorLike, options: InterpolateOptions): Tensor {
  checkNames('interpolate', options, INTERPOLATE_OPTIONS);
  const { alignCorners = false, mode = 'bilinear', recomputeScaleFactor = false } = options;
  if ((options.size === undefined) === (options.scaleFactor === undefined)) {
    shapeError('SHAPE_ATTRIBUTE', 'interpolate', 'give either size or scaleFactor');
  }
  if (mode !== 'bilinear') shapeError('SHAPE_ATTRIBUTE', 'interpolate', `mode "${mode}" is not there; use "bilinear"`);
  const [, , height, width] = imageShape({ shape: x.shape, dtype: x.dtype }, 'the input', 'interpolate');
  if (options.size !== undefined) {
    return applyOne(interpolateOperator, [x], { size: pair(options.size), mode, alignCorners, ratio: undefined });
  }
  const [v, h] = pair(options.scaleFactor as Pair);
  if (!(v > 0 && h > 0)) shapeError('SHAPE_ATTRIBUTE', 'interpolate', `the scale factor ${v}, ${h} is not positive`);
  const size = [Math.floor(height * v), Math.floor(width * h)] as const;
  const ratio = recomputeScaleFactor ? undefined : ([1 / v, 1 / h] as const);
  return applyOne(interpolateOperator, [x], { size, mode, alignCorners, ratio });
}

/** Resizes maps bilinearly. */
export class Upsample extends Module {
  readonly options: InterpolateOptions;

  constructor(options: InterpolateOptions) {
    super();
    checkNames('Upsample', options, INTERPOLATE_OPTIONS);
    this.options = options;
  }

  override forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }
}
