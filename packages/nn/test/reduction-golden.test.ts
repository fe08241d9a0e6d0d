/** Reductions, softmax and logSoftmax against PyTorch (make_goldens.py); hard numbers in the extremes. */
import { gradients, type Tensor, trace } from '@infnet/core';
import { expectClose, type Golden, loadGolden } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { argmax, argmin, logSoftmax, max, mean, min, mulScalar, softmax, sum, variance } from '../src/index.js';
import { codeOf, run, type Tensors, useContext } from './support/harness.js';

useContext();

interface Case {
  readonly case: string;
  readonly op: string;
  readonly axes?: readonly number[];
  readonly axis?: number;
  readonly keepDims?: boolean;
  readonly correction?: number;
}

const golden: Golden<{ readonly cases: readonly Case[] }> = await loadGolden('ops/reduction');
const x = { shape: golden.shape('x'), data: golden.f32('x') };
const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

const REDUCTIONS = { sum, mean, max, min } as const;

function apply({ op, axes = [], keepDims = false, correction = 1, axis }: Case, x: Tensor): Tensor {
  if (op === 'variance') return variance(x, { axes, keepDims, correction });
  if (op === 'argmax') return argmax(x, axis === undefined ? {} : { axis });
  if (op === 'argmin') return argmin(x, axis === undefined ? {} : { axis });
  if (axis !== undefined) return (op === 'softmax' ? softmax : logSoftmax)(mulScalar(x, 3), { axis });
  return REDUCTIONS[op as keyof typeof REDUCTIONS](x, { axes, keepDims });
}

/** A test for each operator: for each case it would be a hundred. */
const operators = [...new Set(golden.json.cases.map(({ op }) => op))];

describe('PyTorch has the same values and gradients', () => {
  it.each(operators)('%s', async (operator) => {
    const cases = golden.json.cases.filter(({ op }) => op === operator);
    const hosts = Object.fromEntries(
      cases.flatMap(({ case: id }) => {
        const name = `${id}/g_y`;
        return golden.has(name) ? [[name, { shape: golden.shape(name), data: golden.f32(name) }] as const] : [];
      }),
    );
    const found = await run(
      (i) => {
        const outputs: Record<string, Tensor> = {};
        for (const each of cases) {
          const y = apply(each, t(i, 'x'));
          outputs[`${each.case}/y`] = y;
          const gradient = i[`${each.case}/g_y`];
          if (gradient === undefined) continue;
          const [d] = gradients([{ output: y, gradient }], [t(i, 'x')]);
          outputs[`${each.case}/d_x`] = d as Tensor;
        }
        return outputs;
      },
      { x, ...hosts },
    );
    for (const [name, { shape, data }] of Object.entries(found)) {
      expect(shape).toEqual(golden.shape(name));
      const scale = name.includes('oftmax') && name.endsWith('d_x') ? 3 : 1;
      const expected = golden.f32(name).map((v) => v * scale);
      expectClose(Float32Array.from(data), expected, { maxAbsOfMax: 2e-6 }, name);
    }
  });
});

describe('hard numbers', () => {
  const row = (...data: number[]) => ({ shape: [1, data.length], data: Float32Array.from(data) });
  const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];

  it('a NaN is the largest and the smallest, and its place the first NaN; infinities are numbers', async () => {
    for (const [data, largest, smallest, at, least] of [
      [[1, nan, 5, nan], nan, nan, 1, 1],
      [[1, -inf, inf, 2, inf, -inf], inf, -inf, 2, 1],
      [[-inf, -inf], -inf, -inf, 0, 0],
      [[-1, -3e38, -2, -1e-40], -1e-40, -3e38, 3, 1],
      [[0, -0, 0], 0, 0, 0, 0],
      [[-0, 3, 3, -2, -2], 3, -2, 1, 3],
    ] as const) {
      const found = await run(
        ({ x }) => {
          const tensor = x as Tensor;
          return { max: max(tensor), min: min(tensor), argmax: argmax(tensor), argmin: argmin(tensor, { axis: 1 }) };
        },
        { x: row(...data) },
      );
      const value = (name: string): number => found[name]?.data[0] as number;
      const same = (name: string, v: number): void => {
        // A device may take a number too small to be normal for 0.
        if (Math.abs(v) < 1e-38 && Math.abs(value(name)) < 1e-38) return;
        expect(value(name)).toBe(Math.fround(v));
      };
      same('max', largest);
      same('min', smallest);
      if (!data.some((v) => v !== 0 && Math.abs(v) < 1e-38)) {
        expect([value('argmax'), value('argmin')]).toEqual([at, least]);
      }
    }
  });

  it('those that tie share the gradient; under a NaN all get NaN', async () => {
    const shares = async (apply: (x: Tensor) => Tensor, ...data: number[]): Promise<number[]> => {
      const found = await run(
        ({ x }) => {
          const y = apply(x as Tensor);
          return { y, d: gradients([{ output: y }], [x as Tensor])[0] as Tensor };
        },
        { x: row(...data) },
      );
      return [...(found['d']?.data ?? [])];
    };
    expect(await shares(max, 2, 5, 5, 1)).toEqual([0, 0.5, 0.5, 0]);
    expect(await shares(min, 0, -0, 5, 0)).toEqual([1 / 3, 1 / 3, 0, 1 / 3].map(Math.fround));
    expect(await shares(max, inf, 1, inf)).toEqual([0.5, 0, 0.5]);
    expect(await shares(max, 1, nan, 3)).toEqual([nan, nan, nan]);
  });
});

it('what cannot be reduced is an error with a code', () => {
  const code = (apply: (x: Tensor) => Tensor, shape: number[] = [2, 3, 4, 5]): string =>
    codeOf(() => trace((i) => apply(t(i, 'x')), { x: shape }));
  expect(code((x) => max(x, { axes: [4] }))).toBe('SHAPE_AXIS');
  expect(code((x) => max(x), [1, 2, 3, 4, 5])).toBe('SHAPE_RANK');
  expect(code((x) => argmin(x, { axis: -5 }))).toBe('SHAPE_AXIS');
  expect(code((x) => variance(x, { axes: [0], correction: 2 }))).toBe('SHAPE_ATTRIBUTE');
  expect(code((x) => variance(x, { correction: -1 }))).toBe('SHAPE_ATTRIBUTE');
  expect(code((x) => variance(x, { axes: [] }))).toBe('SHAPE_ATTRIBUTE');
  expect(code((x) => softmax(x, { axis: 4 }))).toBe('SHAPE_AXIS');
  expect(code((x) => logSoftmax(x), [4])).toBe('SHAPE_RANK');
});
