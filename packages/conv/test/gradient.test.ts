/** Gradients: every kernel, forced, against sums in float64; and the gradient rule inside a trace. */
import {
  applyOne,
  type Context,
  evaluate,
  gradients,
  type HostTensor,
  isInfnetError,
  type Operator,
  type Tensor,
  trace,
} from '@infnet/core';
import { expectClose, numRuns } from '@infnet/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConvolutionAlgorithm, conv2d, conv2dSettings } from '../src/index.js';
import {
  conv2dBiasGradientCalls,
  conv2dInputGradientCall,
  conv2dInputGradientOperator,
  conv2dWeightGradientCalls,
  conv2dWeightGradientOperator,
  type WeightGradientAlgorithm,
} from '../src/kernels.js';
import { gatherCases, winogradCases } from './cases.js';
import { geometryOfCase, inputGradientReference, type ReferenceCase, weightGradientReference } from './reference.js';
import { compute, dispatch, label, openQuietly, random, weights } from './support.js';

const NO_SUBGROUPS = 'this device has no subgroups of one fixed size';
let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

const settingsOf = ({ input: _, weight, ...options }: ReferenceCase) =>
  conv2dSettings(options, [weight[2], weight[3]], 'test');

function upstream(test: ReferenceCase): HostTensor {
  const { batch, outChannels, outSize } = geometryOfCase(test);
  return random('g', [batch, outChannels, ...outSize]);
}

async function checkInput(test: ReferenceCase, algorithm: ConvolutionAlgorithm, tolerance: number): Promise<void> {
  const inputs = { g: upstream(test), w: weights('w', test.weight) };
  const attributes = { ...settingsOf(test), inputShape: test.input, algorithm };
  const traced = (t: Readonly<Record<string, Tensor>>): Tensor =>
    applyOne(conv2dInputGradientOperator as unknown as Operator, [t['g'] as Tensor, t['w'] as Tensor], attributes);
  const dx = await compute(context, traced, inputs);
  expectClose(
    dx,
    inputGradientReference(test, inputs.g.data, inputs.w.data),
    { relL2: tolerance },
    `${algorithm} ${label(test)}`,
  );
}

async function checkWeight(test: ReferenceCase, algorithm: WeightGradientAlgorithm | undefined): Promise<void> {
  const inputs = { g: upstream(test), x: random('x', test.input) };
  const attributes = { ...settingsOf(test), weightShape: test.weight, algorithm };
  const traced = (t: Readonly<Record<string, Tensor>>): Tensor =>
    applyOne(conv2dWeightGradientOperator as unknown as Operator, [t['g'] as Tensor, t['x'] as Tensor], attributes);
  const dw = await compute(context, traced, inputs);
  expectClose(
    dw,
    weightGradientReference(test, inputs.g.data, inputs.x.data),
    { relL2: 2e-6 },
    `${algorithm} ${label(test)}`,
  );
}

describe.each(['gemm', 'gemm-subgroup', 'gemm-tiled', 'direct'] as const)('the input gradient by %s', (algorithm) => {
  it('is right for any convolution', async ({ skip }) => {
    skip(algorithm === 'gemm-subgroup' && context.profile.subgroupSize === 0, NO_SUBGROUPS);
    await fc.assert(
      fc.asyncProperty(gatherCases, (test) => checkInput(test, algorithm, 2e-6)),
      { numRuns: numRuns(40), seed: 2 },
    );
  });
});

describe.each([
  ['winograd2', 2e-6],
  ['winograd4', 1e-5],
] as const)('the input gradient by %s', (algorithm, tolerance) => {
  it('is right for any 3 x 3 convolution of stride 1', async () => {
    await fc.assert(
      fc.asyncProperty(winogradCases, (test) => checkInput(test, algorithm, tolerance)),
      { numRuns: numRuns(30), seed: 2 },
    );
  });
});

describe.each(['plain', 'single', 'subgroup', 'tiled'] as const)('the weight gradient by %s', (algorithm) => {
  it('is right for any convolution', async ({ skip }) => {
    if (algorithm === 'subgroup' && context.profile.subgroupSize === 0) {
      await expect(checkWeight({ input: [1, 1, 1, 1], weight: [1, 1, 1, 1] }, algorithm)).rejects.toThrow(
        'KERNEL_UNAVAILABLE',
      );
      skip(NO_SUBGROUPS);
    }
    await fc.assert(
      fc.asyncProperty(gatherCases, (test) => checkWeight(test, algorithm)),
      { numRuns: numRuns(40), seed: 3 },
    );
  });

  it.for([
    { input: [2, 3, 40, 37], weight: [16, 3, 3, 3], padding: 1, stride: 2 },
    { input: [3, 5, 31, 29], weight: [6, 5, 1, 1] },
    { input: [2, 26, 20, 20], weight: [26, 26, 3, 3], padding: 1 },
    { input: [1, 6, 41, 40], weight: [10, 3, 3, 1], padding: [1, 0], groups: 2 },
  ] satisfies ReferenceCase[])('splits the sum of $input * $weight', async (test, { skip }) => {
    skip(algorithm === 'subgroup' && context.profile.subgroupSize === 0, NO_SUBGROUPS);
    await checkWeight(test, algorithm);
  });
});

