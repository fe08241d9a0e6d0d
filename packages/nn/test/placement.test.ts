import { schedule, type Tensor, trace } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, concat, mulScalar, narrow, pad2d, relu, reshape, slice, split, ZeroPad2d } from '../src/index.js';
import { placeInZeros } from '../src/kernels.js';
import { type Array64, array64 } from './reference/array.js';
import * as reference from './reference/operators.js';
import {
  checkGradients,
  codeOf,
  exact,
  forAll,
  type Host,
  random,
  run,
  runWithGradients,
  type Tensors,
  useContext,
} from './support/harness.js';

useContext();

interface Cases {
  readonly cases: readonly {
    readonly case: string;
    readonly params: { readonly dim: number; readonly size: number };
  }[];
}

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

describe('goldens', () => {
  itWithGolden<Cases>('cat, with gradients', 'ops/cat', async (golden) => {
    for (const { case: id } of golden.json.cases) {
      const names = ['x0', 'x1', 'x2', 'x3'].filter((name) => golden.has(`${id}/${name}`));
      const host = (name: string): Host => ({
        shape: golden.shape(`${id}/${name}`),
        data: golden.f32(`${id}/${name}`),
      });
      const inputs = Object.fromEntries(names.map((name) => [name, host(name)]));
      const result = await runWithGradients((i) => concat(names.map((name) => t(i, name))), inputs, host('g_y'));
      for (const name of ['y', ...names.map((x) => `d_${x}`)]) {
        expectClose(result[name]?.data as Float32Array, golden.f32(`${id}/${name}`), { maxAbs: 0 }, `${id}/${name}`);
      }
    }
  });

  itWithGolden<Cases>('split, with gradients', 'ops/split', async (golden) => {
    for (const { case: id, params } of golden.json.cases) {
      const names = ['y0', 'y1', 'y2', 'y3'].filter((name) => golden.has(`${id}/${name}`));
      const host = (name: string): Host => ({
        shape: golden.shape(`${id}/${name}`),
        data: golden.f32(`${id}/${name}`),
      });
      const { gradients } = await import('@infnet/core');
      const inputs = { x: host('x'), ...Object.fromEntries(names.map((name) => [`g_${name}`, host(`g_${name}`)])) };
      const result = await run((i) => {
        const parts = split(t(i, 'x'), params.size);
        const [d] = gradients(
          parts.map((output, k) => ({ output, gradient: t(i, `g_y${k}`) })),
          [t(i, 'x')],
        ) as [Tensor];
        return { ...Object.fromEntries(parts.map((part, k) => [`y${k}`, part])), d_x: d };
      }, inputs);
      expect(Object.keys(result)).toHaveLength(names.length + 1);
      for (const [name, { data }] of Object.entries(result))
        expectClose(data, golden.f32(`${id}/${name}`), { maxAbs: 0 }, `${id}/${name}`);
    }
  });
});

const shape = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(2, 3, 26),
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(1, 3, 4, 8),
);

