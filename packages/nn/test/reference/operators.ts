/** What the operators should compute, in float64 and straight from their definitions. */
import { type Array64, array64, at, build, pixel } from './array.js';

type Four = readonly [number, number, number, number];

export const map = (x: Array64, f: (v: number) => number): Array64 => array64(x.shape, x.data.map(f));

export const relu = (x: Array64): Array64 => map(x, (v) => Math.max(v, 0));
export const leakyRelu = (x: Array64, slope: number): Array64 => map(x, (v) => (v > 0 ? v : slope * v));
export const sigmoid = (x: Array64): Array64 => map(x, (v) => 1 / (1 + Math.exp(-v)));

/** f(a, b) with broadcasting aligned at the last dimension. */
export function binary(a: Array64, b: Array64, f: (p: number, q: number) => number): Array64 {
  const rank = Math.max(a.shape.length, b.shape.length);
  const size = (x: Array64, d: number): number => x.shape[d - rank + x.shape.length] ?? 1;
  const shape = Array.from({ length: rank }, (_, d) => Math.max(size(a, d), size(b, d)));
  const value = (x: Array64, position: readonly number[]): number =>
    at(
      x,
      position.slice(rank - x.shape.length).map((p, d) => (x.shape[d] === 1 ? 0 : p)),
    );
  return build(shape, (position) => f(value(a, position), value(b, position)));
}

export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly ceilMode: boolean;
}

/** Windows along one dimension, counted one by one. */
export function windows(size: number, window: Window, d: 0 | 1): number {
  const extent = (window.kernel[d] - 1) * window.dilation[d] + 1;
  const [stride, padding] = [window.stride[d], window.padding[d]];
  for (let count = 0; ; count++) {
    const start = count * stride - padding;
    const fits = start + extent <= size + padding;
    // In ceil mode a window may hang over by less than a stride, but must start inside the map or the padding before
    // it.
    const hangs = window.ceilMode && start + extent < size + padding + stride && start < size;
    if (!fits && !hangs) return count;
  }
}

function pooled(
  x: Array64,
  window: Window,
  value: (n: number, c: number, top: number, left: number) => number,
): Array64 {
  const [n, c, h, w] = x.shape as Four;
  return build([n, c, windows(h, window, 0), windows(w, window, 1)], ([b, channel, i, j]) =>
    value(
      b as number,
      channel as number,
      (i as number) * window.stride[0] - window.padding[0],
      (j as number) * window.stride[1] - window.padding[1],
    ),
  );
}

export function maxPool(x: Array64, window: Window): Array64 {
  return pooled(x, window, (n, c, top, left) => {
    let best = Number.NEGATIVE_INFINITY;
    for (let u = 0; u < window.kernel[0]; u++) {
      for (let v = 0; v < window.kernel[1]; v++) {
        best = Math.max(
          best,
          pixel(x, n, c, top + u * window.dilation[0], left + v * window.dilation[1], Number.NEGATIVE_INFINITY),
        );
      }
    }
    return best;
  });
}

export function avgPool(x: Array64, window: Window, countIncludePad: boolean): Array64 {
  const [, , h, w] = x.shape as Four;
  return pooled(x, window, (n, c, top, left) => {
    let [sum, count] = [0, 0];
    for (let i = top; i < top + window.kernel[0]; i++) {
      for (let j = left; j < left + window.kernel[1]; j++) {
        sum += pixel(x, n, c, i, j);
        const inMap = i >= 0 && i < h && j >= 0 && j < w;
        const inPadding = i < h + window.padding[0] && j < w + window.padding[1];
        if (countIncludePad ? inPadding : inMap) count++;
      }
    }
    return sum / count;
  });
}

