/** layerNorm over trailing dimensions, layerNorm2d over the channels at each position. */
import { checkNames, formatShape, type Shape, sameShape, shapeError, type Tensor, type TensorLike } from '@infnet/core';
import { reshape } from '../placement/reshape.js';
import { applyNorm, NORM_OPTIONS, type NormOptions } from './group-norm.js';
import { layerNorm2dOperator, layerNormOperator } from './operators.js';

/**
 * Normalises x over its last dimensions, which are `normalizedShape`; weight and bias have that shape. As PyTorch's
 * `layer_norm`.
 *
 * @throws InfnetError `SHAPE_MISMATCH` where x does not end with that shape, or weight or bias have another one;
 *   `SHAPE_DTYPE`, `SHAPE_ATTRIBUTE`.
 */
export function layerNorm(x: TensorLike, normalizedShape: number | Shape, options: NormOptions = {}): Tensor {
  checkNames('layerNorm', options, NORM_OPTIONS);
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  const axis = x.shape.length - shape.length;
  if (shape.length === 0 || axis < 0 || !sameShape(x.shape.slice(axis), shape)) {
    const message = `x has the shape ${formatShape(x.shape)}; one that ends with ${formatShape(shape)} is needed`;
    shapeError('SHAPE_MISMATCH', 'layerNorm', message, 'normalizedShape is the last dimensions of x.');
  }
  if (axis > 0) return applyNorm(layerNormOperator, x, { axis }, options).y;
  // All of x is one row.
  const { y } = applyNorm(layerNormOperator, reshape(x, [1, ...x.shape]), { axis: 1 }, options);
  return reshape(y, x.shape);
}

/**
 * Normalises the channels at each position of x [N, C, ...] (layer norm, channels first: ConvNeXt's `LayerNorm2d`);
 * weight and bias are [C].
 *
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_MISMATCH`, `SHAPE_DTYPE`, `SHAPE_ATTRIBUTE`.
 */
export function layerNorm2d(x: TensorLike, options: NormOptions = {}): Tensor {
  checkNames('layerNorm2d', options, NORM_OPTIONS);
  return applyNorm(layerNorm2dOperator, x, 'channels', options).y;
}