describe('joins and ranges', () => {
  it('concat along any axis, inputs that are channel ranges', async () => {
    await forAll(
      fc.tuple(shape, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 5 })),
      async ([size, axis, extra]) => {
        const other = size.map((s, d) => (d === axis ? extra : s));
        const wide = random(
          'wide',
          size.map((s, d) => (d === 1 ? s + 2 : s)),
        );
        const inputs = { wide, b: random('b', other) };
        const fn = (i: Tensors): Tensor => concat([narrow(t(i, 'wide'), 1, 1, size[1]), t(i, 'b'), t(i, 'b')], axis);
        const expected = reference.concat(
          [reference.narrow(exact(wide), 1, 1, size[1]), exact(inputs.b), exact(inputs.b)],
          axis,
        );
        const { output } = await run(fn, inputs);
        expect(output?.shape).toEqual(expected.shape);
        expectClose(output?.data as Float32Array, expected.data, { maxAbs: 0 });
      },
    );
  });

  it('narrow and split along any axis', async () => {
    await forAll(
      fc.tuple(shape, fc.integer({ min: 0, max: 3 }), fc.double({ min: 0, max: 0.99, noNaN: true })),
      async ([size, axis, where]) => {
        const x = random('x', size);
        const start = Math.floor(where * (size[axis] as number));
        const rest = (size[axis] as number) - start;
        const result = await run(
          (i) => {
            const parts = split(t(i, 'x'), start === 0 ? [rest] : [start, rest], axis);
            return {
              a: narrow(t(i, 'x'), axis, start, rest),
              b: mulScalar(parts.at(-1) as Tensor, 2),
              c: slice(t(i, 'x'), axis - 4, start - (size[axis] as number)),
            };
          },
          { x },
        );
        const expected = reference.narrow(exact(x), axis, start, rest);
        for (const name of ['a', 'c'])
          expectClose(result[name]?.data as Float32Array, expected.data, { maxAbs: 0 }, name);
        expectClose(
          result['b']?.data as Float32Array,
          expected.data.map((v) => 2 * v),
          { maxAbs: 0 },
          'b',
        );
      },
    );
  });

  it('gradients, along every axis and with parts left out', async () => {
    const x = random('x', [2, 5, 3, 4]);
    const y = random('y', [2, 5, 3, 4]);
    for (const axis of [0, 1, 2, 3]) {
      const size = x.shape[axis] as number;
      await checkGradients(
        (i) => concat([t(i, 'x'), relu(t(i, 'y'))], axis),
        (a, b) => reference.concat([a, reference.relu(b)], axis),
        { x, y },
      );
      await checkGradients(
        (i) => narrow(t(i, 'x'), axis, 1, size - 1),
        (v) => reference.narrow(v, axis, 1, size - 1),
        { x },
      );
      await checkGradients(
        (i) => placeInZeros(t(i, 'x'), axis, 2, size + 3),
        (v) => {
          const zeros = (length: number): Array64 => array64(v.shape.map((s, d) => (d === axis ? length : s)));
          return reference.concat([zeros(2), v, zeros(1)], axis);
        },
        { x },
      );
    }
    const used = (v: Array64, starts: number[]): Array64 =>
      starts.map((s) => reference.narrow(v, 1, s, 1)).reduce((p, q) => reference.binary(p, q, (a, b) => a + b));
    for (const parts of [[0, 4], [1, 2], [3], [0, 1, 2, 3, 4]]) {
      await checkGradients(
        (i) => {
          const pieces = split(t(i, 'x'), 1);
          return parts.map((k) => pieces[k] as Tensor).reduce((p, q) => add(p, q));
        },
        (v) => used(v, parts),
        { x },
      );
    }
  });

  it('costs nothing along channels where the planner can place it, and one copy where it cannot', async () => {
    const joined = trace((i) => mulScalar(concat([relu(t(i, 'x')), mulScalar(t(i, 'x'), 3)]), 2), { x: [2, 3, 4, 4] });
    expect(schedule(joined).dispatches.map(({ operator }) => operator)).toEqual(['relu', 'mulScalar', 'mulScalar']);
    const cut = trace((i) => split(mulScalar(t(i, 'x'), 3), [1, 2]).map((part) => relu(part)), { x: [2, 3, 4, 4] });
    expect(schedule(cut).dispatches.map(({ operator }) => operator)).toEqual(['mulScalar', 'relu', 'relu']);
    const twice = (i: Tensors): Tensor => {
      const part = relu(t(i, 'x'));
      return concat([part, part, t(i, 'x')]);
    };
    const graph = trace(twice, { x: [2, 3, 4, 4] });
    expect(schedule(graph).dispatches.map(({ operator }) => operator)).toEqual(['relu', 'concat', 'concat']);
    const x = random('x', [2, 3, 4, 4]);
    const r = reference.relu(exact(x));
    expectClose((await run(twice, { x }))['output']?.data as Float32Array, reference.concat([r, r, exact(x)], 1).data, {
      maxAbs: 0,
    });
  });
});

