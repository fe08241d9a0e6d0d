import { type Context, evaluate, open, trace } from '@infnet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { narrow, relu } from '../src/index.js';
import { joinFlat } from '../src/kernels.js';

describe('joinFlat', () => {
  let context: Context;
  beforeAll(async () => {
    context = await open();
  });
  afterAll(() => context.dispose());

  it('copies inputs, writes results in place, and follows the ranges of a batch', async () => {
    const x = { shape: [2, 3, 2], data: Float32Array.from({ length: 12 }, (_, i) => i - 6) };
    const b = { shape: [3], data: Float32Array.of(20, 21, 22) };
    const { output } = await evaluate(
      context,
      ({ x, b }) => joinFlat([b, relu(x), narrow(x, 1, 1, 2)], [0, 4, 16], 24),
      { x, b },
    );
    const middle = [...x.data].filter((_, i) => i % 6 >= 2);
    const data = [...(output?.data ?? [])];
    expect(data.slice(0, 3)).toEqual([20, 21, 22]);
    expect(data.slice(4, 16)).toEqual([...x.data].map((v) => Math.max(v, 0)));
    expect(data.slice(16)).toEqual(middle);
  });

  it.each([
    [[0], 24, 'SHAPE_ATTRIBUTE'],
    [[0, 20], 24, 'SHAPE_RANGE'],
    [[0, -1], 24, 'SHAPE_ATTRIBUTE'],
    [[0, 4], 0.5, 'SHAPE_ATTRIBUTE'],
  ])('refuses starts %j in %d elements', (starts, length, code) => {
    expect(() => trace(({ a, b }) => joinFlat([a, b], starts, length), { a: [4], b: [8] })).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
