/**
 * From logits to a class for every pixel of the slice: probabilities are brought to the slice's size, bilinearly, and
 * decided there, so that borders are as smooth as the slice is fine. One channel and a threshold tell two classes
 * apart; of several channels (softmax) the largest wins.
 */

import { InfnetError } from '@infnet/core';
import { type FloatMap, type GreyImage, minMaxNormalize, resizeBilinearFloat, sigmoid } from '@infnet/data';
import { requireFinite } from './finite.js';
import type { Interpretation, InterpretOptions } from './task.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Two classes of one channel. @param logits [size * size] @throws InfnetError `RESULT_NOT_FINITE`, `TASK_LOGITS` */
export function decideByThreshold(
  logits: Float32Array,
  { width, height }: Size,
  { size, threshold = 0.5, stretch = false, what, where }: InterpretOptions,
): Interpretation {
  requireFinite(logits, what, where);
  requireMaps(logits, 1, size, where);
  const netProbability: FloatMap = { width: size, height: size, data: sigmoid(logits) };
  const shown = stretch ? { ...netProbability, data: minMaxNormalize(netProbability.data) } : netProbability;
  const probability = resizeBilinearFloat(shown, width, height);
  const data = Uint8Array.from(probability.data, (p) => (p >= threshold ? 1 : 0));
  return { labels: { width, height, channels: 1, data }, probability, netProbability };
}

/** Of an answer that a threshold made. @throws InfnetError `TASK_NO_PROBABILITY` of any other */
export function probabilityOf({ probability }: Interpretation): FloatMap {
  if (probability !== undefined) return probability;
  const message = 'The answer has no probability: it tells several classes apart.';
  throw new InfnetError({ code: 'TASK_NO_PROBABILITY', message, fix: 'Take its labels.' });
}

/**
 * Several classes of as many channels.
 *
 * @param logits [classes * size * size]
 * @throws InfnetError `RESULT_NOT_FINITE`, `TASK_LOGITS`
 */
export function decideByLargest(
  logits: Float32Array,
  { width, height }: Size,
  { size, classes, what, where }: Pick<InterpretOptions, 'size' | 'what' | 'where'> & { readonly classes: number },
): GreyImage {
  requireFinite(logits, what, where);
  requireMaps(logits, classes, size, where);
  const area = size * size;
  const probabilities = softmax(logits, area, classes);
  const data = new Float32Array(classes * width * height);
  for (let k = 0; k < classes; k++) {
    const map = { width: size, height: size, data: probabilities.subarray(k * area, (k + 1) * area) };
    data.set(resizeBilinearFloat(map, width, height).data, k * width * height);
  }
  return largest(data, { width, height });
}

/** Maps of another size would be read as other pixels. */
function requireMaps(logits: Float32Array, channels: number, size: number, where: string | undefined): void {
  if (logits.length === channels * size * size) return;
  throw new InfnetError({
    code: 'TASK_LOGITS',
    message: `the net gave ${logits.length} values for this slice; ${channels} x ${size} x ${size} are needed`,
    ...(where === undefined ? {} : { where }),
    fix: 'Bring the logits to the size of the input: interpolate of @infnet/nn.',
  });
}

/** The channel with the largest value at every pixel; of equal ones the first. @param values [C * height * width] */
export function largest(values: Float32Array, { width, height }: Size): GreyImage {
  const area = width * height;
  const data = new Uint8Array(area);
  for (let i = 0; i < area; i++) {
    let best = 0;
    for (let k = 1; k * area < values.length; k++) {
      if ((values[k * area + i] as number) > (values[best * area + i] as number)) best = k;
    }
    data[i] = best;
  }
  return { width, height, channels: 1, data };
}

function softmax(logits: Float32Array, area: number, classes: number): Float32Array {
  const data = new Float32Array(logits.length);
  const channels = Array.from({ length: classes }, (_, k) => k);
  for (let i = 0; i < area; i++) {
    const values = channels.map((k) => logits[k * area + i] as number);
    const most = Math.max(...values);
    const powers = values.map((value) => Math.exp(value - most));
    const sum = powers.reduce((a, b) => a + b);
    for (const [k, power] of powers.entries()) data[k * area + i] = power / sum;
  }
  return data;
}