describe('reshape', () => {
  it('keeps values in order: of a contiguous tensor, of a channel range, into a join', async () => {
    const x = random('x', [2, 6, 2, 3]);
    const result = await run(
      (i) => {
        const range = narrow(relu(t(i, 'x')), 1, 2, 3);
        return {
          a: reshape(t(i, 'x'), [4, -1]),
          b: mulScalar(reshape(range, [3, 2, 6]), 1),
          c: concat([reshape(range, [3, 2, 6]), reshape(t(i, 'y'), [3, 2, 6])], 1),
        };
      },
      { x, y: random('y', [1, 36]) },
    );
    const range = reference.relu(reference.narrow(exact(x), 1, 2, 3));
    expect(result['a']?.shape).toEqual([4, 18]);
    expectClose(result['a']?.data as Float32Array, x.data, { maxAbs: 0 });
    expectClose(result['b']?.data as Float32Array, range.data, { maxAbs: 0 });
    const other = array64([3, 2, 6], random('y', [36]).data);
    expectClose(result['c']?.data as Float32Array, reference.concat([array64([3, 2, 6], range.data), other], 1).data, {
      maxAbs: 0,
    });
  });

  it('has a gradient', async () => {
    const x = random('x', [2, 3, 4]);
    await checkGradients(
      (i) => reshape(relu(t(i, 'x')), [6, 4]),
      (v) => array64([6, 4], reference.relu(v).data),
      { x },
    );
  });
});

describe('pad2d', () => {
  it('adds zeros, or cuts off, with gradients', async () => {
    const x = random('x', [2, 5, 4, 6]);
    const sides = [
      [1, 1, 1, 1],
      [0, 2, 3, 0],
      [-1, 1, -2, -1],
      [-1, -2, 0, 0],
    ] as const;
    for (const [top, bottom, left, right] of sides) {
      await checkGradients(
        (i) => pad2d(t(i, 'x'), { top, bottom, left, right }),
        (v) => reference.pad(v, top, bottom, left, right),
        { x },
      );
    }
    const { output } = await run((i) => new ZeroPad2d(2).call(narrow(t(i, 'x'), 1, 1, 3)), { x });
    expectClose(output?.data as Float32Array, reference.pad(reference.narrow(exact(x), 1, 1, 3), 2, 2, 2, 2).data, {
      maxAbs: 0,
    });
  });
});

describe('errors', () => {
  it('name what does not fit', () => {
    const code = (fn: (x: Tensor) => Tensor | readonly Tensor[], x: number[] = [1, 4, 3, 3]): string =>
      codeOf(() => trace((i) => fn(t(i, 'x')), { x }));
    expect(code((x) => concat([x, narrow(x, 2, 0, 2)]))).toBe('SHAPE_MISMATCH');
    expect(code((x) => concat([x], 4))).toBe('SHAPE_AXIS');
    expect(codeOf(() => concat([]))).toBe('SHAPE_EMPTY');
    expect(code((x) => narrow(x, 1, 3, 2))).toBe('SHAPE_RANGE');
    expect(code((x) => narrow(x, 1, -1, 2))).toBe('SHAPE_ATTRIBUTE');
    expect(code((x) => split(x, [1, 2]))).toBe('SHAPE_RANGE');
    expect(code((x) => split(x, 0))).toBe('SHAPE_ATTRIBUTE');
    expect(code((x) => reshape(x, [5, -1]))).toBe('SHAPE_RESHAPE');
    expect(code((x) => pad2d(x, -2))).toBe('SHAPE_ATTRIBUTE');
    expect(code((x) => pad2d(x, 1), [3, 3])).toBe('SHAPE_RANK');
  });
});
