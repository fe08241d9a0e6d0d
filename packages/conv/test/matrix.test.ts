/**
 * The experimental kernel for matrix units with its builtins emulated: tiles, addresses, edges and epilogue, against
 * float64. What is not tested here are the builtins; matrix-compile.node.test.ts compiles them, and on a card the probe
 * computes with them.
 */
import { type Context, DEFAULT_PROFILE, type DeviceProfile, type Tensor } from '@infnet/core';
import type { SubgroupMatrix } from '@infnet/core/kernels';
import { expectClose, fill, isLong, longNote, relL2 } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { KernelAlgorithm } from '../src/forward/algorithm.js';
import { gatherCall } from '../src/forward/call.js';
import { forwardGather, type Gather, inputGradientGather } from '../src/forward/gather.js';
import { gemm } from '../src/forward/gemm.js';
import { gemmMatrix } from '../src/forward/gemm-matrix.js';
import { type ConvolutionAlgorithm, conv2d } from '../src/index.js';
import { NO_F16 } from './half-support.js';
import { conv2dReference, geometryOfCase, type ReferenceCase } from './reference.js';
import { compute, dispatch, openQuietly, weights } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

type Sides = Pick<SubgroupMatrix, 'M' | 'N' | 'K'>;
const SIXTEEN: Sides = { M: 16, N: 16, K: 16 };

/** This device with emulated matrix units. */
function emulating(size: Sides = SIXTEEN, subgroupSize = 32): DeviceProfile {
  return { ...context.profile, subgroupMatrix: { ...size, subgroupSize, emulated: true } };
}

/** Multiples of 1/32 up to 2: float16 has them, and float32 has all their sums of up to 2^13 products. */
const coarse = (name: string, count: number): Float32Array<ArrayBuffer> =>
  fill(name, count, 2).map((value) => Math.round(32 * value) / 32);
const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const whole = (shape: readonly number[]) => ({ offset: 0, batchStride: size(shape.slice(1)) });
const NO_WORK = { flops: 0, bytes: 0 };

/** The plain convolution by `algorithm` on a device of that profile. */
async function convolve(
  test: ReferenceCase,
  x: Float32Array,
  weight: Float32Array,
  device: DeviceProfile,
  algorithm: ConvolutionAlgorithm = 'gemm-matrix',
): Promise<Float32Array> {
  const spy = vi.spyOn(context, 'profile', 'get').mockReturnValue(device);
  const { input, weight: shape, ...options } = test;
  const inputs = { x: { shape: input, data: x }, w: { shape, data: weight } };
  try {
    const traced = ({ x, w }: Readonly<Record<string, Tensor>>): Tensor =>
      conv2d(x as Tensor, w as Tensor, undefined, { ...options, algorithm });
    return await compute(context, traced, inputs);
  } finally {
    spy.mockRestore();
  }
}

