/** The product of maps in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import { type Context, open, type Tensor } from '@infnet/core';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { product } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

describe('product', () => {
  it('of two and three factors, or of one with itself, has the gradients of finite differences mid-graph', async () => {
    const cases = fc.record({
      shape: fc.oneof(oddImages(8000), fc.constantFrom([17], [3, 26])),
      factors: fc.constantFrom(['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c'], ['a', 'b', 'a'], ['a', 'a']),
      /** How many of the factors are differentiated: all of them take another path than some. */
      left: fc.constantFrom(0, 0, 1, 2),
      inRange: fc.boolean(),
    });
    await forAllDrawn(
      cases,
      async ({ shape, factors, left, inRange }) => {
        const names = [...new Set(factors)];
        await checkMidGraph(context, {
          inputs: Object.fromEntries(names.map((name) => [name, uniformValues(name, shape, 1, 0.5)])),
          operator: (i) => [product(factors.map((name) => i[name] as Tensor))],
          reference: (i) => {
            const values = factors.map((name) => (i[name] as Exact).data);
            const data = (values[0] as Float64Array).map((_, k) =>
              values.reduce((p, all) => p * (all[k] as number), 1),
            );
            return [{ shape, data }];
          },
          wanted: names.slice(Math.min(left, names.length - 1)),
          inRange,
        });
      },
      16,
    );
  });
});
