/** The convolution operator. */
import {
  applyNamed,
  checkNames,
  defineOperator,
  type NamedOperator,
  requireShape,
  requireType,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import type { ConvolutionAlgorithm } from '../forward/algorithm.js';
import { forwardGather } from '../forward/gather.js';
import { GATHERS } from '../forward/registry.js';
import { type Conv2dGeometry, type Conv2dOptions, conv2dGeometry, conv2dSettings, outputShape } from '../geometry.js';
import { conv2dGradient } from '../gradient/operators.js';
import { absorbConsumer, absorbProducer, convertConstants } from './fuse.js';
import { type Conv2dAttributes, INPUTS, lowerConvolution } from './lower.js';

/** Inputs: x [n, c, h, w], weight [oc, c / groups, kh, kw], and bias [oc] if there is one. */
export const conv2dOperator: NamedOperator<typeof INPUTS, readonly ['y'], Conv2dAttributes> = standardOperator(
  defineOperator({
    name: 'conv2d',
    inputs: INPUTS,
    outputs: ['y'],
    infer({ x, weight, bias }, attributes, where) {
      const geometry = geometryOf(x, weight, attributes, where);
      if (bias !== undefined) {
        requireType(bias, 'f32', 'the bias', where);
        requireShape(bias.shape, [geometry.outChannels], 'the bias', where);
      }
      return { y: { shape: outputShape(geometry), dtype: 'f32' } };
    },
    lower: ({ inputs, outputs: { y }, attributes, ...context }) => lowerConvolution(inputs, y, attributes, context),
    candidates: ({ attributes, inputs: { x, weight }, device, precision }) =>
      attributes.algorithm === undefined
        ? GATHERS.candidates({
            gather: forwardGather(geometryOf(x, weight, attributes, 'conv2d')),
            device,
            precision,
            // Where the weights turn out not to be constant, plans take their usual choice for these.
            rounded: precision === 'half',
          })
        : undefined,
    gradient: conv2dGradient,
    absorbConsumer,
    absorbProducer,
    convertConstants,
    sharesStorage: () => [0],
  }),
);

/**
 * Convolution (cross-correlation, as everywhere in the field):
 *
 *     y[n, m, i, j] = bias[m] + sum over c, u, v of weight[m, c, u, v] *
 *       x[n, c, i * stride + u * dilation - padding, ...]
 *
 * @param x [n, c, h, w]
 * @param weight [oc, c / groups, kh, kw]
 * @param bias [oc]
 * @returns [n, oc, oh, ow]
 * @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_CHANNELS`, `SHAPE_MISMATCH` (bias),
 *   `SHAPE_EMPTY`, `SHAPE_ATTRIBUTE`, with the module path and the shapes.
 */
export function conv2d(
  x: TensorLike,
  weight: TensorLike,
  bias?: TensorLike,
  options: Conv2dOptions & { readonly algorithm?: ConvolutionAlgorithm } = {},
): Tensor {
  checkNames('conv2d', options, ['stride', 'padding', 'dilation', 'groups', 'algorithm']);
  const { algorithm, ...rest } = options;
  const settings = conv2dSettings(rest, [weight.shape[2] ?? 1, weight.shape[3] ?? 1], 'conv2d');
  const attributes: Conv2dAttributes = algorithm === undefined ? settings : { ...settings, algorithm };
  return applyNamed(conv2dOperator, { x, weight, bias }, attributes).y;
}

function geometryOf(x: TensorType, weight: TensorType, attributes: Conv2dAttributes, where: string): Conv2dGeometry {
  requireType(x, 'f32', 'the input', where);
  requireType(weight, 'f32', 'the weight', where);
  return conv2dGeometry(x.shape, weight.shape, attributes, where);
}
