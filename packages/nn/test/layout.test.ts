/** Permutation, flips, steps, rolls and repeats against PyTorch (make_goldens.py), to the bit: nothing is computed. */
import { gradients, type Tensor, trace } from '@infnet/core';
import { type Golden, loadGolden } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concat,
  flip,
  narrow,
  PixelShuffle,
  PixelUnshuffle,
  permute,
  pixelShuffle,
  pixelUnshuffle,
  roll,
  type StepRange,
  sliceSteps,
  tile,
  transpose,
} from '../src/index.js';
import { array64, at, build } from './reference/array.js';
import { codeOf, forAll, random, run, runWithGradients, useContext } from './support/harness.js';

useContext();

interface Case {
  readonly case: string;
  readonly op: string;
  readonly axes: readonly number[];
  readonly shifts: readonly number[];
  readonly repeats: readonly number[];
  readonly range: StepRange;
  readonly factor: number;
}

const golden: Golden<{ readonly cases: readonly Case[] }> = await loadGolden('ops/layout');
const host = (name: string) => ({ shape: golden.shape(name), data: golden.f32(name) });

const OPERATORS: Readonly<Record<string, (x: Tensor, given: Case) => Tensor>> = {
  permute: (x, { axes }) => permute(x, axes),
  flip: (x, { axes }) => flip(x, axes),
  roll: (x, { shifts, axes }) => roll(x, shifts, axes),
  tile: (x, { repeats }) => tile(x, repeats),
  step: (x, { range }) => sliceSteps(x, [range]),
  pixelShuffle: (x, { factor }) => new PixelShuffle(factor).call(x),
  pixelUnshuffle: (x, { factor }) => new PixelUnshuffle(factor).call(x),
};

describe('PyTorch has the same values and gradients', () => {
  it.each(golden.json.cases.map((each) => [each.case, each] as const))('%s', async (id, given) => {
    const fn = ({ x }: Readonly<Record<string, Tensor>>): Tensor => OPERATORS[given.op]?.(x as Tensor, given) as Tensor;
    const { y, d_x: d } = await runWithGradients(fn, { x: host(`${id}/x`) }, host(`${id}/g_y`));
    expect(y).toEqual(host(`${id}/y`));
    if (given.op === 'tile') {
      // The one that adds.
      const [found, expected] = [d?.data as Float32Array, golden.f32(`${id}/d_x`)];
      for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i] as number, 5);
    } else expect(d).toEqual(host(`${id}/d_x`));
  });
});

describe('slices with steps', () => {
  it('are those of Python, forwards and backwards, and their gradient puts values back', async () => {
    const bound = fc.option(fc.integer({ min: -9, max: 9 }), { nil: undefined });
    const step = fc.constantFrom(-3, -2, -1, 1, 2, 3);
    await forAll(fc.tuple(fc.constantFrom(0, 1, 2), bound, bound, step), async ([axis, start, end, step]) => {
      const x = random('steps', [5, 3, 7]);
      const range = { axis, step, ...(start !== undefined && { start }), ...(end !== undefined && { end }) };
      const indices = pythonSlice(x.shape[axis] as number, start, end, step);
      const traced = (): unknown => trace(({ x }) => sliceSteps(x, [range]), { x: x.shape });
      if (indices.length === 0) {
        expect(codeOf(traced)).toBe('SHAPE_RANGE');
        return;
      }
      const shape = x.shape.map((size, d) => (d === axis ? indices.length : size));
      const sourceOf = (position: readonly number[]) =>
        position.map((i, d) => (d === axis ? (indices[i] as number) : i));
      const expected = build(shape, (position) => at(array64(x.shape, x.data), sourceOf(position)));
      const g = random('g', shape);
      const { y, d_x: d } = await runWithGradients(({ x }) => sliceSteps(x as Tensor, [range]), { x }, g);
      expect(y).toEqual({ shape, data: Float32Array.from(expected.data) });
      const back = build(x.shape, (position) => {
        const i = indices.indexOf(position[axis] as number);
        return i < 0
          ? 0
          : at(
              array64(shape, g.data),
              position.map((p, d) => (d === axis ? i : p)),
            );
      });
      expect(d?.data).toEqual(Float32Array.from(back.data));
    });
  });
});

