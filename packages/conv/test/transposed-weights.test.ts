/**
 * Weights stored with their result channels last: the same convolution, in every kernel that reads weights by strides.
 */
import {
  applyOne,
  type Context,
  DEFAULT_PROFILE,
  type DeviceProfile,
  elementCount,
  type Operator,
  ParameterStore,
  preparePlan,
  type Schedule,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { ADAPTER_TRAITS } from '@infnet/core/kernels';
import { expectClose } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conv2d, conv2dSettings } from '../src/index.js';
import { fusedConv2dOperator } from '../src/kernels.js';
import { transposeWeightOperator } from '../src/operator/transpose-weight.js';
import { conv2dReference, geometryOfCase, type ReferenceCase } from './reference.js';
import { compute, gatherAlgorithms, label, openQuietly, random, weights } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

const CASES: readonly ReferenceCase[] = [
  { input: [2, 26, 5, 7], weight: [52, 26, 1, 1] },
  { input: [1, 3, 9, 8], weight: [26, 3, 3, 5], padding: [1, 2], stride: 2 },
  { input: [3, 8, 6, 5], weight: [17, 8, 3, 3], padding: 2, dilation: 2 },
];

describe('transposed weights', () => {
  it.for(CASES.map((test) => [label(test), test] as const))('%s', async ([, test]) => {
    const [x, w] = [random('x', test.input), weights('w', test.weight)];
    const { stride, padding, dilation } = geometryOfCase(test);
    const expected = conv2dReference(test, x.data, w.data);
    for (const algorithm of gatherAlgorithms(context)) {
      const [top, left] = padding;
      const kernel = [test.weight[2] as number, test.weight[3] as number] as const;
      const settings = conv2dSettings({ stride, padding: [top, left], dilation }, kernel, 'test');
      const attributes = { ...settings, operands: ['x', 'weight'], relu: false, algorithm, transposedWeights: true };
      const got = await compute(
        context,
        ({ x, w }) => {
          const transposed = applyOne(transposeWeightOperator, [w as Tensor], {});
          return applyOne(fusedConv2dOperator as unknown as Operator, [x as Tensor, transposed], attributes as never);
        },
        { x, w },
      );
      expectClose(got, expected, { relL2: 1e-6 }, algorithm);
    }
  });

  it('are made once, where they are constant and llvmpipe reads them better', () => {
    const llvmpipe = { ...DEFAULT_PROFILE, traits: ADAPTER_TRAITS.llvmpipe, subgroupSize: 8 } satisfies DeviceProfile;
    const swiftshader = { ...llvmpipe, traits: ADAPTER_TRAITS.swiftshader, subgroupSize: 4 };
    expect(kernelsOf(256, llvmpipe)).toEqual([['conv/transpose-weight'], ['conv/gemm-subgroup']]);
    expect(kernelsOf(260, llvmpipe)).toEqual([[], ['conv/gemm-subgroup']]);
    expect(kernelsOf(256, swiftshader)).toEqual([[], ['conv/gemm-subgroup']]);
    expect(kernelsOf(256, DEFAULT_PROFILE)).toEqual([[], ['conv/gemm-tiled']]);
    expect(kernelsOf(256, llvmpipe, { liveParameters: true })).toEqual([[], ['conv/gemm-subgroup']]);
  });

  it('give what the untransposed give, planned as a whole', async () => {
    const net = new Conv2d(256, 40, 1);
    const shape = [2, 256, 3, 5] as const;
    using parameters = new ParameterStore(context, net);
    parameters.initialize(1);
    const x = random('x', shape).data;
    const results: Float32Array[] = [];
    for (const fusion of [true, false]) {
      const graph = trace(({ x }) => net.call(x as Tensor), { x: shape });
      using plan = await preparePlan(context, graph, { parameters, fusion });
      results.push((await plan.run({ x }))['output'] as Float32Array);
    }
    expect(results[0]).toHaveLength(elementCount([2, 40, 3, 5]));
    expectClose(results[0] as Float32Array, results[1] as Float32Array, { relL2: 1e-6 }, 'planned');
  });
});

/** Kernels that run once, and in every run, of a 1 x 1 convolution of so many channels. */
function kernelsOf(
  channels: number,
  device: DeviceProfile,
  options: { readonly liveParameters?: boolean } = {},
): [string[], string[]] {
  const net = new Conv2d(channels, 64, 1, { bias: false });
  const graph = trace(({ x }) => net.call(x as Tensor), { x: [1, channels, 22, 22] });
  const { constantDispatches, dispatches }: Schedule = schedule(graph, { device, ...options });
  return [constantDispatches, dispatches].map((list) => list.map(({ kernel }) => kernel.name)) as [string[], string[]];
}
