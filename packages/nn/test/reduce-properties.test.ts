/**
 * Reductions, repetition and softmax in the middle of a graph, on odd shapes, against float64 and its finite
 * differences.
 */
import type { Tensor } from '@infnet/core';
import { checkMidGraph, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { broadcastTo, mean, softmax, sum } from '../src/index.js';
import { sumTo } from '../src/kernels.js';
import { type Array64, array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { useContext } from './support/harness.js';

const context = useContext();
const axes = fc.subarray([0, 1, 2, 3]);

describe('sum and mean', () => {
  it('have the gradients of finite differences mid-graph, over any dimensions', async () => {
    const cases = fc.record({ shape: oddImages(), axes, keepDims: fc.boolean(), inRange: fc.boolean() });
    await forAllDrawn(
      cases,
      async ({ shape, axes, keepDims, inRange }) => {
        const count = axes.reduce((product, axis) => product * (shape[axis] as number), 1);
        const kept = shape
          .map((size, d) => (axes.includes(d) ? 1 : size))
          .filter((_, d) => keepDims || !axes.includes(d));
        await checkMidGraph(context(), {
          // Not around zero, where a sum of thousands would be nothing but rounding.
          inputs: { x: uniformValues('x', shape, 1, 0.4) },
          operator: ({ x }) => [
            sum(x as Tensor, { axes, keepDims }),
            mean(x as Tensor, { axes: axes.map((axis) => axis - 4), keepDims }),
          ],
          reference: ({ x }) => {
            const { data } = reference.sum(x as Array64, axes);
            return [
              array64(kept, data),
              array64(
                kept,
                data.map((v) => v / count),
              ),
            ];
          },
          inRange,
        });
      },
      14,
    );
  });
});

describe('sumTo and broadcastTo', () => {
  it('have the gradients of finite differences mid-graph: each is the transpose of the other', async () => {
    const cases = fc.record({
      shape: oddImages(8000),
      axes,
      drop: fc.integer({ min: 0, max: 3 }),
      scale: fc.constantFrom(1, -0.5),
      inRange: fc.boolean(),
    });
    await forAllDrawn(
      cases,
      async ({ shape, axes, drop, scale, inRange }) => {
        const ones = shape.map((size, d) => (axes.includes(d) || d < drop ? 1 : size));
        const small = ones.slice(drop);
        await checkMidGraph(context(), {
          inputs: { x: uniformValues('x', shape, 1, 0.4), z: uniformValues('z', small) },
          operator: ({ x, z }) => [sumTo(x as Tensor, small, scale), broadcastTo(z as Tensor, shape, scale)],
          reference: ({ x, z }) => {
            const summed = reference.sum(
              x as Array64,
              [0, 1, 2, 3].filter((d) => ones[d] === 1),
            );
            return [
              array64(
                small,
                summed.data.map((v) => scale * v),
              ),
              reference.binary(z as Array64, array64(shape), (p) => scale * p),
            ];
          },
          inRange,
        });
      },
      14,
    );
  });
});

describe('softmax', () => {
  it('has the gradient of finite differences mid-graph, on any shape', async () => {
    const shapes = fc.oneof(oddImages(), fc.constantFrom([3, 26], [2, 3, 13]));
    await forAllDrawn(fc.tuple(shapes, fc.boolean()), async ([shape, inRange]) => {
      await checkMidGraph(context(), {
        inputs: { x: uniformValues('x', shape, 3) },
        operator: ({ x }) => [softmax(x as Tensor)],
        reference: ({ x }) => [reference.softmax(x as Array64)],
        inRange,
      });
    });
  });
});
