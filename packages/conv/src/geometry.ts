/** Sizes of a convolution: what its options mean for the shapes of input, weight and output. */
import { formatShape, requireInteger, requireSizes, type Shape, shapeError } from '@infnet/core';

/** One number for both directions, or [vertical, horizontal]. */
export type Pair = number | readonly [vertical: number, horizontal: number];

/** How a kernel moves over an image. Names and defaults are the field's. */
export interface Conv2dOptions {
  /** Step between output pixels. Default 1. */
  readonly stride?: Pair;
  /**
   * Zeros around the image; `valid`: none; `same`: the output is as large as the input, for stride 1 only (where the
   * total is odd, the larger part is below and to the right). Default 0.
   */
  readonly padding?: Pair | 'same' | 'valid';
  /** Distance between the taps of the kernel. Default 1. */
  readonly dilation?: Pair;
  /** Channels are cut into so many groups that do not see each other. Default 1. */
  readonly groups?: number;
}

/** The options with every default filled in: attributes of the operator. */
export interface Conv2dSettings extends Record<string, unknown> {
  readonly stride: readonly [number, number];
  /** [top, left, bottom, right]. So many rows or columns less where bottom or right is negative. */
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** All sizes of one convolution. Channels count all groups. */
export interface Conv2dGeometry extends Conv2dSettings {
  readonly batch: number;
  readonly inChannels: number;
  readonly inSize: readonly [height: number, width: number];
  readonly outChannels: number;
  readonly outSize: readonly [height: number, width: number];
  readonly kernel: readonly [height: number, width: number];
}

/**
 * Fills in the defaults.
 * @throws InfnetError `SHAPE_ATTRIBUTE` for a stride, padding, dilation or groups that cannot be.
 */
export function conv2dSettings(
  options: Conv2dOptions,
  kernel: readonly [number, number],
  where: string,
): Conv2dSettings {
  const stride = positivePair(options.stride ?? 1, 1, 'stride', where);
  const dilation = positivePair(options.dilation ?? 1, 1, 'dilation', where);
  const { groups = 1, padding = 0 } = options;
  requireInteger(groups, 1, 'groups', where);
  if (padding === 'same') {
    if (stride[0] !== 1 || stride[1] !== 1) {
      shapeError(
        'SHAPE_ATTRIBUTE',
        where,
        `padding "same" with stride [${stride.join(', ')}] is not defined`,
        'Give the padding in numbers.',
      );
    }
    const [y, x] = [dilation[0] * (kernel[0] - 1), dilation[1] * (kernel[1] - 1)];
    return {
      stride,
      dilation,
      groups,
      padding: [Math.floor(y / 2), Math.floor(x / 2), Math.ceil(y / 2), Math.ceil(x / 2)],
    };
  }
  const [y, x] = positivePair(padding === 'valid' ? 0 : padding, 0, 'padding', where);
  return { stride, dilation, groups, padding: [y, x, y, x] };
}

/**
 * The sizes of a convolution of `input` [n, c, h, w] with `weight` [oc, c / groups, kh, kw].
 *
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_CHANNELS` naming both shapes, `SHAPE_EMPTY` when the kernel is larger than
 *   the padded image.
 */
export function conv2dGeometry(input: Shape, weight: Shape, settings: Conv2dSettings, where: string): Conv2dGeometry {
  const [batch, inChannels, height, width] = fourSizes(input, 'the input', '[batch, channels, height, width]', where);
  const [outChannels, perGroup, kernelHeight, kernelWidth] = fourSizes(
    weight,
    'the weight',
    '[out channels, in channels / groups, kernel height, kernel width]',
    where,
  );
  const { stride, padding, dilation, groups } = settings;
  for (const [what, least, figures] of [
    ['the stride', 1, stride],
    ['the padding', 0, padding.slice(0, 2)],
    ['the padding below and to the right', Number.MIN_SAFE_INTEGER, padding.slice(2)],
    ['the dilation', 1, dilation],
    ['groups', 1, [groups]],
  ] as const) {
    for (const figure of figures) requireInteger(figure, least, what, where);
  }
  requireSizes(where, input, weight);
  const shapes = `input ${formatShape(input)}, weight ${formatShape(weight)}, groups ${groups}`;
  if (inChannels !== perGroup * groups) {
    shapeError(
      'SHAPE_CHANNELS',
      where,
      `the weight takes ${perGroup * groups} input channels, the input has ${inChannels} (${shapes})`,
      'The weight must have the shape [out channels, in channels / groups, kernel height, kernel width].',
    );
  }
  if (outChannels % groups !== 0) {
    shapeError(
      'SHAPE_CHANNELS',
      where,
      `${outChannels} output channels do not divide into ${groups} groups (${shapes})`,
    );
  }
  const [top, left, bottom, right] = padding;
  const outSize = [
    Math.floor((height + top + bottom - dilation[0] * (kernelHeight - 1) - 1) / stride[0]) + 1,
    Math.floor((width + left + right - dilation[1] * (kernelWidth - 1) - 1) / stride[1]) + 1,
  ] as const;
  if (outSize[0] < 1 || outSize[1] < 1) {
    shapeError(
      'SHAPE_EMPTY',
      where,
      `the output would be empty: the kernel spans ${dilation[0] * (kernelHeight - 1) + 1} x ` +
        `${dilation[1] * (kernelWidth - 1) + 1} pixels, the padded image has ${height + top + bottom} x ` +
        `${width + left + right} (${shapes})`,
      'Use a larger image, more padding or a smaller kernel.',
    );
  }
  const inSize = [height, width] as const;
  const kernel = [kernelHeight, kernelWidth] as const;
  return { batch, inChannels, inSize, outChannels, outSize, kernel, stride, padding, dilation, groups };
}

/** Shape of the output, [n, oc, oh, ow]. */
export function outputShape({ batch, outChannels, outSize }: Conv2dGeometry): Shape {
  return [batch, outChannels, ...outSize];
}

/**
 * Floating-point operations of the convolution and of each of its gradients, padding counted as work: 2 per
 * multiply-add.
 */
export function conv2dFlops({ batch, inChannels, outChannels, outSize, kernel, groups }: Conv2dGeometry): number {
  return 2 * batch * outChannels * outSize[0] * outSize[1] * (inChannels / groups) * kernel[0] * kernel[1];
}

/** @throws InfnetError `SHAPE_ATTRIBUTE` unless it can be added to a variance. */
export function requireEpsilon(eps: number, where: string): void {
  if (!(eps >= 0 && eps < Infinity)) shapeError('SHAPE_ATTRIBUTE', where, `epsilon is ${eps}; at least 0 is needed`);
}

/** @throws InfnetError `SHAPE_INVALID`, `SHAPE_RANK` unless the shape has four sizes. */
export function fourSizes(
  shape: Shape,
  what: string,
  expected: string,
  where: string,
): readonly [number, number, number, number] {
  const invalid = !shape.every((size) => Number.isSafeInteger(size) && size > 0);
  if (invalid)
    shapeError('SHAPE_INVALID', where, `${what} has the shape ${formatShape(shape)}; sizes are integers of at least 1`);
  if (shape.length === 4) return shape as unknown as readonly [number, number, number, number];
  return shapeError('SHAPE_RANK', where, `${what} has the shape ${formatShape(shape)}; ${expected} is needed`);
}

/** Both directions. @throws InfnetError `SHAPE_ATTRIBUTE` unless they are integers of at least `least`. */
export function positivePair(value: Pair, least: number, what: string, where: string): readonly [number, number] {
  const pair = (Array.isArray(value) ? value : [value, value]) as readonly number[];
  if (pair.length !== 2) {
    const message = `${what} is [${pair.join(', ')}]; one number or [vertical, horizontal] is needed`;
    shapeError('SHAPE_ATTRIBUTE', where, message, 'Sides that differ are padded before (pad2d of @infnet/nn).');
  }
  for (const size of pair) requireInteger(size, least, what, where);
  return [pair[0] as number, pair[1] as number];
}
