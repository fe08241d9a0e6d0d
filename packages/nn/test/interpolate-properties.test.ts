/**
 * Resizing in the middle of a graph, up and down, both corner conventions, against float64 and its finite differences.
 */
import type { Tensor } from '@infnet/core';
import {
  batchSize,
  checkMidGraph,
  forAllDrawn,
  oddChannels,
  oddExtent,
  uniformValues,
} from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { interpolate } from '../src/index.js';
import type { Array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { useContext } from './support/harness.js';

const context = useContext();
const shapes = fc
  .tuple(batchSize, oddChannels, oddExtent, oddExtent)
  .filter((shape) => shape.reduce((a, b) => a * b) <= 4000);

describe('interpolate', () => {
  it('to any size has the gradient of finite differences mid-graph', async () => {
    const cases = fc.record({
      shape: shapes,
      size: fc.tuple(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 19 })),
      alignCorners: fc.boolean(),
      inRange: fc.boolean(),
    });
    await forAllDrawn(
      cases,
      async ({ shape, size, alignCorners, inRange }) => {
        await checkMidGraph(context(), {
          inputs: { x: uniformValues('x', shape) },
          operator: ({ x }) => [interpolate(x as Tensor, { size, alignCorners })],
          reference: ({ x }) => [reference.bilinear(x as Array64, size, alignCorners)],
          inRange,
        });
      },
      16,
    );
  });

  it('by a factor, as given or derived from the sizes, has the gradient of finite differences mid-graph', async () => {
    const factor = fc.constantFrom(0.3, 0.5, 0.75, 1, 1.25, 1.7, 2, 3);
    const cases = fc
      .record({ shape: shapes, factor: fc.tuple(factor, factor), recomputeScaleFactor: fc.boolean() })
      .filter(({ shape, factor }) => factor.every((f, d) => Math.floor((shape[d + 2] as number) * f) >= 1));
    await forAllDrawn(
      cases,
      async ({ shape, factor, recomputeScaleFactor }) => {
        const size = factor.map((f, d) => Math.floor((shape[d + 2] as number) * f)) as [number, number];
        const ratio = recomputeScaleFactor ? undefined : ([1 / factor[0], 1 / factor[1]] as const);
        await checkMidGraph(context(), {
          inputs: { x: uniformValues('x', shape) },
          operator: ({ x }) => [interpolate(x as Tensor, { scaleFactor: factor, recomputeScaleFactor })],
          reference: ({ x }) => [reference.bilinear(x as Array64, size, false, ratio)],
        });
      },
      8,
    );
  });
});
