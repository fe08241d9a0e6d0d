import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BufferArena, type Context, type Graph, open, preparePlan, trace } from '../src/index.js';
import { join, scale } from './operators.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const graphOf = (size: number): Graph =>
  trace(({ x }) => scale(join([scale(x, 2), scale(scale(join([x, x]), 3), 4)]), 1), { x: [1, 2, size] });

describe('an arena', () => {
  it.each([[[1000, 640, 500]], [[500, 640, 1000]]])(
    'gives plans of %j values the memory of the largest, and right results in turn',
    async (sizes) => {
      using arena = new BufferArena(context);
      const plans = [];
      for (const size of sizes) plans.push(await preparePlan(context, graphOf(size), { arena, fusion: false }));
      const largest = Math.max(...plans.map(({ memory }) => memory.activations));
      const sum = plans.reduce((total, { memory }) => total + memory.activations, 0);
      if (sizes[0] === 1000) expect(arena.bytes).toBe(largest);
      else expect(arena.bytes).toBeLessThanOrEqual(sum);
      for (const round of [1, 2]) {
        for (const [i, plan] of plans.entries()) {
          const size = sizes[i] as number;
          const { output } = await plan.run({ x: new Float32Array(2 * size).fill(round) });
          const expected = [...new Array(2 * size).fill(2 * round), ...new Array(4 * size).fill(12 * round)];
          expect([...(output ?? [])]).toEqual(expected);
        }
      }
      for (const plan of plans) plan.dispose();
      expect(arena.bytes).toBeGreaterThan(0);
    },
  );
});
