/** The step of the ladder in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import { type Context, open, type Tensor } from '@infnet/core';
import { concat, split } from '@infnet/nn';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { splitStep } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const plus = (a: Exact, b: Exact): Exact => ({ ...a, data: a.data.map((v, i) => v + (b.data[i] as number)) });

describe('splitStep', () => {
  it('has the gradients of finite differences mid-graph, whichever of its results are used', async () => {
    const cases = fc.record({
      shape: oddImages(8000),
      used: fc.constantFrom<'both' | 'sum' | 'passed'>('both', 'both', 'sum', 'passed'),
      inRange: fc.boolean(),
    });
    await forAllDrawn(cases, async ({ shape, used, inRange }) => {
      const names = { both: ['part', 'previous', 'last'], sum: ['part', 'previous'], passed: ['last'] }[used];
      const pick = <T>(sum: T, passed: T): T[] => ({ both: [sum, passed], sum: [sum], passed: [passed] })[used];
      await checkMidGraph(context, {
        inputs: Object.fromEntries(['part', 'previous', 'last'].map((name) => [name, uniformValues(name, shape)])),
        operator: ({ part, previous, last }) => {
          const { sum, passed } = splitStep(part as Tensor, previous as Tensor, last as Tensor);
          return pick(sum, passed);
        },
        reference: ({ part, previous, last }) => pick(plus(part as Exact, previous as Exact), last as Exact),
        wanted: names,
        inRange,
      });
    });
  });

  it('has them between the splits of one tensor and their join, where it works in place', async () => {
    const shapes = oddImages(4000).map(([n, width, h, w]) => [n, 3 * width, h, w] as const);
    await forAllDrawn(fc.tuple(shapes, fc.boolean()), async ([shape, inRange]) => {
      const [, channels, h, w] = shape;
      const width = channels / 3;
      await checkMidGraph(context, {
        inputs: { x: uniformValues('x', shape) },
        operator: ({ x }) => {
          const [a, b, c] = split(x as Tensor, width) as [Tensor, Tensor, Tensor];
          const { sum, passed } = splitStep(b, a, c);
          return [concat([a, sum, passed])];
        },
        reference: ({ x }) => {
          const { data } = x as Exact;
          const area = width * h * w;
          const y = data.map((v, i) => (Math.floor(i / area) % 3 === 1 ? v + (data[i - area] as number) : v));
          return [{ shape, data: y }];
        },
        inRange,
      });
    });
  });
});
