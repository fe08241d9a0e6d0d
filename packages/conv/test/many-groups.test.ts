/** More layers (groups, classes, splits) than a dimension of workgroups takes: folded, and right. */
import { type Context, evaluate, gradients, open, schedule, type Tensor, trace } from '@infnet/core';
import type { KernelCall } from '@infnet/core/kernels';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conv2d } from '../src/index.js';
import {
  conv2dCall,
  conv2dInputGradientCall,
  conv2dWeightGradientCalls,
  type WeightGradientCalls,
} from '../src/kernels.js';
import { layeredWorkgroups } from '../src/layers.js';
import { dispatch } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const CHANNELS = 65_537;
const filled = (shape: readonly number[], value: (i: number) => number) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});
/** Small integers, so that sums are exact. */
const x = filled([1, CHANNELS, 1, 3], (i) => (i % 7) - 3);
const weight = filled([CHANNELS, 1, 1, 2], (i) => (i % 5) - 2);

function depthwise(at: number): number {
  const [channel, column] = [Math.floor(at / 2), at % 2];
  const value = (data: Float32Array, i: number): number => data[i] as number;
  const first = value(x.data, 3 * channel + column) * value(weight.data, 2 * channel);
  return first + value(x.data, 3 * channel + column + 1) * value(weight.data, 2 * channel + 1);
}

describe(`a depthwise convolution of ${CHANNELS} channels`, () => {
  it('is right', async () => {
    const { output } = await evaluate(
      context,
      ({ x, weight }) => conv2d(x as Tensor, weight as Tensor, undefined, { groups: CHANNELS }),
      { x, weight },
    );
    expect(output?.data.findIndex((value, at) => value !== depthwise(at))).toBe(-1);
  });

  it('has the gradients of input and weights', async () => {
    const upstream = filled([1, CHANNELS, 1, 2], (i) => (i % 3) - 1);
    const { dx, dw } = await evaluate(
      context,
      ({ x, weight, g }) => {
        const y = conv2d(x as Tensor, weight as Tensor, undefined, { groups: CHANNELS });
        const [dx, dw] = gradients([{ output: y, gradient: g as Tensor }], [x as Tensor, weight as Tensor]);
        return { dx: dx as Tensor, dw: dw as Tensor };
      },
      { x, weight, g: upstream },
    );
    const g = (c: number, j: number): number => (j < 0 || j > 1 ? 0 : (upstream.data[2 * c + j] as number));
    const w = (c: number, t: number): number => weight.data[2 * c + t] as number;
    const wrongInput = dx?.data.findIndex((value, at) => {
      const [c, j] = [Math.floor(at / 3), at % 3];
      return value !== g(c, j) * w(c, 0) + g(c, j - 1) * w(c, 1);
    });
    const wrongWeight = dw?.data.findIndex((value, at) => {
      const [c, t] = [Math.floor(at / 2), at % 2];
      return value !== g(c, 0) * (x.data[3 * c + t] as number) + g(c, 1) * (x.data[3 * c + t + 1] as number);
    });
    expect([wrongInput, wrongWeight]).toEqual([-1, -1]);
  });

  it('has counts of workgroups that every device takes, in plans and in calls', () => {
    const graph = trace(({ x, w }) => conv2d(x, w, undefined, { groups: CHANNELS }), { x: x.shape, w: weight.shape });
    const call = conv2dCall({ input: x.shape, weight: weight.shape, groups: CHANNELS });
    for (const { workgroups } of [...schedule(graph).dispatches, call]) {
      expect(workgroups.every((count) => count <= 65_535)).toBe(true);
    }
  });
});

describe('layers of workgroups', () => {
  it.each([
    [1, 65_535],
    [1, 65_536],
    [70_000, 65_536],
    [3, 200_000],
  ])('%i in each of %i layers: all are there, none twice', (count, layers) => {
    const { constants, params, workgroups } = layeredWorkgroups(count, layers);
    const [width, height, depth] = workgroups;
    const perRow = params['layersPerRow'] ?? 1;
    const rows = params['lineRows'] ?? height;
    expect(workgroups.every((size) => size <= 65_535)).toBe(true);
    expect(constants).toEqual(layers > 65_535 ? { FOLDED: 1 } : {});
    expect(width * rows).toBeGreaterThanOrEqual(count);
    expect(rows * perRow).toBe(height);
    expect(depth * perRow).toBeGreaterThanOrEqual(layers);
  });
});

/** The call as it would be if there were too many layers. */
function folded({ constants, params, workgroups: [width, height, layers], ...rest }: KernelCall): KernelCall {
  return {
    ...rest,
    constants: { ...constants, FOLDED: 1 },
    params: { ...params, lineRows: height, layersPerRow: 3, layers },
    workgroups: [width, height * 3, Math.ceil(layers / 3)],
  };
}

describe('a folded call gives what the plain one gives', () => {
  const input = [2, 8, 5, 4];
  const options = { input, weight: [12, 2, 3, 3], groups: 4, padding: 1, stride: 2 } as const;
  const data = (shape: readonly number[]): Float32Array => filled(shape, (i) => ((i * 7) % 11) - 5).data;
  // Sums of small integers: every kernel gives the same bits, so the one that compiles fastest says what is right.
  const same = async (call: KernelCall, plain: KernelCall, buffers: Record<string, Float32Array>): Promise<void> => {
    const expected = await dispatch(context, plain, buffers);
    expect(await dispatch(context, folded(call), buffers)).toEqual(expected);
    expect(expected.some((value) => value !== 0)).toBe(true);
  };

  it.each(['direct', 'gemm', 'gemm-tiled', 'gemm-subgroup'] as const)('%s, forwards and backwards', async (kernel) => {
    if (kernel === 'gemm-subgroup' && context.profile.subgroupSize === 0) return;
    const device = context.profile;
    const y = data([2, 12, 3, 2]);
    const weight = data(options.weight);
    const way = (name: typeof kernel) => ({ ...options, kernel: name, device });
    const forward = { x: data(input), weight, y: y.map(() => 0) };
    await same(conv2dCall(way(kernel)), conv2dCall(way('direct')), forward);
    const back = { x: y, weight, y: data(input).map(() => 0) };
    await same(conv2dInputGradientCall(way(kernel)), conv2dInputGradientCall(way('direct')), back);
  });

  it.each(['plain', 'single', 'subgroup', 'tiled'] as const)('weight gradient %s', async (algorithm) => {
    if (algorithm === 'subgroup' && context.profile.subgroupSize === 0) return;
    const [calls, plain] = ([algorithm, 'single'] as const).map((name) =>
      conv2dWeightGradientCalls({ ...options, padding: 0, algorithm: name, device: context.profile }),
    ) as [WeightGradientCalls, WeightGradientCalls];
    expect([calls.pad, calls.sum, plain.sum]).toEqual([undefined, undefined, undefined]);
    await same(calls.product, plain.product, {
      g: data([2, 12, 2, 1]),
      x: data(input),
      y: data(options.weight).map(() => 0),
    });
  });
});
