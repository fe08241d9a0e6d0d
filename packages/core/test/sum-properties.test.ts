/** The sum of tensors in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Context, open, sumTensors, type Tensor } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

describe('sumTensors', () => {
  it('of one to nine tensors, one of them twice, has the gradients of finite differences mid-graph', async () => {
    const shapes = fc.oneof(oddImages(4000), fc.constantFrom([1], [17], [3, 26]));
    const cases = fc.record({ shape: shapes, count: fc.integer({ min: 1, max: 9 }), inRange: fc.boolean() });
    await forAllDrawn(cases, async ({ shape, count, inRange }) => {
      const names = Array.from({ length: count }, (_, i) => `x${i}`);
      await checkMidGraph(context, {
        inputs: Object.fromEntries(names.map((name) => [name, uniformValues(name, shape)])),
        operator: (i) => [sumTensors([...names, 'x0'].map((name) => i[name] as Tensor))],
        reference: (i) => {
          const parts = [...names, 'x0'].map((name) => (i[name] as Exact).data);
          const data = parts[0]?.map((_, k) => parts.reduce((sum, part) => sum + (part[k] as number), 0));
          return [{ shape, data: data as Float64Array }];
        },
        inRange,
      });
    });
  });
});
