/**
 * Both ends of a prediction: a slice as the net takes it, and the net's answer at the slice's own size. The command
 * line, the page and the validation of trainings all go through here, so that one slice has one result.
 */
import { dataError } from './errors.js';
import { type GreyImage, type RgbImage, toRgb8 } from './image.js';
import { minMaxNormalize } from './normalize.js';
import { type FloatMap, resizeBilinearFloat } from './resize/float.js';
import { resizePillow } from './resize/pillow.js';
import { toTensor } from './tensor.js';

/**
 * A slice as the net takes it, [3 * size * size]. Grey slices are resized once, not three times; the bits are the same.
 */
export function predictionInput(image: GreyImage | RgbImage, size: number): Float32Array {
  return toTensor(toRgb8(resizePillow(image, size, size))).data;
}

export function sigmoid(logits: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
}

export interface ProbabilityOptions {
  /** Pixels per side of the net's input. */
  readonly size: number;
  /** The released test code's min-max stretch. Default false. */
  readonly stretch?: boolean;
}

/**
 * The probability at a slice's own size.
 *
 * @param logits the prediction before the sigmoid, [size * size]
 * @throws `DATA_NOT_FINITE`: nothing is made of numbers that are none
 */
export function probabilityMap(
  logits: Float32Array,
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
  { size, stretch = false }: ProbabilityOptions,
): FloatMap {
  if (!logits.every(Number.isFinite)) {
    throw dataError({
      code: 'DATA_NOT_FINITE',
      message: 'The net gave values that are not finite, so there is no result.',
      fix: 'Check the weights: values that are not finite or far too large give this.',
    });
  }
  const probability = sigmoid(logits);
  const map: FloatMap = { width: size, height: size, data: stretch ? minMaxNormalize(probability) : probability };
  return resizeBilinearFloat(map, width, height);
}
