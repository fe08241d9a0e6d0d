/**
 * From the U-Net's logits to a class for every pixel of the slice.
 *
 * By default the probabilities (softmax) are brought to the slice's size, bilinearly, and the largest wins there:
 * borders are as smooth as the slice is fine. The released code decides at the net's size and repeats pixels; nets that
 * were trained its way are read so.
 */
import { type ChannelOrder, type ClassMap, decideClasses, resizeBilinearFloat, resizeNearest } from '@infnet/data';
import { cliError } from '../errors.js';
import { CLASSES } from './unet-weights.js';

export interface DecideOptions {
  /** Pixels per side of the net's output. */
  readonly size: number;
  readonly order: ChannelOrder;
  /** Whose result it is, for the error. */
  readonly where: string;
}

/**
 * @param logits [3 * size * size]
 * @throws InfnetError `CLI_NOT_FINITE`: nothing is made of numbers that are none
 */
export function classMapOf(
  logits: Float32Array,
  { width, height }: { readonly width: number; readonly height: number },
  { size, order, where }: DecideOptions,
): ClassMap {
  if (!logits.every(Number.isFinite)) {
    const message = 'The net gave values that are not finite, so there is no result for this slice.';
    const fix = 'Check the weights: values that are not finite or far too large give this.';
    throw cliError('CLI_NOT_FINITE', message, fix, { where });
  }
  if (order === 'as-released') {
    return resizeNearest(decideClasses({ data: logits, shape: [CLASSES, size, size] }, order), width, height);
  }
  const area = size * size;
  const probabilities = softmax(logits, area);
  const data = new Float32Array(CLASSES * width * height);
  for (let k = 0; k < CLASSES; k++) {
    const map = { width: size, height: size, data: probabilities.subarray(k * area, (k + 1) * area) };
    data.set(resizeBilinearFloat(map, width, height).data, k * width * height);
  }
  return decideClasses({ data, shape: [CLASSES, height, width] }, order);
}

/** Over the three channels, at every pixel. */
function softmax(logits: Float32Array, area: number): Float32Array {
  const data = new Float32Array(logits.length);
  for (let i = 0; i < area; i++) {
    const values = [0, 1, 2].map((k) => logits[k * area + i] as number);
    const largest = Math.max(...values);
    const powers = values.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((a, b) => a + b);
    for (const [k, power] of powers.entries()) data[k * area + i] = power / sum;
  }
  return data;
}
