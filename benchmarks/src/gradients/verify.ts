/**
 * Whether three results of one layer are right, in two ways that share nothing with the kernels:
 *
 *   samples    some values of each, again in float64 by the definition of the convolution;
 *   adjoints   <y, g> = <x, dX> = <w, dW>, which holds for every bilinear map and looks at every value.
 */
import { InfnetError, type Shape } from '@infnet/core';
import type { Layer } from './layers.js';
import type { LayerData } from './passes.js';

/** Results of the three passes; dX is missing for the first layer. */
export interface LayerResults {
  readonly y: Float32Array;
  readonly dX: Float32Array | undefined;
  readonly dW: Float32Array;
}

/** Samples of each result. */
const SAMPLES = 61;
/** Largest error relative to the largest value, that of float32 sums in any order (and of Winograd's F(2 x 2)). */
const TOLERANCE = 1e-4;

interface Settings {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** @throws InfnetError `BENCH_WRONG` naming the layer, the value and what it should be. */
export function verify(layer: Layer, data: LayerData, { y, dX, dW }: LayerResults): void {
  const { x, w, g } = data;
  checkSamples(layer, 'the output', y, (i) => outputValue(layer, data, i));
  if (dX !== undefined) checkSamples(layer, 'the input gradient', dX, (i) => inputGradientValue(layer, data, i));
  checkSamples(layer, 'the weight gradient', dW, (i) => weightGradientValue(layer, data, i));
  const expected = dot(y, g);
  const scale = Math.sqrt(dot(y, y) * dot(g, g));
  for (const [name, product] of [
    ['<x, dX>', dX && dot(x, dX)],
    ['<w, dW>', dot(w, dW)],
  ] as const) {
    if (product === undefined || Math.abs(product - expected) <= (TOLERANCE / 10) * scale) continue;
    throw wrong(layer, `${name} is ${product}, <y, g> is ${expected} (norms' product ${scale})`);
  }
}

function checkSamples(layer: Layer, what: string, actual: Float32Array, reference: (index: number) => number): void {
  const largest = actual.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const index of sampleIndices(actual.length)) {
    const [value, expected] = [actual[index] as number, reference(index)];
    // Not `>`: a NaN is wrong.
    if (Math.abs(value - expected) <= TOLERANCE * largest) continue;
    throw wrong(layer, `value ${index} of ${what} is ${value}; ${expected} in float64`);
  }
}

/** First, last, and evenly spread ones between, or all. */
export function sampleIndices(length: number): number[] {
  const count = Math.min(SAMPLES, length);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / Math.max(1, count - 1)));
}

function outputValue(layer: Layer, { x, w }: LayerData, index: number): number {
  const [n, m, row, column] = place(layer.output, index);
  const { perGroup, group, kernel } = channels(layer, m);
  let sum = 0;
  for (let k = 0; k < perGroup; k++)
    for (let ty = 0; ty < kernel[0]; ty++)
      for (let tx = 0; tx < kernel[1]; tx++) {
        const [r, c] = [source(layer, 0, row, ty), source(layer, 1, column, tx)];
        sum += at(layer.input, x, n, group * perGroup + k, r, c) * at(layer.weight, w, m, k, ty, tx);
      }
  return sum;
}

function inputGradientValue(layer: Layer, { w, g }: LayerData, index: number): number {
  const [n, channel, row, column] = place(layer.input, index);
  const { stride, padding, dilation, groups } = settings(layer);
  const { perGroup, outPerGroup, kernel } = channels(layer, 0);
  const group = Math.floor(channel / perGroup);
  const outer = (axis: 0 | 1, position: number, tap: number): number =>
    (position + (padding[axis] as number) - tap * (dilation[axis] as number)) / (stride[axis] as number);
  let sum = 0;
  for (let ty = 0; ty < kernel[0]; ty++)
    for (let tx = 0; tx < kernel[1]; tx++) {
      const [r, c] = [outer(0, row, ty), outer(1, column, tx)];
      if (!Number.isInteger(r) || !Number.isInteger(c)) continue;
      for (let m = group * outPerGroup; m < Math.min((group + 1) * outPerGroup, outPerGroup * groups); m++)
        sum += at(layer.output, g, n, m, r, c) * at(layer.weight, w, m, channel % perGroup, ty, tx);
    }
  return sum;
}

function weightGradientValue(layer: Layer, { x, g }: LayerData, index: number): number {
  const [m, k, ty, tx] = place(layer.weight, index);
  const [batch, , height, width] = layer.output as readonly [number, number, number, number];
  const { perGroup, group } = channels(layer, m);
  let sum = 0;
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const [r, c] = [source(layer, 0, row, ty), source(layer, 1, column, tx)];
        sum += at(layer.input, x, n, group * perGroup + k, r, c) * at(layer.output, g, n, m, row, column);
      }
  return sum;
}

const settings = ({ attributes }: Layer): Settings => attributes as unknown as Settings;

/** Position of the input that output position and tap meet along an axis. */
function source(layer: Layer, axis: 0 | 1, position: number, tap: number): number {
  const { stride, padding, dilation } = settings(layer);
  return position * (stride[axis] as number) + tap * (dilation[axis] as number) - (padding[axis] as number);
}

/** Group of result channel m, and the sizes of a group. */
function channels(
  layer: Layer,
  m: number,
): {
  readonly perGroup: number;
  readonly outPerGroup: number;
  readonly group: number;
  readonly kernel: readonly [number, number];
} {
  const [outChannels, perGroup, height, width] = layer.weight as readonly [number, number, number, number];
  const outPerGroup = outChannels / settings(layer).groups;
  return { perGroup, outPerGroup, group: Math.floor(m / outPerGroup), kernel: [height, width] };
}

/** The four indices of a flat one. */
function place(shape: Shape, index: number): [number, number, number, number] {
  const [, b, c, d] = shape as readonly [number, number, number, number];
  const rest = Math.floor(index / d);
  return [Math.floor(rest / (b * c)), Math.floor(rest / c) % b, rest % c, index % d];
}

/** Zero outside. */
function at(shape: Shape, data: Float32Array, n: number, channel: number, row: number, column: number): number {
  const [, count, height, width] = shape as readonly [number, number, number, number];
  if (row < 0 || row >= height || column < 0 || column >= width) return 0;
  return data[((n * count + channel) * height + row) * width + column] as number;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function wrong({ path, input, weight }: Layer, message: string): InfnetError {
  return new InfnetError({ code: 'BENCH_WRONG', message: `${message} ([${input}] * [${weight}])`, where: path });
}
