/** Convolution in the middle of a graph, any geometry on odd shapes, against float64 and its finite differences. */
import type { Context, Tensor } from '@infnet/core';
import {
  batchSize,
  checkMidGraph,
  forAllDrawn,
  oddChannels,
  oddExtent,
  uniformValues,
} from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { conv2d } from '../src/index.js';
import { conv2dReference, geometryOfCase, type ReferenceCase } from './reference.js';
import { openQuietly } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

interface Drawn {
  readonly test: ReferenceCase;
  readonly bias: boolean;
  readonly inRange: boolean;
  /** Differentiate all inputs, or one of them. */
  readonly wanted: 'all' | 'x' | 'weight';
}

const pair = (least: number, most: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

/** Products of the forward pass; the reference takes them a dozen times. */
function productsOf(test: ReferenceCase): number {
  const [height, width] = geometryOfCase(test).outSize;
  return test.input[0] * height * width * test.weight.reduce((a, b) => a * b);
}

/** Every stride, padding, dilation and kernel; groups 1, 2, or as many as channels (depthwise, with a multiplier). */
function drawn(groupKind: 'one' | 'two' | 'depthwise', kernels: fc.Arbitrary<readonly [number, number]>) {
  const channelsOf = groupKind === 'two' ? fc.constantFrom(2, 6, 26, 52) : oddChannels;
  return fc
    .record({
      batch: batchSize,
      channels: channelsOf,
      outPerGroup: fc.constantFrom(1, 2, 3, 13),
      size: fc.tuple(oddExtent, oddExtent),
      kernel: kernels,
      stride: pair(1, 3),
      padding: pair(0, 2),
      dilation: pair(1, 3),
      bias: fc.boolean(),
      inRange: fc.boolean(),
      wanted: fc.constantFrom('all', 'all', 'x', 'weight'),
    })
    .filter(({ size, kernel, padding, dilation }) =>
      [0, 1].every((d) => {
        const [s, k, p, step] = [size, kernel, padding, dilation].map((all) => all[d] as number);
        return (s as number) + 2 * (p as number) >= (step as number) * ((k as number) - 1) + 1;
      }),
    )
    .map(({ batch, channels, outPerGroup, size, kernel, stride, padding, dilation, ...rest }): Drawn => {
      const groups = { one: 1, two: 2, depthwise: channels }[groupKind];
      return {
        ...rest,
        test: {
          input: [batch, channels, ...size],
          weight: [groups * outPerGroup, channels / groups, ...kernel],
          stride,
          padding,
          dilation,
          groups,
        },
      } as Drawn;
    })
    .filter(({ test }) => productsOf(test) <= 200_000);
}

async function check({ test, bias, inRange, wanted }: Drawn): Promise<void> {
  const { input, weight, ...options } = test;
  const fanIn = weight[1] * weight[2] * weight[3];
  const shape = [input[0], weight[0], ...geometryOfCase(test).outSize];
  await checkMidGraph(context, {
    inputs: {
      x: uniformValues('x', input),
      weight: uniformValues('weight', weight, Math.sqrt(3 / fanIn)),
      ...(bias && { bias: uniformValues('bias', [weight[0]]) }),
    },
    operator: ({ x, weight, bias }) => [conv2d(x as Tensor, weight as Tensor, bias, options)],
    reference: ({ x, weight, bias }) => [
      { shape, data: conv2dReference(test, x?.data ?? [], weight?.data ?? [], bias?.data) },
    ],
    wanted: wanted === 'all' ? undefined : [wanted],
    inRange,
  });
}

describe('conv2d', () => {
  it.each([
    { groups: 'one', name: 'in one group' },
    { groups: 'two', name: 'in two groups' },
    { groups: 'depthwise', name: 'in as many groups as channels' },
  ] as const)('any geometry $name has the gradients of finite differences mid-graph', async ({ groups }) => {
    await forAllDrawn(drawn(groups, pair(1, 5)), check, 12);
  });

  it('1 x 1 and 3 x 3 kernels of stride 1, which have kernels of their own, have them too', async () => {
    const kernels = fc.constantFrom<readonly [number, number]>([1, 1], [3, 3], [3, 3]);
    const plain = drawn('one', kernels).map((all) => ({ ...all, test: { ...all.test, stride: 1, dilation: 1 } }));
    await forAllDrawn(
      plain.filter(({ test }) => productsOf(test) <= 200_000),
      check,
      12,
    );
  });
});
