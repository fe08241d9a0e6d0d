/** The boundary loss, and the weights of deep supervision, against float64 and finite differences. */
import { type Context, evaluate, open, schedule, type Tensor, trace } from '@infnet/core';
import { mean } from '@infnet/nn';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundaryLoss, deepSupervision, deepSupervisionWeights } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

type Activation = 'softmax' | 'sigmoid' | 'none';

/** The definition in float64. */
function boundary(
  x: Float64Array,
  distances: ArrayLike<number>,
  [n, channels, h, w]: readonly [number, number, number, number],
  activation: Activation,
  first: number,
): number {
  const area = h * w;
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const c = Math.floor(i / area) % channels;
    if (c < first) continue;
    const v = x[i] as number;
    const start = i - c * area;
    const total = Array.from({ length: channels }, (_, k) => Math.exp(x[start + k * area] as number));
    const softmax = Math.exp(v) / total.reduce((a, b) => a + b);
    const p = { softmax, sigmoid: 1 / (1 + Math.exp(-v)), none: v }[activation];
    sum += p * (distances[i] as number);
  }
  return sum / (n * (channels - first) * area);
}

describe('boundaryLoss', () => {
  it('has the gradient of finite differences mid-graph, on any shape, with every activation', async () => {
    const drawn = fc.record({
      shape: oddImages(2000),
      inRange: fc.boolean(),
      background: fc.boolean(),
      activation: fc.constantFrom<Activation>('softmax', 'sigmoid', 'none'),
    });
    await forAllDrawn(
      drawn,
      async ({ shape, inRange, activation, ...drawn }) => {
        const background = drawn.background || shape[1] === 1;
        // One channel's softmax is 1 everywhere: it has no gradient to compare.
        const given = shape[1] === 1 && activation === 'softmax' ? 'sigmoid' : activation;
        const distances = uniformValues('distances', shape, 3, 1);
        const data = Float32Array.from(distances.data);
        await checkMidGraph(context, {
          inputs: { x: uniformValues('x', shape, 2) },
          fixed: { distances: { shape, data } },
          operator: ({ x, distances }) => [
            boundaryLoss(x as Tensor, distances as Tensor, { activation: given, background }),
          ],
          reference: ({ x }) => [
            {
              shape: [],
              data: Float64Array.of(boundary((x as Exact).data, data, shape, given, background ? 0 : 1)),
            },
          ],
          inRange,
        });
      },
      8,
    );
  });

  it.each([
    ['a distance map of another size', [1, 2, 4, 5], {}, 'SHAPE_MISMATCH'],
    ['a misspelt option', [1, 2, 4, 4], { active: 'none' }, 'OPTION_UNKNOWN'],
  ] as const)('%s is refused', (_, shape, options, code) => {
    const shapes = { x: [1, 2, 4, 4], distances: [...shape] };
    expect(() => trace(({ x, distances }) => boundaryLoss(x, distances, options as never), shapes)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('one channel without background is refused', () => {
    const shapes = { x: [1, 1, 4, 4], distances: [1, 1, 4, 4] };
    expect(() => trace(({ x, distances }) => boundaryLoss(x, distances, { background: false }), shapes)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^SHAPE_/) }),
    );
  });
});

describe('deepSupervision', () => {
  it("has nnU-Net's weights: halves, the last 0, sum 1", () => {
    expect(deepSupervisionWeights(1)).toEqual([1]);
    expect(deepSupervisionWeights(2)).toEqual([1, 0]);
    expect(deepSupervisionWeights(5)).toEqual([8 / 15, 4 / 15, 2 / 15, 1 / 15, 0]);
  });

  it('weighs the losses, and computes nothing of those with weight 0', async () => {
    const shapes = { a: [2, 3], b: [3], c: [4] };
    const program = ({ a, b, c }: Record<'a' | 'b' | 'c', Tensor>, weights?: readonly number[]): Tensor =>
      deepSupervision([mean(a), mean(b), mean(c)], weights);
    const values = {
      a: { shape: shapes.a, data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      b: { shape: shapes.b, data: Float32Array.of(3, 6, 9) },
      c: { shape: shapes.c, data: Float32Array.of(Number.NaN, 1, 1, 1) },
    };
    const found = await evaluate(context, (inputs) => program(inputs as never), values);
    expect(found['output']?.data[0]).toBeCloseTo((2 * 3.5 + 6) / 3, 6);
    const dispatches = (weights?: readonly number[]): number =>
      schedule(trace((inputs) => program(inputs as never, weights), shapes)).dispatches.length;
    expect(dispatches()).toBeLessThan(dispatches([2, 2, 2]));
  });

  it.each([
    ['too few weights', [1]],
    ['a weight that is NaN', [1, Number.NaN]],
    ['no weight but 0', [0, 0]],
  ] as const)('%s is refused', (_, weights) => {
    expect(() => trace(({ x }) => deepSupervision([x, x], weights), { x: [] })).toThrow(
      expect.objectContaining({ code: 'LOSS_WEIGHTS' }),
    );
    expect(() => deepSupervisionWeights(0)).toThrow(expect.objectContaining({ code: 'LOSS_WEIGHTS' }));
  });
});
