import { type Context, evaluate, gradients, open, schedule, type Tensor, trace } from '@infnet/core';
import { describeCall } from '@infnet/core/kernels';
import { concat, relu, split } from '@infnet/nn';
import { numRuns } from '@infnet/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { splitStep, splitStepCall } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** Whole numbers, so that float32 sums are exact. */
const integers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((i * 7919 + seed * 104729) % 2001) - 1000);

/** The shape of the ladder: splits of one tensor, one step, everything joined again. */
const ladder = ({ x }: { readonly x: Tensor }): Tensor => {
  const [a, b, c] = split(relu(x), (x.shape[1] as number) / 3) as [Tensor, Tensor, Tensor];
  const first = relu(a);
  const { sum, passed } = splitStep(b, first, c);
  return concat([first, relu(sum), passed]);
};

describe('splitStep', () => {
  it('adds and passes on, for any shape, with previous in the storage it writes to', async () => {
    const shapes = fc.record({
      n: fc.integer({ min: 1, max: 3 }),
      width: fc.constantFrom(1, 3, 26),
      h: fc.integer({ min: 1, max: 9 }),
      w: fc.integer({ min: 1, max: 17 }),
    });
    await fc.assert(
      fc.asyncProperty(shapes, fc.nat(1000), async ({ n, width, h, w }, seed) => {
        const area = width * h * w;
        const data = integers(n * 3 * area, seed);
        const { output } = await evaluate(context, ladder, { x: { shape: [n, 3 * width, h, w], data } });
        const positive = data.map((value) => Math.max(0, value));
        const expected = positive.map((value, i) =>
          Math.floor(i / area) % 3 === 1 ? value + (positive[i - area] as number) : value,
        );
        expect(output?.data).toEqual(expected);
      }),
      { numRuns: numRuns(25), seed: 7 },
    );
  });

  it('is one dispatch, and joining costs none', () => {
    const { dispatches } = schedule(trace(ladder, { x: [2, 6, 4, 4] }));
    expect(dispatches.map(({ operator }) => operator)).toEqual(['relu', 'relu', 'splitStep', 'relu']);
    expect(dispatches[2]?.constants).toEqual({ PREVIOUS_IN: 1 });
  });

  it('reads previous where its sum is written, when no convolution follows and both are joined', async () => {
    const joined = ({ x }: { readonly x: Tensor }): Tensor => {
      const [a, b, c] = split(relu(x), 2) as [Tensor, Tensor, Tensor];
      const { sum, passed } = splitStep(b, a, c);
      return relu(concat([a, sum, passed]));
    };
    const { dispatches } = schedule(trace(joined, { x: [2, 6, 3, 5] }));
    const step = dispatches.find(({ operator }) => operator === 'splitStep');
    expect(step?.constants).toEqual({ PREVIOUS_IN: 2 });
    const data = integers(180, 2);
    const { output } = await evaluate(context, joined, { x: { shape: [2, 6, 3, 5], data } });
    const positive = data.map((value) => Math.max(0, value));
    const expected = positive.map((value, i) =>
      Math.floor(i / 30) % 3 === 1 ? value + (positive[i - 30] as number) : value,
    );
    expect(output?.data).toEqual(expected);
  });

  it('reads previous from a storage of its own too', async () => {
    const data = integers(6, 1);
    const x = { shape: [1, 1, 2, 3], data };
    const { sum, passed } = await evaluate(context, ({ x }) => splitStep(relu(x), relu(x), relu(x)), { x });
    const positive = data.map((value) => Math.max(0, value));
    expect(passed?.data).toEqual(positive);
    expect(sum?.data).toEqual(positive.map((value) => 2 * value));
  });

  it('passes gradients on', async () => {
    const shape = [1, 2, 1, 3];
    const inputs = { part: 1, previous: 2, last: 3, gs: 4, gp: 5 };
    const results = await evaluate(
      context,
      ({ part, previous, last, gs, gp }) => {
        const { sum, passed } = splitStep(part, previous, last);
        const upstream = [
          { output: sum, gradient: gs },
          { output: passed, gradient: gp },
        ];
        const [a, b, c] = gradients(upstream, [part, previous, last]) as [Tensor, Tensor, Tensor];
        return { a, b, c };
      },
      Object.fromEntries(
        Object.entries(inputs).map(([name, seed]) => [name, { shape, data: integers(6, seed) }]),
      ) as Record<keyof typeof inputs, { shape: number[]; data: Float32Array }>,
    );
    expect([results['a'], results['b'], results['c']].map((tensor) => tensor?.data)).toEqual([
      integers(6, 4),
      integers(6, 4),
      integers(6, 5),
    ]);
  });

  it('names the module when the splits differ', () => {
    trace(
      ({ x, y }) => {
        expect(() => x.graph.within('layer1.1', () => splitStep(x, y, x))).toThrow(
          /SHAPE_MISMATCH.*\[1, 2, 4, 4\], f32 \[1, 2, 2, 2\].*at layer1\.1/s,
        );
        return x;
      },
      { x: [1, 2, 4, 4], y: [1, 2, 2, 2] },
    );
  });

  it('takes a batch that one dimension of workgroups does not', async () => {
    const batch = 65_537;
    const [part, previous, last] = [2, 3, 5].map((step) => ({
      shape: [batch, 1, 1, 2],
      data: Float32Array.from({ length: 2 * batch }, (_, i) => (i % 1000) * step),
    })) as never[];
    const { sum, passed } = await evaluate(
      context,
      ({ part, previous, last }) => splitStep(part as Tensor, previous as Tensor, last as Tensor),
      { part, previous, last } as never,
    );
    expect(sum?.data.findIndex((value, i) => value !== (i % 1000) * 5)).toBe(-1);
    expect(passed?.data.findIndex((value, i) => value !== (i % 1000) * 5)).toBe(-1);
  });

  it('is described for foreign programs', () => {
    const { bindings, workgroups } = describeCall(splitStepCall({ shape: [2, 26, 88, 88] }));
    expect(bindings.map(({ name }) => name)).toEqual(['part', 'last', 'sum', 'passed', 'previous']);
    expect(workgroups).toEqual([Math.ceil((26 * 88 * 88) / 256), 2, 1]);
  });
});
