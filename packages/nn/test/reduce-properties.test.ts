/**
 * Reductions, repetition and softmax in the middle of a graph, on odd shapes, against float64 and its finite
 * differences.
 */
import type { Tensor } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import { checkMidGraph, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argmax, argmin, broadcastTo, logSoftmax, max, mean, min, softmax, sum, variance } from '../src/index.js';
import { sumTo } from '../src/kernels.js';
import { type Array64, array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { run, useContext } from './support/harness.js';

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

/** Values that keep 0.01 away from each other, so that no step changes which is the largest. */
function apart(shape: readonly number[]): ReturnType<typeof uniformValues> {
  const values = uniformValues('x', shape);
  const order = [...values.data.keys()].sort((p, q) => (values.data[p] as number) - (values.data[q] as number));
  const data = new Float32Array(values.data.length);
  for (const [rank, at] of order.entries()) data[at] = (rank - data.length / 2) * 0.01;
  return { ...values, data };
}

/** f over the values that share a kept position, in their order. */
function reduced(x: Array64, axes: readonly number[], keepDims: boolean, f: (values: number[]) => number): Array64 {
  const kept = x.shape.map((size, d) => (axes.includes(d) ? 1 : size));
  const lines = new Map<number, number[]>();
  for (const [index, value] of x.data.entries()) {
    let [rest, at, step] = [index, 0, 1];
    for (let d = x.shape.length - 1; d >= 0; d--) {
      const size = x.shape[d] as number;
      at += axes.includes(d) ? 0 : (rest % size) * step;
      rest = Math.floor(rest / size);
      step *= kept[d] as number;
    }
    const line = lines.get(at);
    if (line === undefined) lines.set(at, [value]);
    else line.push(value);
  }
  const data = Array.from({ length: lines.size }, (_, at) => f(lines.get(at) as number[]));
  return array64(
    kept.filter((_, d) => keepDims || !axes.includes(d)),
    data,
  );
}

const mostOf = (values: readonly number[]): number => values.reduce((most, v) => (v > most ? v : most));
const varianceOf = (values: readonly number[], correction: number): number => {
  const center = values.reduce((total, v) => total + v, 0) / values.length;
  return values.reduce((total, v) => total + (v - center) ** 2, 0) / (values.length - correction);
};

describe('max, min and variance', () => {
  const some = fc.constantFrom<readonly number[]>([0], [1], [2], [3], [1, 2], [0, 3], [1, 3], [2, 3], [0, 1, 2, 3]);
  const cases = fc.record({ shape: oddImages(2500), axes: some, keepDims: fc.boolean(), inRange: fc.boolean() });

  it('have the gradients of finite differences mid-graph, over any dimensions', async () => {
    await forAllDrawn(cases, async ({ shape, axes, keepDims, inRange }) => {
      await checkMidGraph(context(), {
        inputs: { x: apart(shape) },
        operator: ({ x }) => [max(x as Tensor, { axes, keepDims }), min(x as Tensor, { axes, keepDims })],
        reference: ({ x }) => [
          reduced(x as Array64, axes, keepDims, mostOf),
          reduced(x as Array64, axes, keepDims, (values) => -mostOf(values.map((v) => -v))),
        ],
        inRange,
      });
    });
    await forAllDrawn(cases, async ({ shape, axes, keepDims, inRange }) => {
      const count = axes.reduce((product, axis) => product * (shape[axis] as number), 1);
      const correction = count > 1 ? 1 : 0;
      await checkMidGraph(context(), {
        inputs: { x: uniformValues('x', shape, 2, 0.4) },
        operator: ({ x }) => [variance(x as Tensor, { axes, keepDims, correction })],
        reference: ({ x }) => [reduced(x as Array64, axes, keepDims, (values) => varianceOf(values, correction))],
        inRange,
      });
    });
  });

  it('argmax and argmin say where they lie, over one dimension or all, in one step or several', async () => {
    for (const shape of [
      [2, 3, 5, 4],
      [1, 26, 3, 3],
      [3, 2, 70, 61],
      [7, 130],
    ]) {
      const x = uniformValues('x', shape);
      for (const axis of [undefined, ...shape.keys()]) {
        const given = axis === undefined ? {} : { axis: axis - shape.length };
        const found = await run(
          ({ x }) => ({ most: argmax(x as Tensor, given), least: argmin(x as Tensor, { ...given, keepDims: true }) }),
          { x: { shape, data: Float32Array.from(x.data) } },
        );
        const exact = array64(shape, Float32Array.from(x.data));
        const axes = axis === undefined ? [...shape.keys()] : [axis];
        const most = reduced(exact, axes, false, (values) => values.indexOf(mostOf(values)));
        const least = reduced(exact, axes, true, (v) => v.indexOf(-mostOf(v.map((each) => -each))));
        expect(found['most']?.shape).toEqual(most.shape);
        expect([...(found['most']?.data ?? [])]).toEqual([...most.data]);
        expect(found['least']?.shape).toEqual(least.shape);
        expect([...(found['least']?.data ?? [])]).toEqual([...least.data]);
      }
    }
  });

  it('variance keeps its digits around a large mean', async () => {
    const noise = uniformValues('x', [2, 3, 40, 41], Math.sqrt(3));
    const x = { shape: noise.shape, data: Float32Array.from(noise.data, (v) => 1000 + v) };
    const found = await run(({ x }) => variance(x as Tensor, { axes: [0, 2, 3] }), { x });
    const expected = reduced(array64(x.shape, x.data), [0, 2, 3], false, (values) => varianceOf(values, 1));
    expectClose(found['output']?.data as Float32Array, expected.data, { maxAbsOfMax: 1e-6 });
  });
});

describe('softmax and logSoftmax along any dimension', () => {
  /** exp(x) / sum of exp(x), its logarithm. */
  function along(x: Array64, axis: number, log: boolean): Array64 {
    const sums = reduced(x, [axis], true, (values) => values.reduce((total, v) => total + Math.exp(v), 0));
    return reference.binary(x, sums, (v, total) => (log ? v - Math.log(total) : Math.exp(v) / total));
  }

  it('have the gradients of finite differences mid-graph', async () => {
    const shapes = fc.oneof(oddImages(4000), fc.constantFrom([3, 26], [2, 3, 13], [7, 2, 2]));
    const cases = fc.record({ shape: shapes, axis: fc.nat(3), inRange: fc.boolean() });
    await forAllDrawn(cases, async ({ shape, axis: drawn, inRange }) => {
      const axis = drawn % shape.length;
      await checkMidGraph(context(), {
        inputs: { x: uniformValues('x', shape, 3) },
        operator: ({ x }) => [softmax(x as Tensor, { axis: axis - shape.length }), logSoftmax(x as Tensor, { axis })],
        reference: ({ x }) => [along(x as Array64, axis, false), along(x as Array64, axis, true)],
        inRange,
      });
    });
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
