import {
  formatShape,
  type ImageShape,
  InfnetError,
  imageShape,
  requireSizes,
  requireType,
  type Shape,
  type TensorType,
} from '@infnet/core';

/** The shape of a float32 map. @throws InfnetError `SHAPE_RANK`, `SHAPE_DTYPE`. */
export function mapShape(type: TensorType, what: string, where: string): ImageShape {
  requireType(type, 'f32', what, where);
  return imageShape(type, what, where);
}

/**
 * Checks features [N, C, H, W] against logits [N, 1, h, w].
 * @throws InfnetError `SHAPE_RANK`, `SHAPE_CHANNELS`, `SHAPE_MISMATCH`.
 */
export function checkShapes(features: Shape, logits: Shape, where: string): void {
  requireSizes(where, features, logits);
  const [batch] = mapShape({ shape: features, dtype: 'f32' }, 'the feature map', where);
  const [logitsBatch, channels] = mapShape({ shape: logits, dtype: 'f32' }, 'the logits', where);
  if (channels !== 1) {
    throw new InfnetError({
      code: 'SHAPE_CHANNELS',
      message: `the logits ${formatShape(logits)} have ${channels} channels; reverse attention takes one`,
      where,
      fix: 'Apply it once per class, with the logits of that class (narrow(logits, 1, k, 1)).',
    });
  }
  if (batch !== logitsBatch) {
    throw new InfnetError({
      code: 'SHAPE_MISMATCH',
      message: `the feature map ${formatShape(features)} and the logits ${formatShape(logits)} have different batch sizes`,
      where,
    });
  }
}