/** The indices that Python's `range(size)[start:end:step]` gives. */
function pythonSlice(size: number, start: number | undefined, end: number | undefined, step: number): number[] {
  const inside = (value: number): number => {
    const counted = value < 0 ? value + size : value;
    return step > 0 ? Math.min(Math.max(counted, 0), size) : Math.min(Math.max(counted, -1), size - 1);
  };
  const found: number[] = [];
  const from = start === undefined ? (step > 0 ? 0 : size - 1) : inside(start);
  const to = end === undefined ? (step > 0 ? size : -1) : inside(end);
  for (let i = from; step > 0 ? i < to : i > to; i += step) found.push(i);
  return found;
}

it('parts of larger tensors are read and written where they lie', async () => {
  const x = random('parts', [2, 6, 3, 5]);
  const { joined, apart } = await run(
    ({ x }) => {
      const part = narrow(x as Tensor, 1, 1, 3);
      const all = [flip(part, [3]), roll(part, [1, 2], [0, 2]), sliceSteps(part, [{ axis: 1, step: 2 }])];
      return {
        joined: concat(all.map((each) => permute(permute(each, [0, 1, 3, 2]), [0, 1, 3, 2]))),
        apart: concat(all),
      };
    },
    { x },
  );
  expect(joined).toEqual(apart);
});

it('what undoes it gives the same values; integers are moved too', async () => {
  const shape = [2, 12, 4, 6];
  const labels = { shape, data: Uint32Array.from({ length: 576 }, (_, i) => i * 7919) };
  const outputs = await run(
    ({ x }) => {
      const t = x as Tensor;
      return {
        shuffled: pixelUnshuffle(pixelShuffle(t, 2), 2),
        transposed: transpose(transpose(t, 1, -1), -1, 1),
        flipped: flip(flip(t, [0, 3]), [3, 0]),
        rolled: roll(roll(t, [5, -4], [1, 2]), [-5, 4], [1, 2]),
        tiled: narrow(tile(t, [2, 1, 1, 1]), 0, 2, 2),
      };
    },
    { x: labels as unknown as ReturnType<typeof random> },
  );
  for (const { data } of Object.values(outputs)) expect(data).toEqual(labels.data);
});

it('second derivatives pass', async () => {
  const x = random('second', [3, 4]);
  const { d } = await run(
    ({ x }) => {
      const t = x as Tensor;
      const y = sliceSteps(t, [{ axis: 1, start: 3, step: -2 }]);
      const [first] = gradients([{ output: y, gradient: y }], [t]);
      return { d: gradients([{ output: first as Tensor, gradient: t }], [t])[0] as Tensor };
    },
    { x },
  );
  expect(d?.data).toEqual(x.data.map((value, i) => (i % 2 === 1 ? value : 0)));
});

it('what cannot be is refused by code', () => {
  const refused = (fn: (x: Tensor) => Tensor, shape: readonly number[] = [2, 4, 3, 3]): string =>
    codeOf(() => trace(({ x }) => fn(x), { x: shape }));
  expect(refused((x) => permute(x, [0, 1, 2, 2]))).toBe('SHAPE_AXIS');
  expect(refused((x) => permute(x, [0, 1, 2]))).toBe('SHAPE_ATTRIBUTE');
  expect(refused((x) => transpose(x, 0, 4))).toBe('SHAPE_AXIS');
  expect(refused((x) => flip(x, [4]))).toBe('SHAPE_AXIS');
  expect(refused((x) => roll(x, [1], [0, 1]))).toBe('SHAPE_ATTRIBUTE');
  expect(refused((x) => roll(x, [0.5], [0]))).toBe('SHAPE_ATTRIBUTE');
  expect(refused((x) => tile(x, [0, 1, 1, 1]))).toBe('SHAPE_ATTRIBUTE');
  expect(refused((x) => sliceSteps(x, [{ axis: 0, step: 0 }]))).toBe('SHAPE_ATTRIBUTE');
  expect(refused((x) => pixelShuffle(x, 3))).toBe('SHAPE_RANGE');
  expect(refused((x) => pixelUnshuffle(x, 2))).toBe('SHAPE_RANGE');
  expect(refused((x) => flip(x, [0]), [1, 1, 1, 1, 1, 1, 2])).toBe('SHAPE_RANK');
});
