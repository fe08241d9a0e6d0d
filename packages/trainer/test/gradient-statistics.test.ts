/** Sum of squares and largest magnitude of every gradient, by both ways to share the work. */
import { applyOne, type Context, evaluate, open, Parameter, type Tensor } from '@infnet/core';
import { fill } from '@infnet/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gradientStatisticsOperator } from '../src/optimizer/operators.js';
import { segmentTable } from '../src/optimizer/segments.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** One value, odd counts, and more than a workgroup has lanes in each of several parts. */
const COUNTS = [1, 3, 64, 65, 5000, 13 * 4096 + 7];

it.each([true, false])('shared between lanes: %s', async (shared) => {
  let lineStart = 0;
  const { groups, words } = segmentTable(
    COUNTS.map((count) => {
      const places = { slab: 0, slabStart: 0, line: 0, lineStart, state: 0, stateStart: 0 };
      lineStart += count + 5;
      return { parameter: new Parameter([count]), ...places, count, learningRate: 1, weightDecay: 0 };
    }),
  );
  const line = fill('line', lineStart);
  const starts = COUNTS.map((_, i) => COUNTS.slice(0, i).reduce((sum, count) => sum + count + 5, 0));
  line[(starts[2] as number) + 7] = Number.NaN;
  line[(starts[3] as number) + 64] = -1e9;
  const { output } = await evaluate(
    context,
    ({ table, gradients }) =>
      applyOne(gradientStatisticsOperator, [table as Tensor, gradients as Tensor], { groups, shared }),
    { table: { shape: [COUNTS.length, 8], data: words }, gradients: { shape: [lineStart], data: line } },
  );
  const figures = output?.data as Float32Array;
  for (const [i, count] of COUNTS.entries()) {
    const values = line.subarray(starts[i], (starts[i] as number) + count);
    const squares = values.reduce((sum, value) => sum + value * value, 0);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(figures[2 * i + 1], `largest of ${count}`).toBe(i === 2 ? Number.NaN : Math.fround(largest));
    if (i === 2) expect(figures[2 * i]).toBeNaN();
    else expect(Math.abs((figures[2 * i] as number) / squares - 1), `squares of ${count}`).toBeLessThan(1e-5);
  }
});
