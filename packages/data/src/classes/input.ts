/**
 * The multi-class net's input: the slice and the infection prior, three channels each, both with ImageNet statistics.
 */
import { type AnyImage, type DepthOptions, type RgbImage, toRgb8 } from '../image.js';
import { probabilityToU8 } from '../normalize.js';
import { resizeCv2 } from '../resize/cv2.js';
import type { FloatMap } from '../resize/float.js';
import { resizePillow } from '../resize/pillow.js';
import { type FloatTensor, toTensor } from '../tensor.js';

export interface ClassesInputOptions extends DepthOptions {
  /**
   * True: as the released code makes it, `cv2.resize` (no low-pass) and channels in the order blue, green, red under
   * the statistics of red, green, blue (quirk 24; no difference for grey pictures). Default false: Pillow's resize,
   * RGB, as Inf-Net's input.
   */
  readonly asReleased?: boolean;
}

/**
 * [1, 6, size, size] from a slice and its prior, of any size each.
 *
 * @param prior a mask or map of bytes (0..255), or probabilities 0..1, rounded to bytes as the released files are
 */
export function classesInput(
  image: AnyImage,
  prior: AnyImage | FloatMap,
  size: number,
  options: ClassesInputOptions = {},
): FloatTensor {
  const data = new Float32Array(6 * size * size);
  data.set(threeChannels(toRgb8(image, options), size, options.asReleased === true));
  data.set(threeChannels(toRgb8(priorBytes(prior)), size, options.asReleased === true), 3 * size * size);
  return { data, shape: [1, 6, size, size] };
}

/** A prior as bytes. */
export function priorBytes(prior: AnyImage | FloatMap): AnyImage {
  const { width, height, data } = prior;
  return data instanceof Float32Array
    ? { width, height, channels: 1, data: probabilityToU8(data) }
    : (prior as AnyImage);
}

function threeChannels(picture: RgbImage, size: number, asReleased: boolean): Float32Array {
  if (!asReleased) return toTensor(resizePillow(picture, size, size)).data;
  const resized = resizeCv2(picture, size, size);
  const swapped = resized.data.slice();
  for (let i = 0; i < swapped.length; i += 3) {
    swapped[i] = resized.data[i + 2] as number;
    swapped[i + 2] = resized.data[i] as number;
  }
  return toTensor({ ...resized, data: swapped }).data;
}
