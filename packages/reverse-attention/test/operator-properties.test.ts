/** Reverse attention in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import { type Context, open, type Tensor } from '@infnet/core';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { addResized, reverseAttention } from '../src/index.js';
import * as reference from './reference.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** Features and a coarser, finer or equal map: any size to any size. */
const sizes = fc
  .record({
    shape: oddImages(6000),
    other: fc.option(fc.tuple(fc.integer({ min: 1, max: 21 }), fc.integer({ min: 1, max: 21 })), { freq: 4 }),
    inRange: fc.boolean(),
  })
  .map(({ other, ...rest }) => ({ ...rest, other: other ?? ([rest.shape[2], rest.shape[3]] as const) }));

describe('reverseAttention', () => {
  it('has the gradients of finite differences mid-graph, with logits of any size', async () => {
    const cases = fc.tuple(sizes, fc.constantFrom(['x', 'a'], ['x', 'a'], ['x'], ['a']));
    await forAllDrawn(
      cases,
      async ([{ shape, other, inRange }, wanted]) => {
        await checkMidGraph(context, {
          inputs: { x: uniformValues('x', shape), a: uniformValues('a', [shape[0], 1, ...other], 3) },
          operator: ({ x, a }) => [reverseAttention(x as Tensor, a as Tensor)],
          reference: ({ x, a }) => [
            { shape, data: reference.reverseAttention((x as Exact).data, shape, (a as Exact).data, other) },
          ],
          wanted,
          inRange,
        });
      },
      16,
    );
  });
});

describe('addResized', () => {
  it('has the gradients of finite differences mid-graph, with maps of any size', async () => {
    const cases = fc.tuple(sizes, fc.constantFrom(['x', 'coarse'], ['x', 'coarse'], ['coarse']));
    await forAllDrawn(
      cases,
      async ([{ shape, other, inRange }, wanted]) => {
        const coarseShape = [shape[0], shape[1], ...other] as const;
        await checkMidGraph(context, {
          inputs: { x: uniformValues('x', shape), coarse: uniformValues('coarse', coarseShape) },
          operator: ({ x, coarse }) => [addResized(x as Tensor, coarse as Tensor)],
          reference: ({ x, coarse }) => {
            const resized = reference.resize((coarse as Exact).data, coarseShape, [shape[2], shape[3]]);
            return [{ shape, data: resized.map((v, i) => v + ((x as Exact).data[i] as number)) }];
          },
          wanted,
          inRange,
        });
      },
      12,
    );
  });
});
