/** The edge loss in the middle of a graph, on odd shapes, against float64 and its finite differences. */
import { type Context, open, type Tensor } from '@infnet/core';
import { checkMidGraph, type Exact, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { edgeLoss } from '../src/index.js';
import * as reference from './reference.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

describe('edgeLoss', () => {
  it('has the gradient of finite differences mid-graph, for any mask', async () => {
    const cases = fc.record({
      shape: oddImages(),
      /** Share of the mask that is on: none, some, all. */
      on: fc.constantFrom(0, 0.3, 0.7, 0.95, 1),
      inRange: fc.boolean(),
    });
    await forAllDrawn(
      cases,
      async ({ shape, on, inRange }) => {
        const noise = uniformValues('mask', shape, 0.5, 0.5);
        await checkMidGraph(context, {
          inputs: { z: uniformValues('z', shape, 4) },
          fixed: { mask: { shape, data: noise.data.map((v) => (v < on ? 1 : 0)) } },
          operator: ({ z, mask }) => [edgeLoss(z as Tensor, mask as Tensor)],
          reference: ({ z, mask }) => {
            const edge = reference.maskEdge((mask as Exact).data, shape);
            return [{ shape: [], data: Float64Array.of(reference.bceWithLogits((z as Exact).data, edge)) }];
          },
          inRange,
        });
      },
      12,
    );
  });
});
