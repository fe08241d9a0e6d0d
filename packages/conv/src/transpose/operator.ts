/** The transposed convolution: the kernels of convolution's input gradient, with a bias. */
import {
  applyNamed,
  applyOne,
  byteLength,
  checkNames,
  defineOperator,
  type NamedOperator,
  requireShape,
  requireType,
  type Shape,
  standardOperator,
  type Tensor,
  type TensorLike,
  type TensorType,
} from '@infnet/core';
import type { ConvolutionAlgorithm } from '../forward/algorithm.js';
import { inputGradientGather } from '../forward/gather.js';
import { GATHERS } from '../forward/registry.js';
import { type Conv2dGeometry, type Conv2dSettings, conv2dFlops } from '../geometry.js';
import { conv2dBiasGradientOperator, conv2dWeightGradientOperator } from '../gradient/operators.js';
import { conv2dOperator } from '../operator/conv2d.js';
import { INPUTS } from '../operator/lower.js';
import {
  type ConvTranspose2dOptions,
  type ConvTranspose2dSettings,
  convTranspose2dSettings,
  mirroredGeometry,
} from './geometry.js';

const NAME = 'convTranspose2d';

/** Attributes of `convTranspose2d`. */
export interface ConvTranspose2dAttributes extends ConvTranspose2dSettings {
  /** Overrides the choice by device, shape and precision: for tests, comparisons and tuners. */
  readonly algorithm?: ConvolutionAlgorithm | undefined;
}

/** Inputs: x [n, c, h, w], weight [c, oc / groups, kh, kw], and bias [oc] if there is one. */
export const convTranspose2dOperator: NamedOperator<typeof INPUTS, readonly ['y'], ConvTranspose2dAttributes> =
  standardOperator(
    defineOperator({
      name: NAME,
      inputs: INPUTS,
      outputs: ['y'],
      infer({ x, weight, bias }, attributes, where) {
        const shape = resultShape(geometryOf(x, weight, attributes, where));
        if (bias !== undefined) {
          requireType(bias, 'f32', 'the bias', where);
          requireShape(bias.shape, [shape[1] as number], 'the bias', where);
        }
        return { y: { shape, dtype: 'f32' } };
      },
      lower({ inputs: { x, weight, bias }, outputs: { y }, attributes, ...context }) {
        const { device, precision } = context;
        const geometry = geometryOf(x.type, weight.type, attributes, NAME);
        const gather = inputGradientGather(geometry, weight);
        const { algorithm, tile } = GATHERS.take(attributes.algorithm, { gather, device, precision, rounded: false });
        const bytes = [x, weight, y, ...(bias ? [bias] : [])].reduce((sum, { type }) => sum + byteLength(type), 0);
        const epilogue = { affine: bias ? 'bias' : 'none' } as const;
        const work = { flops: conv2dFlops(geometry), bytes };
        return algorithm.dispatches({ gather, views: { x, weight, y, affine: bias }, epilogue, work }, context, tile);
      },
      candidates({ attributes, inputs: { x, weight }, device, precision }) {
        if (attributes.algorithm !== undefined) return undefined;
        const gather = inputGradientGather(geometryOf(x, weight, attributes, NAME));
        return GATHERS.candidates({ gather, device, precision, rounded: false });
      },
      gradient({ attributes, inputs: { x, weight }, outputGradients: { y: g }, needed }) {
        const { stride, padding, dilation, groups } = mirroredGeometry(x.shape, weight.shape, attributes, NAME);
        const mirrored: Conv2dSettings = { stride, padding, dilation, groups };
        // In the mirrored convolution g is the image, and x takes the place of the result's gradient.
        return {
          x: needed.x ? applyNamed(conv2dOperator, { x: g, weight, bias: undefined }, mirrored).y : undefined,
          weight: needed.weight
            ? applyOne(conv2dWeightGradientOperator, [x, g], { ...mirrored, weightShape: weight.shape })
            : undefined,
          bias: needed.bias ? applyOne(conv2dBiasGradientOperator, [g], {}) : undefined,
        };
      },
      sharesStorage: () => [0],
    }),
  );

/**
 * Transposed convolution, the input gradient of a convolution: each input pixel adds the kernel, times its value, to
 * the result.
 *
 *     y[n, m, i * stride + u * dilation - padding, ...] += weight[c, m, u, v] * x[n, c, i, j]
 *
 * It has (h - 1) * stride - 2 * padding + dilation * (kh - 1) + outputPadding + 1 rows, and columns likewise. A NaN or
 * an infinity among the weights may reach results at the edge to which its tap adds nothing.
 *
 * @param x [n, c, h, w]
 * @param weight [c, oc / groups, kh, kw]
 * @param bias [oc]
 * @returns [n, oc, oh, ow]
 * @throws InfnetError `OPTION_UNKNOWN`, `SHAPE_RANK`, `SHAPE_DTYPE`, `SHAPE_CHANNELS`, `SHAPE_MISMATCH` (bias),
 *   `SHAPE_EMPTY`, `SHAPE_ATTRIBUTE` (outputPadding too large, and others), with the module path and the shapes.
 */
export function convTranspose2d(
  x: TensorLike,
  weight: TensorLike,
  bias?: TensorLike,
  options: ConvTranspose2dOptions & { readonly algorithm?: ConvolutionAlgorithm } = {},
): Tensor {
  checkNames(NAME, options, ['stride', 'padding', 'outputPadding', 'dilation', 'groups', 'algorithm']);
  const { algorithm, ...rest } = options;
  const settings = convTranspose2dSettings(rest, NAME);
  const attributes: ConvTranspose2dAttributes = algorithm === undefined ? settings : { ...settings, algorithm };
  return applyNamed(convTranspose2dOperator, { x, weight, bias }, attributes).y;
}

function geometryOf(
  x: TensorType,
  weight: TensorType,
  attributes: ConvTranspose2dAttributes,
  where: string,
): Conv2dGeometry {
  requireType(x, 'f32', 'the input', where);
  requireType(weight, 'f32', 'the weight', where);
  return mirroredGeometry(x.shape, weight.shape, attributes, where);
}

/** [n, oc, oh, ow]: what the mirrored convolution takes. */
function resultShape({ batch, inChannels, inSize }: Conv2dGeometry): Shape {
  return [batch, inChannels, ...inSize];
}
