/**
 * Joins, ranges, padding and reshaping in the middle of a graph, along any axis, against float64 and its finite
 * differences.
 */
import type { Tensor } from '@infnet/core';
import { checkMidGraph, forAllDrawn, type MidGraphCase, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { concat, narrow, pad2d, reshape, slice, split } from '../src/index.js';
import { placeInZeros } from '../src/kernels.js';
import { type Array64, array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import { type Tensors, useContext } from './support/harness.js';

const context = useContext();
const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;
const of = (values: Readonly<Record<string, Array64>>, name: string): Array64 => values[name] as Array64;

const axis = fc.integer({ min: 0, max: 3 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
/** A shape with a range [start, start + length) of one of its dimensions. */
const ranges = fc
  .record({ shape: oddImages(8000), axis, from: share, to: share, inRange: fc.boolean() })
  .map(({ from, to, ...rest }) => {
    const size = rest.shape[rest.axis] as number;
    const start = Math.min(size - 1, Math.floor(from * size));
    return { ...rest, size, start, length: 1 + Math.min(size - start - 1, Math.floor(to * (size - start))) };
  });

const ofX = (
  shape: readonly number[],
  operator: (x: Tensor) => readonly Tensor[],
  expected: (x: Array64) => readonly Array64[],
  inRange = false,
): MidGraphCase => ({
  inputs: { x: uniformValues('x', shape) },
  operator: (i) => operator(t(i, 'x')),
  reference: (i) => expected(of(i, 'x')),
  inRange,
});

describe('concat', () => {
  it('of tensors, one of them twice, has the gradients of finite differences mid-graph', async () => {
    const cases = fc.record({ shape: oddImages(5000), axis, extra: fc.constantFrom(1, 3, 5), inRange: fc.boolean() });
    await forAllDrawn(cases, async ({ shape, axis, extra, inRange }) => {
      const other = shape.map((size, d) => (d === axis ? extra : size));
      await checkMidGraph(context(), {
        inputs: { a: uniformValues('a', shape), b: uniformValues('b', other) },
        operator: (i) => [concat([t(i, 'b'), t(i, 'a'), t(i, 'b')], axis)],
        reference: (i) => [reference.concat([of(i, 'b'), of(i, 'a'), of(i, 'b')], axis)],
        inRange,
      });
    });
  });
});

describe('split', () => {
  it('into parts, not all of them used, has the gradient of finite differences mid-graph', async () => {
    await forAllDrawn(fc.tuple(ranges, fc.boolean()), async ([{ shape, axis, size, start, length, inRange }, last]) => {
      const sizes = [start, length, size - start - length].filter((part) => part > 0);
      const used = sizes.map((_, k) => k).filter((k) => last || k < sizes.length - 1 || k === 0);
      const from = (k: number): number => sizes.slice(0, k).reduce((a, b) => a + b, 0);
      await checkMidGraph(
        context(),
        ofX(
          shape,
          (x) => {
            const parts = split(x, sizes, axis);
            return used.map((k) => parts[k] as Tensor);
          },
          (x) => used.map((k) => reference.narrow(x, axis, from(k), sizes[k] as number)),
          inRange,
        ),
      );
    });
  });
});

describe('narrow, slice and placeInZeros', () => {
  it('have the gradients of finite differences mid-graph, along any axis', async () => {
    await forAllDrawn(ranges, async ({ shape, axis, size, start, length, inRange }) => {
      const zeros = (x: Array64, count: number): Array64[] =>
        count === 0 ? [] : [array64(x.shape.map((s, d) => (d === axis ? count : s)))];
      await checkMidGraph(
        context(),
        ofX(
          shape,
          (x) => [
            narrow(x, axis, start, length),
            slice(x, axis - 4, start - size),
            placeInZeros(x, axis, start, size + start + 2),
          ],
          (x) => [
            reference.narrow(x, axis, start, length),
            reference.narrow(x, axis, start, size - start),
            reference.concat([...zeros(x, start), x, ...zeros(x, 2)], axis),
          ],
          inRange,
        ),
      );
    });
  });
});

describe('pad2d', () => {
  it('adding and cutting has the gradient of finite differences mid-graph', async () => {
    const side = fc.integer({ min: -2, max: 3 });
    const cases = fc
      .record({ shape: oddImages(5000), sides: fc.tuple(side, side, side, side), inRange: fc.boolean() })
      .filter(({ shape, sides: [top, bottom, left, right] }) => {
        // Both sides together leave something, and so does each alone, so that the cut of the gradient does too.
        return [
          [shape[2], top, bottom],
          [shape[3], left, right],
        ].every(([size, p, q]) => (size as number) + Math.min(0, p as number) + Math.min(0, q as number) > 0);
      });
    await forAllDrawn(cases, async ({ shape, sides, inRange }) => {
      const [top, bottom, left, right] = sides;
      await checkMidGraph(
        context(),
        ofX(
          shape,
          (x) => [pad2d(x, { top, bottom, left, right })],
          (x) => [reference.pad(x, top, bottom, left, right)],
          inRange,
        ),
      );
    });
  });
});

describe('reshape', () => {
  it('has the gradient of finite differences mid-graph', async () => {
    const to = fc.constantFrom(
      ([n, c, h, w]: readonly number[]) => [(n as number) * (c as number), (h as number) * (w as number)],
      ([n, c, h, w]: readonly number[]) => [h, n, w, c] as number[],
      ([n, ...rest]: readonly number[]) => [rest.reduce((a, b) => a * b, 1), 1, n as number],
      (shape: readonly number[]) => [shape.reduce((a, b) => a * b, 1)],
    );
    await forAllDrawn(fc.tuple(oddImages(), to, fc.boolean()), async ([shape, to, inRange]) => {
      await checkMidGraph(
        context(),
        ofX(
          shape,
          (x) => [reshape(x, to(shape))],
          (x) => [array64(to(shape), x.data)],
          inRange,
        ),
      );
    });
  });
});