it('the weight gradient of many channels by tiled uses tiles of 64 x 64', async () => {
  const test: ReferenceCase = { input: [1, 1024, 2, 2], weight: [1024, 1024, 1, 1] };
  const calls = conv2dWeightGradientCalls({ ...test, algorithm: 'tiled' });
  expect(calls.product.constants).toMatchObject({ TILE_M: 64, TILE_N: 64 });
  await checkWeight(test, 'tiled');
});

describe('the gradient rule', () => {
  it('gives all three gradients inside a trace, the same bits every time', async () => {
    const test: ReferenceCase = {
      input: [2, 6, 9, 8],
      weight: [8, 3, 3, 3],
      padding: [1, 0],
      stride: [2, 1],
      groups: 2,
    };
    const inputs = { x: random('x', test.input), w: weights('w', test.weight), b: random('b', [8]), g: upstream(test) };
    const run = () =>
      evaluate(
        context,
        ({ x, w, b, g }) => {
          const { input: _, weight: __, ...options } = test;
          const output = conv2d(x, w, b, options);
          const [dx, dw, db] = gradients([{ output, gradient: g }], [x, w, b]) as [Tensor, Tensor, Tensor];
          return { dx, dw, db };
        },
        inputs,
      );
    const { dx, dw, db } = await run();
    const tolerance = { relL2: 2e-6 };
    expectClose(dx?.data ?? [], inputGradientReference(test, inputs.g.data, inputs.w.data), tolerance, 'dx');
    expectClose(dw?.data ?? [], weightGradientReference(test, inputs.g.data, inputs.x.data), tolerance, 'dw');
    const sums = new Float64Array(8);
    const area = inputs.g.data.length / 16;
    for (const [i, value] of inputs.g.data.entries()) (sums[Math.floor(i / area) % 8] as number) += value;
    expectClose(db?.data ?? [], sums, tolerance, 'db');
    expect(await run()).toEqual({ dx, dw, db });
  });

  it('computes only what is asked for', () => {
    const graph = trace(({ x, w, g }) => gradients([{ output: conv2d(x, w), gradient: g }], [w]) as [Tensor], {
      x: [1, 3, 5, 5],
      w: [4, 3, 3, 3],
      g: [1, 4, 3, 3],
    });
    expect(graph.nodes.map(({ operator }) => operator.name)).toEqual(['conv2d', 'conv2dWeightGradient']);
  });

  it('refuses a gradient of another shape', () => {
    const apply = (t: Readonly<Record<string, Tensor>>): Tensor =>
      applyOne(conv2dWeightGradientOperator as unknown as Operator, [t['g'] as Tensor, t['x'] as Tensor], {
        ...conv2dSettings({}, [3, 3], 'test'),
        weightShape: [4, 3, 3, 3],
      });
    try {
      trace(apply, { x: [1, 3, 5, 5], g: [1, 4, 5, 5] });
      expect.unreachable();
    } catch (error) {
      expect(isInfnetError(error, 'SHAPE_MISMATCH')).toBe(true);
    }
  });
});

describe('gradients for a WebGPU program without infnet', () => {
  const test: ReferenceCase = {
    input: [2, 6, 21, 17],
    weight: [8, 3, 3, 3],
    padding: [1, 2],
    stride: [2, 1],
    groups: 2,
  };
  const { input, weight, ...options } = test;
  const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const [x, w] = [random('x', input).data, weights('w', weight).data];
  const g = upstream(test).data as Float32Array;

  it('of the input, in one dispatch', async () => {
    const call = conv2dInputGradientCall({ input, weight, ...options });
    const dx = await dispatch(context, call, { x: g, weight: w, y: new Float32Array(size(input)) });
    expectClose(dx, inputGradientReference(test, g, w), { relL2: 2e-6 });
  });

  it.each(['plain', 'tiled'] as const)('of the weights by %s, in as many as it says', async (algorithm) => {
    const calls = conv2dWeightGradientCalls({ input, weight, ...options, algorithm });
    expect(calls.pad === undefined).toBe(algorithm === 'tiled');
    const source = calls.pad && (await dispatch(context, calls.pad, { x, y: new Float32Array(calls.paddedElements) }));
    const y = new Float32Array(calls.partialElements || size(weight));
    const product = await dispatch(context, calls.product, { g, x: source ?? x, y });
    const dw =
      calls.sum && (await dispatch(context, calls.sum, { partial: product, y: new Float32Array(size(weight)) }));
    expectClose(dw ?? product, weightGradientReference(test, g, x), { relL2: 2e-6 });
  });

  it('of the bias, in two', async () => {
    const { product, sum, partialElements } = conv2dBiasGradientCalls(upstream(test).shape);
    const partial = await dispatch(context, product, { g, y: new Float32Array(partialElements) });
    const db = await dispatch(context, sum, { partial, y: new Float32Array(8) });
    const sums = new Float64Array(8);
    for (const [i, value] of g.entries()) (sums[Math.floor(i / (g.length / 16)) % 8] as number) += value;
    expectClose(db, sums, { relL2: 2e-6 });
  });
});
