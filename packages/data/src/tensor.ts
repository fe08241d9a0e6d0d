/**
 * Pictures to network inputs, as the released loaders do it (quirk 18): bilinear Pillow resize in 8 bit, /255, then
 * ImageNet mean and standard deviation for slices. Masks and edge maps are resized the same way and only divided by
 * 255, so they are soft. Every step rounds to float32 in torchvision's order.
 */
import {
  type AnyImage,
  checkSize,
  type DepthOptions,
  type GreyImage,
  type RgbImage,
  toGrey8,
  toRgb8,
} from './image.js';
import { resizePillow } from './resize/pillow.js';

/** A float32 tensor in the host's memory, row-major. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** ImageNet statistics, RGB. */
export const IMAGENET_MEAN: readonly [number, number, number] = [0.485, 0.456, 0.406];
export const IMAGENET_STD: readonly [number, number, number] = [0.229, 0.224, 0.225];

/** RGB picture to [1, 3, height, width]: `(v / 255 - mean) / std` per channel, each operation in float32. */
export function toTensor(image: RgbImage): FloatTensor {
  checkSize(image, 'slice');
  const { width, height, data: source } = image;
  const area = width * height;
  const data = new Float32Array(3 * area);
  for (let c = 0; c < 3; c++) {
    const mean = Math.fround(IMAGENET_MEAN[c] as number);
    const std = Math.fround(IMAGENET_STD[c] as number);
    const table = Float32Array.from({ length: 256 }, (_, v) => Math.fround(Math.fround(v / 255) - mean) / std);
    for (let i = 0; i < area; i++) data[c * area + i] = table[source[i * 3 + c] as number] as number;
  }
  return { data, shape: [1, 3, height, width] };
}

/** Grey picture (mask, edge map) to [1, 1, height, width]: `v / 255`, soft values kept. */
export function toSoftTensor(image: GreyImage): FloatTensor {
  checkSize(image, 'mask');
  const data = Float32Array.from(image.data, (v) => v / 255);
  return { data, shape: [1, 1, image.height, image.width] };
}

/** A slice of any size and kind to the network's input [1, 3, size, size]. */
export function preprocessSlice(image: AnyImage, size: number, options: DepthOptions = {}): FloatTensor {
  return toTensor(resizePillow(toRgb8(image, options), size, size));
}

/** A mask or edge map of any size and kind to the training target [1, 1, size, size], soft at borders. */
export function preprocessMask(image: AnyImage, size: number, options: DepthOptions = {}): FloatTensor {
  return toSoftTensor(resizePillow(toGrey8(image, options), size, size));
}
