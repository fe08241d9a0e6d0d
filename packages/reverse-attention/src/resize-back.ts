import { applyOne, sameShape, type Tensor } from '@infnet/core';
import { interpolateGradientOperator } from '@infnet/nn/kernels';

/** The gradient of a map from that of the map resized to g's size (bilinear, align_corners = false). */
export function resizeBack(g: Tensor, map: Tensor): Tensor {
  if (sameShape(g.shape.slice(2), map.shape.slice(2))) return g;
  const [rows, columns] = g.shape.slice(2) as [number, number];
  const [height, width] = map.shape.slice(2) as [number, number];
  const attributes = { size: [rows, columns], mode: 'bilinear', alignCorners: false, ratio: undefined } as const;
  return applyOne(interpolateGradientOperator, [g], { ...attributes, height, width });
}
