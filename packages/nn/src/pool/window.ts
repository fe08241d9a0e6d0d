/** Window rules of pooling, exactly PyTorch's, ceil mode included. */
import {
  checkNames,
  checkOptions,
  formatShape,
  type ImageShape,
  imageShape,
  type OptionTable,
  type Pair,
  pair,
  requireInteger,
  requireSizes,
  requireType,
  shapeError,
  type TensorType,
} from '@infnet/core';

/** Figures as [vertical, horizontal]. */
export type PoolAttributes = {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly ceilMode: boolean;
};

/** How a window moves, as callers write it. */
export interface PoolOptions {
  /** Default: the kernel size. */
  readonly stride?: Pair;
  /** Default 0; at most half of the kernel size. */
  readonly padding?: Pair;
  /** Let the last window hang over the edge, if it starts inside. Default false. */
  readonly ceilMode?: boolean;
}

export function poolAttributes(kernel: Pair, options: PoolOptions, dilation: Pair = 1): PoolAttributes {
  return {
    kernel: pair(kernel),
    stride: pair(options.stride ?? kernel),
    padding: pair(options.padding ?? 0),
    dilation: pair(dilation),
    ceilMode: options.ceilMode ?? false,
  };
}

/**
 * Number of windows along one dimension. In ceil mode the last one may hang over the end, but must start inside the map
 * or its leading padding.
 */
export function windowCount(size: number, attributes: PoolAttributes, dimension: 0 | 1): number {
  const [kernel, stride, padding, dilation] = [
    attributes.kernel[dimension],
    attributes.stride[dimension],
    attributes.padding[dimension],
    attributes.dilation[dimension],
  ];
  const free = size + 2 * padding - dilation * (kernel - 1) - 1;
  if (!attributes.ceilMode) return Math.floor(free / stride) + 1;
  const count = Math.ceil(free / stride) + 1;
  return (count - 1) * stride >= size + padding ? count - 1 : count;
}

/** [N, C, outputHeight, outputWidth]. */
export function pooledShape([n, c, h, w]: ImageShape, attributes: PoolAttributes): ImageShape {
  return [n, c, windowCount(h, attributes, 0), windowCount(w, attributes, 1)];
}

/** The shape of the result. @throws InfnetError as {@link inferPool}. */
export function checkedShape(shape: ImageShape, attributes: PoolAttributes, where: string): ImageShape {
  requireSizes(where, shape);
  inferPool({ shape, dtype: 'f32' }, attributes, where);
  return pooledShape(shape, attributes);
}

/** The window's options of a call. */
const WINDOW_OPTIONS: OptionTable = {
  shape: 'image',
  kernel: 'sizes',
  stride: 'sizes',
  padding: 'counts',
  dilation: 'sizes',
  ceilMode: 'flag',
};

/** Options of a pooling function or module. @throws InfnetError `OPTION_UNKNOWN`. */
export function checkPoolNames(where: string, options: PoolOptions, more: string): void {
  checkNames(where, options, ['stride', 'padding', 'ceilMode', more]);
}

/** Checks the options of a call of pooling. @throws InfnetError `OPTION_...`, `SHAPE_...`. */
export function checkWindow(
  where: string,
  options: PoolAttributes & { readonly shape: ImageShape },
  more: OptionTable,
): void {
  checkOptions(where, options, { ...WINDOW_OPTIONS, ...more });
  inferPool({ shape: options.shape, dtype: 'f32' }, options, where);
}

/** `infer` of pooling. @throws InfnetError `SHAPE_RANK`, `SHAPE_ATTRIBUTE`, `SHAPE_WINDOW`. */
export function inferPool(x: TensorType, attributes: PoolAttributes, where: string): TensorType {
  requireType(x, 'f32', 'the input', where);
  const shape = imageShape(x, 'the input', where);
  for (const d of [0, 1] as const) {
    requireInteger(attributes.kernel[d], 1, 'the kernel size', where);
    requireInteger(attributes.stride[d], 1, 'the stride', where);
    requireInteger(attributes.padding[d], 0, 'the padding', where);
    requireInteger(attributes.dilation[d], 1, 'the dilation', where);
    if (2 * attributes.padding[d] > attributes.kernel[d]) {
      const message = `the padding ${attributes.padding[d]} is more than half of the kernel size ${attributes.kernel[d]}`;
      shapeError('SHAPE_WINDOW', where, message, 'Pad with pad2d if the zeros are wanted.');
    }
  }
  const to = pooledShape(shape, attributes);
  if (to[2] < 1 || to[3] < 1) {
    shapeError(
      'SHAPE_WINDOW',
      where,
      `a window of ${attributes.kernel.join(' x ')} does not fit ${formatShape(shape)} with padding ${attributes.padding.join(', ')}`,
      'Use a larger input or a smaller window.',
    );
  }
  return { shape: to, dtype: 'f32' };
}

/** Sizes of the maps before and after, as the kernels of pooling name them. */
export function mapParams(
  shape: ImageShape,
  to: ImageShape,
): Record<'channels' | 'inputHeight' | 'inputWidth' | 'outputHeight' | 'outputWidth', number> {
  return { channels: shape[1], inputHeight: shape[2], inputWidth: shape[3], outputHeight: to[2], outputWidth: to[3] };
}

/** The window and its steps, as the kernels of pooling name them. */
export function windowParams({
  kernel,
  stride,
  padding,
}: Pick<PoolAttributes, 'kernel' | 'stride' | 'padding'>): Record<
  'kernelHeight' | 'kernelWidth' | 'strideY' | 'strideX' | 'padY' | 'padX',
  number
> {
  return {
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideY: stride[0],
    strideX: stride[1],
    padY: padding[0],
    padX: padding[1],
  };
}
