/**
 * Whether three results of one convolution are right, in two ways that share nothing with the kernels:
 *
 *   samples    some values of each, again in float64 by the definition of the convolution;
 *   adjoints   <y, g> = <x, dX> = <w, dW>, which holds for every bilinear map and looks at every value.
 */
import { InfnetError, type Shape } from '@infnet/core';
import type { LayerShape } from '../peers/protocol.js';
import { layerOutput } from '../peers/workloads.js';
import { layerLabel } from './layers.js';

/** x [n, c, h, w], w [oc, c / groups, kh, kw], and g [n, oc, oh, ow], the gradient of the output. */
export type LayerData = Readonly<Record<'x' | 'w' | 'g', Float32Array>>;

export type LayerResults = Readonly<Record<'y' | 'dX' | 'dW', Float32Array>>;

/** Samples of each result. */
const SAMPLES = 61;

/** Largest error relative to the largest value, that of float32 sums in any order (and of Winograd's F(2 x 2)). */
const TOLERANCE = 1e-4;

/** @throws InfnetError `BENCH_WRONG` naming the layer, the value and what it should be. */
export function verify(layer: LayerShape, { x, w, g }: LayerData, { y, dX, dW }: LayerResults): void {
  const at = (data: Float32Array, index: number): number => data[index] as number;
  check(layer, 'the output', y, (i) => sumOver(layer, { y: i }, (xi, wi) => at(x, xi) * at(w, wi)));
  check(layer, 'the input gradient', dX, (i) => sumOver(layer, { x: i }, (_, wi, yi) => at(g, yi) * at(w, wi)));
  check(layer, 'the weight gradient', dW, (i) => sumOver(layer, { w: i }, (xi, _, yi) => at(x, xi) * at(g, yi)));
  const expected = dot(y, g);
  const scale = Math.sqrt(dot(y, y) * dot(g, g));
  for (const [name, product] of Object.entries({ '<x, dX>': dot(x, dX), '<w, dW>': dot(w, dW) })) {
    if (Math.abs(product - expected) <= (TOLERANCE / 10) * scale) continue;
    throw wrong(layer, `${name} is ${product}, <y, g> is ${expected} (norms' product ${scale})`);
  }
}

function check(layer: LayerShape, what: string, actual: Float32Array, reference: (index: number) => number): void {
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

type Four = readonly [number, number, number, number];

const four = ([a = 1, b = 1, c = 1, d = 1]: Shape): Four => [a, b, c, d];

/** Sum over all products of the convolution that one value of x, w or y takes part in; `product` gets flat indices. */
function sumOver(
  layer: LayerShape,
  one: { readonly x?: number; readonly w?: number; readonly y?: number },
  product: (x: number, w: number, y: number) => number,
): number {
  const { stride, padding, dilation, groups } = layer;
  const [input, weight, output] = [four(layer.input), four(layer.weight), four(layerOutput(layer))];
  const [xAt, wAt, yAt] = [place(input, one.x), place(weight, one.w), place(output, one.y)];
  const perGroup = weight[1];
  let sum = 0;
  /** Output positions along an axis that a tap has, and where they read. */
  const along = (axis: 0 | 1, tap: number): (readonly [out: number, source: number])[] => {
    const [step, offset] = [stride[axis], tap * dilation[axis] - padding[axis]];
    const source = xAt?.[axis + 2];
    const known = source === undefined ? yAt?.[axis + 2] : (source - offset) / step;
    return range(known, output[axis + 2] as number)
      .filter((out) => Number.isInteger(out) && out >= 0 && out < (output[axis + 2] as number))
      .map((out) => [out, out * step + offset] as const)
      .filter(([, position]) => position >= 0 && position < (input[axis + 2] as number));
  };
  for (const m of range(wAt?.[0] ?? yAt?.[1], weight[0])) {
    const first = Math.floor(m / (weight[0] / groups)) * perGroup;
    for (const k of range(xAt === undefined ? wAt?.[1] : xAt[1] - first, perGroup)) {
      if (k < 0 || k >= perGroup) continue;
      for (const ty of range(wAt?.[2], weight[2])) {
        for (const tx of range(wAt?.[3], weight[3])) {
          const [rows, columns] = [along(0, ty), along(1, tx)];
          for (const n of range(xAt?.[0] ?? yAt?.[0], input[0])) {
            for (const [row, r] of rows) {
              for (const [column, c] of columns) {
                const [xi, wi] = [flat(input, n, first + k, r, c), flat(weight, m, k, ty, tx)];
                sum += product(xi, wi, flat(output, n, m, row, column));
              }
            }
          }
        }
      }
    }
  }
  return sum;
}

const range = (known: number | undefined, count: number): number[] =>
  known === undefined ? Array.from({ length: count }, (_, i) => i) : [known];

/** The four indices of a flat one. */
function place([, b, c, d]: Four, index: number | undefined): Four | undefined {
  if (index === undefined) return undefined;
  const rest = Math.floor(index / d);
  return [Math.floor(rest / (b * c)), Math.floor(rest / c) % b, rest % c, index % d];
}

const flat = ([, b, c, d]: Four, i: number, j: number, k: number, l: number): number => ((i * b + j) * c + k) * d + l;

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function wrong(layer: LayerShape, message: string): InfnetError {
  return new InfnetError({ code: 'BENCH_WRONG', message, where: layerLabel(layer) });
}
