/** Every forward kernel, forced, against convolution in float64. */
import type { Context, HostTensor, Tensor } from '@infnet/core';
import { expectClose, numRuns } from '@infnet/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConvolutionAlgorithm, conv2d } from '../src/index.js';
import { conv2dCall } from '../src/kernels.js';
import { subgroupTile } from '../src/tile.js';
import { gatherCases, winogradCases } from './cases.js';
import { conv2dReference, type ReferenceCase } from './reference.js';
import { compute, label, openQuietly, random, weights } from './support.js';

const NO_SUBGROUPS = 'this device has no subgroups of one fixed size';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

async function check(
  test: ReferenceCase,
  algorithm: ConvolutionAlgorithm,
  tolerance: number,
  bias = false,
): Promise<void> {
  const { input, weight, ...options } = test;
  const inputs: Record<string, HostTensor> = { x: random('x', input), w: weights('w', weight) };
  if (bias) inputs['b'] = random('b', [weight[0]]);
  const traced = (t: Readonly<Record<string, Tensor>>): Tensor =>
    conv2d(t['x'] as Tensor, t['w'] as Tensor, t['b'], { ...options, algorithm });
  const y = await compute(context, traced, inputs);
  const expected = conv2dReference(test, inputs['x']?.data ?? [], inputs['w']?.data ?? [], inputs['b']?.data);
  expectClose(y, expected, { relL2: tolerance }, `${algorithm} ${label(test)}`);
}

describe.each(['gemm', 'gemm-subgroup', 'gemm-tiled', 'direct'] as const)('%s', (algorithm) => {
  const available = (): boolean => algorithm !== 'gemm-subgroup' || context.profile.subgroupSize > 0;

  it('is any convolution', async ({ skip }) => {
    if (!available()) {
      await expect(check({ input: [1, 1, 1, 1], weight: [1, 1, 1, 1] }, algorithm, 0)).rejects.toThrow(
        'KERNEL_UNAVAILABLE',
      );
      skip(NO_SUBGROUPS);
    }
    await fc.assert(
      fc.asyncProperty(gatherCases, (test) => check(test, algorithm, 2e-6)),
      { numRuns: numRuns(40), seed: 1 },
    );
  });

  it.for([
    { input: [1, 26, 13, 11], weight: [26, 26, 3, 3], padding: 1 },
    { input: [3, 52, 5, 5], weight: [13, 52, 1, 1] },
    { input: [2, 3, 21, 17], weight: [32, 3, 3, 3], padding: 1, stride: 2 },
    { input: [1, 5, 40, 33], weight: [70, 5, 1, 1] },
    { input: [1, 16, 3, 3], weight: [8, 8, 5, 5], padding: 2, groups: 2 },
    { input: [2, 9, 11, 13], weight: [9, 1, 3, 3], padding: 7, dilation: 7, groups: 9 },
  ] satisfies ReferenceCase[])('$input * $weight', async (test, { skip }) => {
    skip(!available(), NO_SUBGROUPS);
    await check(test, algorithm, 2e-6, true);
  });
});

describe('large dispatches', () => {
  it('of gemm-tiled use tiles of 64 x 64', async () => {
    const test: ReferenceCase = { input: [1, 3, 91, 91], weight: [70, 3, 1, 1] };
    const call = conv2dCall({ ...test, kernel: 'gemm-tiled' });
    expect(call.constants).toMatchObject({ TILE_M: 64, TILE_N: 64 });
    await check(test, 'gemm-tiled', 2e-6);
  });

  it('of more than 65535 workgroups lie in several lines', async ({ skip }) => {
    skip(context.profile.subgroupSize === 0, NO_SUBGROUPS);
    const shape = { outChannels: 2 ** 19, pixels: 1, steps: 1, layers: 1, plain: true, apart: 1 };
    const { channels } = subgroupTile(shape, context.profile);
    const test: ReferenceCase = { input: [1, 1, 1, 1], weight: [channels * 65536, 1, 1, 1] };
    const call = conv2dCall({ ...test, kernel: 'gemm-subgroup', device: context.profile });
    expect(call.workgroups[1]).toBe(2);
    await check(test, 'gemm-subgroup', 2e-6);
  });
});

describe.each([
  ['winograd2', 2e-6],
  ['winograd4', 1e-5],
] as const)('%s', (algorithm, tolerance) => {
  it('is any 3 x 3 convolution of stride 1', async () => {
    await fc.assert(
      fc.asyncProperty(winogradCases, (test) => check(test, algorithm, tolerance)),
      { numRuns: numRuns(40), seed: 1 },
    );
  });

  it.for([
    { input: [1, 52, 22, 22], weight: [52, 52, 3, 3], padding: 1 },
    { input: [2, 26, 9, 31], weight: [35, 26, 3, 3], padding: [0, 2] },
  ] satisfies ReferenceCase[])('$input * $weight', (test) => check(test, algorithm, tolerance, true));
});