/** Source positions in float32, as the reference computes them; the interpolation itself in float64. */
export function bilinear(
  x: Array64,
  size: readonly [number, number],
  alignCorners: boolean,
  ratio?: readonly [number, number],
): Array64 {
  const [n, c, h, w] = x.shape as Four;
  const source = (i: number, d: 0 | 1): { k: number; far: number; share: number } => {
    const [input, output] = [d === 0 ? h : w, size[d]];
    const f = Math.fround;
    const scale = alignCorners ? (output > 1 ? f((input - 1) / (output - 1)) : 0) : f(ratio?.[d] ?? input / output);
    const position = alignCorners ? f(scale * i) : Math.max(0, f(f(scale * (i + 0.5)) - 0.5));
    const k = Math.min(Math.floor(position), input - 1);
    return { k, far: Math.min(k + 1, input - 1), share: Math.min(Math.max(position - k, 0), 1) };
  };
  return build([n, c, ...size], ([b, channel, i, j]) => {
    const [v, u] = [source(i as number, 0), source(j as number, 1)];
    const value = (row: number, column: number): number => at(x, [b as number, channel as number, row, column]);
    const upper = (1 - u.share) * value(v.k, u.k) + u.share * value(v.k, u.far);
    const lower = (1 - u.share) * value(v.far, u.k) + u.share * value(v.far, u.far);
    return (1 - v.share) * upper + v.share * lower;
  });
}

export function concat(parts: readonly Array64[], axis: number): Array64 {
  const first = parts[0] as Array64;
  const total = parts.reduce((sum, part) => sum + (part.shape[axis] as number), 0);
  return build(
    first.shape.map((size, d) => (d === axis ? total : size)),
    (position) => {
      let index = position[axis] as number;
      for (const part of parts) {
        const size = part.shape[axis] as number;
        if (index < size)
          return at(
            part,
            position.map((p, d) => (d === axis ? index : p)),
          );
        index -= size;
      }
      throw new Error('beyond the last part');
    },
  );
}

export function narrow(x: Array64, axis: number, start: number, length: number): Array64 {
  return build(
    x.shape.map((size, d) => (d === axis ? length : size)),
    (position) =>
      at(
        x,
        position.map((p, d) => (d === axis ? p + start : p)),
      ),
  );
}

export function pad(x: Array64, top: number, bottom: number, left: number, right: number): Array64 {
  const [n, c, h, w] = x.shape as Four;
  return build([n, c, h + top + bottom, w + left + right], ([b, channel, i, j]) =>
    pixel(x, b as number, channel as number, (i as number) - top, (j as number) - left),
  );
}

/** Sum over `axes`, which stay with size 1. */
export function sum(x: Array64, axes: readonly number[]): Array64 {
  const result = array64(x.shape.map((size, d) => (axes.includes(d) ? 1 : size)));
  build(x.shape, (position) => {
    let index = 0;
    result.shape.forEach((size, d) => {
      index = index * size + (axes.includes(d) ? 0 : (position[d] as number));
    });
    result.data[index] = (result.data[index] as number) + at(x, position);
    return 0;
  });
  return result;
}

export function softmax(x: Array64): Array64 {
  const shifted = map(x, Math.exp);
  return binary(shifted, sum(shifted, [1]), (p, q) => p / q);
}

/** Mean and variance (biased) of every channel. */
export function moments(x: Array64): {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly count: number;
} {
  const [, channels = 1] = x.shape;
  const count = x.data.length / channels;
  const axes = x.shape.map((_, d) => d).filter((d) => d !== 1);
  const perChannel = [1, channels, ...x.shape.slice(2).map(() => 1)];
  const mean = array64(
    perChannel,
    sum(x, axes).data.map((v) => v / count),
  );
  const squares = sum(
    binary(x, mean, (p, q) => (p - q) ** 2),
    axes,
  );
  return { mean: mean.data, variance: squares.data.map((v) => v / count), count };
}

export function batchNorm(
  x: Array64,
  weight: Array64,
  bias: Array64,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  eps = 1e-5,
): Array64 {
  return build(x.shape, (position) => {
    const c = position[1] as number;
    const h = (at(x, position) - (mean[c] as number)) / Math.sqrt((variance[c] as number) + eps);
    return h * (weight.data[c] as number) + (bias.data[c] as number);
  });
}

export function batchNormTraining(x: Array64, weight: Array64, bias: Array64, eps = 1e-5): Array64 {
  const { mean, variance } = moments(x);
  return batchNorm(x, weight, bias, mean, variance, eps);
}
