/**
 * Sizes of a transposed convolution. It is the input gradient of a convolution that goes the other way, from its result
 * to its input: that one's sizes are all that the kernels need.
 *
 * The result has `outputPadding` rows and columns more than the mirrored convolution needs to give x. Its padding below
 * and to the right is so much smaller: negative where the last rows are seen by no tap.
 */
import { formatShape, requireInteger, type Shape, shapeError } from '@infnet/core';
import { type Conv2dGeometry, conv2dGeometry, fourSizes, type Pair, positivePair } from '../geometry.js';

/** How a kernel spreads an image. Names and defaults are PyTorch's. */
export interface ConvTranspose2dOptions {
  /** Steps in the result from one input pixel to the next. Default 1. */
  readonly stride?: Pair;
  /** Rows and columns cut off around the result. Default 0. */
  readonly padding?: Pair;
  /** Rows below and columns to the right that the result has more; less than stride or dilation. Default 0. */
  readonly outputPadding?: Pair;
  /** Distance between the taps of the kernel. Default 1. */
  readonly dilation?: Pair;
  /** Channels are cut into so many groups that do not see each other. Default 1. */
  readonly groups?: number;
}

/** The options with every default filled in: attributes of the operator. Pairs are [vertical, horizontal]. */
export interface ConvTranspose2dSettings extends Record<string, unknown> {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly outputPadding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** Fills in the defaults. @throws InfnetError `SHAPE_ATTRIBUTE` for what cannot be. */
export function convTranspose2dSettings(options: ConvTranspose2dOptions, where: string): ConvTranspose2dSettings {
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
  return checkSettings(
    {
      stride: positivePair(stride, 1, 'stride', where),
      padding: positivePair(padding, 0, 'padding', where),
      outputPadding: positivePair(outputPadding, 0, 'outputPadding', where),
      dilation: positivePair(dilation, 1, 'dilation', where),
      groups,
    },
    where,
  );
}

function checkSettings(settings: ConvTranspose2dSettings, where: string): ConvTranspose2dSettings {
  const { stride, padding, outputPadding, dilation, groups } = settings;
  positivePair(stride, 1, 'stride', where);
  positivePair(padding, 0, 'padding', where);
  positivePair(dilation, 1, 'dilation', where);
  requireInteger(groups, 1, 'groups', where);
  for (const [axis, more] of positivePair(outputPadding, 0, 'outputPadding', where).entries()) {
    const most = Math.max(stride[axis] as number, dilation[axis] as number);
    if (more < most) continue;
    const sizes = `stride [${stride.join(', ')}] and dilation [${dilation.join(', ')}]`;
    shapeError(
      'SHAPE_ATTRIBUTE',
      where,
      `outputPadding [${outputPadding.join(', ')}] is not less than ${sizes}`,
      'Rows and columns beyond that hold the bias alone: pad the result (pad2d of @infnet/nn).',
    );
  }
  return settings;
}

/**
 * The convolution whose input gradient it is: from the result [n, out, oh, ow] (its `inSize`) to `input` [n, in, h, w],
 * with `weight` [in, out / groups, kh, kw].
 *
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_INVALID`, `SHAPE_ATTRIBUTE`, `SHAPE_CHANNELS` where the channels do not
 *   match or do not divide into groups, `SHAPE_EMPTY` where the padding leaves nothing.
 */
export function mirroredGeometry(
  input: Shape,
  weight: Shape,
  settings: ConvTranspose2dSettings,
  where: string,
): Conv2dGeometry {
  const { stride, padding, outputPadding, dilation, groups } = checkSettings(settings, where);
  const [batch, inChannels, height, width] = fourSizes(input, 'the input', '[batch, channels, height, width]', where);
  const [taken, perGroup, kernelHeight, kernelWidth] = fourSizes(weight, 'the weight', LAYOUT, where);
  const shapes = `input ${formatShape(input)}, weight ${formatShape(weight)}, groups ${groups}`;
  if (taken !== inChannels) {
    const message = `the weight takes ${taken} input channels, the input has ${inChannels} (${shapes})`;
    shapeError('SHAPE_CHANNELS', where, message, `The weight must have the shape ${LAYOUT}.`);
  }
  if (inChannels % groups !== 0) {
    shapeError('SHAPE_CHANNELS', where, `${inChannels} input channels do not divide into ${groups} groups (${shapes})`);
  }
  const side = (size: number, kernel: number, axis: 0 | 1): number =>
    (size - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (kernel - 1) + outputPadding[axis] + 1;
  const [outHeight, outWidth] = [side(height, kernelHeight, 0), side(width, kernelWidth, 1)];
  if (outHeight < 1 || outWidth < 1) {
    shapeError(
      'SHAPE_EMPTY',
      where,
      `the result would be empty: ${outHeight} x ${outWidth} pixels (${shapes}, padding [${padding.join(', ')}])`,
      'Use a larger image, less padding or a larger kernel.',
    );
  }
  const result = [batch, perGroup * groups, outHeight, outWidth];
  const [bottom, right] = [padding[0] - outputPadding[0], padding[1] - outputPadding[1]];
  const mirrored = { stride, padding: [...padding, bottom, right] as const, dilation, groups };
  return conv2dGeometry(result, weight, mirrored, where);
}

const LAYOUT = '[in channels, out channels / groups, kernel height, kernel width]';
