/** The stack of tensors in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import { type Context, open, type Tensor } from '@infnet/core';
import { checkMidGraph, type Exact, forAllDrawn, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { stack } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

describe('stack', () => {
  it('of one to seven tensors has the gradients of finite differences mid-graph', async () => {
    const cases = fc.record({
      rest: fc.constantFrom([], [26], [3, 5], [52, 1, 1], [3, 3, 3]),
      lengths: fc.array(fc.constantFrom<number>(1, 3, 26), { minLength: 1, maxLength: 7 }),
      inRange: fc.boolean(),
      /** Whether the first part is the only one that is differentiated. */
      first: fc.boolean(),
    });
    await forAllDrawn(cases, async ({ rest, lengths, inRange, first }) => {
      const names = lengths.map((_, k) => `x${k}`);
      const inputs = names.map((name, k) => [name, uniformValues(name, [lengths[k] as number, ...rest])]);
      await checkMidGraph(context, {
        inputs: Object.fromEntries(inputs),
        operator: (i) => [stack(names.map((name) => i[name] as Tensor))],
        reference: (i) => {
          const data = Float64Array.from(names.flatMap((name) => [...(i[name] as Exact).data]));
          return [{ shape: [lengths.reduce((a, b) => a + b, 0), ...rest], data }];
        },
        wanted: first ? ['x0'] : names,
        inRange,
      });
    });
  });
});