describe('gemm-matrix, emulated,', () => {
  it.each<ReferenceCase>([
    { input: [2, 26, 9, 7], weight: [19, 26, 3, 3], padding: 1 },
    { input: [1, 3, 13, 11], weight: [5, 3, 3, 3], padding: 1, stride: 2 },
    { input: [3, 52, 5, 5], weight: [70, 52, 1, 1] },
    { input: [1, 33, 8, 6], weight: [16, 33, 3, 3], padding: 2, dilation: 2 },
    { input: [2, 8, 6, 7], weight: [34, 4, 3, 2], padding: [1, 0], stride: [1, 2], groups: 2 },
    { input: [1, 17, 1, 1], weight: [1, 17, 1, 1] },
  ])('is exactly the convolution of what float16 holds: %o', async (test) => {
    const [x, weight] = [coarse('x', size(test.input)), coarse('w', size(test.weight))];
    expect(await convolve(test, x, weight, emulating())).toEqual(Float32Array.from(conv2dReference(test, x, weight)));
  });

  it.skipIf(!isLong)(`is the same with every size of matrices, subgroups and tiles${longNote}`, async () => {
    const test: ReferenceCase = { input: [2, 26, 7, 9], weight: [35, 26, 3, 3], padding: 1 };
    const [x, weight] = [coarse('x', size(test.input)), coarse('w', size(test.weight))];
    const expected = Float32Array.from(conv2dReference(test, x, weight));
    const tried: readonly [Sides, number, ConvolutionAlgorithm][] = [
      [{ M: 16, N: 8, K: 16 }, 64, 'gemm-matrix'],
      [{ M: 8, N: 8, K: 8 }, 16, 'gemm-matrix'],
      [SIXTEEN, 128, 'gemm-matrix'],
      [SIXTEEN, 32, 'gemm-matrix/64x64x32'],
    ];
    for (const [sides, lanes, algorithm] of tried)
      expect(await convolve(test, x, weight, emulating(sides, lanes), algorithm)).toEqual(expected);
  });

  it('rounds x and weights to float16', async () => {
    const test: ReferenceCase = { input: [1, 52, 6, 5], weight: [20, 52, 3, 3], padding: 1 };
    const [x, { data: weight }] = [fill('x', size(test.input)), weights('w', test.weight)];
    const y = await convolve(test, x, weight, emulating());
    // To the nearest as llvmpipe and cards do, or towards zero as SwiftShader does: WGSL allows both.
    const error = relL2(y, conv2dReference(test, x, weight));
    expect(error).toBeLessThan(1.2e-3);
    expect(error).toBeGreaterThan(1e-4);
  });

  it('reads weights that are float16 already', async ({ skip }) => {
    skip(!context.profile.hasF16, NO_F16);
    const test: ReferenceCase = { input: [1, 26, 6, 5], weight: [18, 26, 3, 3], padding: 1 };
    const [x, weight] = [coarse('x', size(test.input)), coarse('w', size(test.weight))];
    const geometry = geometryOfCase(test);
    const output = [1, 18, 6, 5];
    const operands = { x: whole(test.input), y: whole(output), halfWeights: true };
    const call = gatherCall({ algorithm: gemmMatrix }, forwardGather(geometry), operands, emulating(), NO_WORK);
    const y = await dispatch(context, call, { x, weight: halfBits(weight), y: new Float32Array(size(output)) });
    expect(y).toEqual(Float32Array.from(conv2dReference(test, x, weight)));
  });

  it.each([
    { affine: 'bias', relu: false, addend: false },
    { affine: 'scaleShift', relu: true, addend: true },
  ] as const)('finishes as every kernel does, over channel ranges: %o', async ({ affine, relu, addend: adds }) => {
    const test: ReferenceCase = { input: [2, 18, 5, 7], weight: [21, 18, 3, 3], padding: 1 };
    const [channels, area] = [21, 35];
    const range = (all: number, first: number) => ({ offset: first * area, batchStride: all * area });
    const ranges = { x: range(20, 1), addend: range(18, 0), residual: range(24, 3), y: range(23, 2) };
    const buffers = {
      x: coarse('x', 2 * 20 * area),
      addend: coarse('addend', 2 * 18 * area),
      residual: fill('residual', 2 * 24 * area),
      y: fill('y', 2 * 23 * area),
      weight: coarse('w', size(test.weight)),
      bias: fill('bias', channels),
      affine: fill('affine', 2 * channels),
    };
    const operands = { ...ranges, addend: adds ? ranges.addend : undefined, affine, relu };
    const gather = forwardGather(geometryOfCase(test));
    const result = await dispatch(
      context,
      gatherCall({ algorithm: gemmMatrix }, gather, operands, emulating(), NO_WORK),
      buffers,
    );

    const x = Float32Array.from({ length: 2 * 18 * area }, (_, i) => {
      const at = Math.floor(i / (18 * area)) * 20 * area + area + (i % (18 * area));
      return (buffers.x[at] as number) + (adds ? (buffers.addend[i] as number) : 0);
    });
    const sums = conv2dReference(test, x, buffers.weight);
    const expected = buffers.y.slice();
    for (const [i, sum] of sums.entries()) {
      const [n, channel, place] = [Math.floor(i / (channels * area)), Math.floor(i / area) % channels, i % area];
      const [scale, shift] =
        affine === 'bias'
          ? [1, buffers.bias[channel] as number]
          : [buffers.affine[channel] as number, buffers.affine[channels + channel] as number];
      const rest = buffers.residual[(n * 24 + 3 + channel) * area + place] as number;
      const value = sum * scale + shift + rest;
      expected[(n * 23 + 2 + channel) * area + place] = relu ? Math.max(0, value) : value;
    }
    // All of y: what lies outside the range must not have been touched.
    expectClose(result, expected, { relL2: 1e-6 });
  });

  it('gathers for a strided input gradient', async () => {
    const test: ReferenceCase = { input: [2, 20, 7, 5], weight: [18, 20, 3, 3], padding: 1, stride: 2 };
    const geometry = geometryOfCase(test);
    const upstream = [2, 18, ...geometry.outSize];
    const operands = { x: whole(upstream), y: whole(test.input) };
    const [g, weight] = [coarse('g', size(upstream)), coarse('w', size(test.weight))];
    const by = (algorithm: KernelAlgorithm, gather: Gather): Promise<Float32Array> =>
      dispatch(context, gatherCall({ algorithm }, gather, operands, emulating(), NO_WORK), {
        x: g,
        weight,
        y: new Float32Array(size(test.input)).fill(Number.NaN),
      });
    const gather = inputGradientGather(geometry);
    // `gemm` is tested against float64; sums of these values are exact in any order.
    expect(await by(gemmMatrix, gather)).toEqual(await by(gemm, gather));
  });

  it('is refused on a device without matrix units, or not opened with them', () => {
    const gather = forwardGather(geometryOfCase({ input: [1, 16, 4, 4], weight: [16, 16, 1, 1] }));
    const operands = { x: whole([1, 16, 4, 4]), y: whole([1, 16, 4, 4]) };
    expect(() => gatherCall({ algorithm: gemmMatrix }, gather, operands, DEFAULT_PROFILE, NO_WORK)).toThrow(
      /KERNEL_UNAVAILABLE.*gemm-matrix needs subgroup matrices/s,
    );
  });
});

/** Values as float16, two in each four bytes. They must be normal float16 numbers or zero. */
function halfBits(values: Float32Array): Float32Array {
  const bits = new Uint16Array(2 * Math.ceil(values.length / 2));
  for (const [i, value] of values.entries()) {
    const word = new Uint32Array(Float32Array.of(value).buffer)[0] as number;
    const exponent = ((word >>> 23) & 0xff) - 112;
    bits[i] = value === 0 ? 0 : ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 0x3ff);
  }
  return new Float32Array(bits.buffer);
}
