import { Sequential, schedule, type Tensor, trace } from '@infnet/core';
import { expectClose, type Golden, itWithGolden } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  addScalar,
  div,
  LeakyReLU,
  leakyRelu,
  mul,
  mulScalar,
  narrow,
  ReLU,
  relu,
  Sigmoid,
  sigmoid,
  sub,
} from '../src/index.js';
import * as reference from './reference/operators.js';
import {
  checkGradients,
  codeOf,
  distinct,
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
  readonly cases: readonly { readonly case: string }[];
}

function host(golden: Golden<Cases>, name: string): Host {
  return { shape: golden.shape(name), data: golden.f32(name) };
}

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

describe('goldens', () => {
  for (const [name, fn] of [
    ['relu', relu],
    ['sigmoid', sigmoid],
  ] as const) {
    itWithGolden<Cases>(name, `ops/${name}`, async (golden) => {
      for (const { case: id } of golden.json.cases) {
        const result = await runWithGradients(
          (i) => fn(t(i, 'x')),
          { x: host(golden, `${id}/x`) },
          host(golden, `${id}/g_y`),
        );
        const bound = name === 'relu' ? 0 : 5e-6;
        expectClose(result['y']?.data as Float32Array, golden.f32(`${id}/y`), { relL2: bound }, `${id}/y`);
        expectClose(result['d_x']?.data as Float32Array, golden.f32(`${id}/d_x`), { relL2: bound }, `${id}/d_x`);
      }
    });
  }

  for (const [name, fn] of [
    ['add', add],
    ['mul', mul],
  ] as const) {
    itWithGolden<Cases>(`${name}, broadcast over channels included`, `ops/${name}`, async (golden) => {
      for (const { case: id } of golden.json.cases) {
        const inputs = { a: host(golden, `${id}/a`), b: host(golden, `${id}/b`) };
        const result = await runWithGradients((i) => fn(t(i, 'a'), t(i, 'b')), inputs, host(golden, `${id}/g_y`));
        for (const output of ['y', 'd_a', 'd_b']) {
          expectClose(
            result[output]?.data as Float32Array,
            golden.f32(`${id}/${output}`),
            { relL2: name === 'add' ? 0 : 5e-6 },
            `${id}/${output}`,
          );
        }
      }
    });
  }
});

describe('sigmoid', () => {
  it('stays finite and right at the ends of float32', async () => {
    const x = { shape: [1, 7], data: Float32Array.of(-3e38, -120, -88.8, 0, 88.8, 120, 3e38) };
    const { output } = await run((i) => sigmoid(t(i, 'x')), { x });
    expect([...(output?.data ?? [])].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 0, 0, 0.5, 1, 1, 1]);
  });
});

const size = fc.integer({ min: 1, max: 7 });
const shapes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 3, 26, 52),
  size,
  fc.oneof(size, fc.constantFrom(8, 16)),
);
/** Two shapes that broadcast: any dimensions of either replaced by 1, leading ones of the second perhaps left out. */
const pairs = fc
  .tuple(
    shapes,
    fc.array(fc.constantFrom('both', 'a', 'b'), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([shape, which, drop]) => ({
    a: shape.map((s, d) => (which[d] === 'b' ? 1 : s)),
    b: shape.map((s, d) => (which[d] === 'a' ? 1 : s)).slice(drop),
  }));

describe('broadcasting', () => {
  const functions = [
    ['add', add, (p: number, q: number) => p + q],
    ['sub', sub, (p: number, q: number) => p - q],
    ['mul', mul, (p: number, q: number) => p * q],
    ['div', div, (p: number, q: number) => p / q],
  ] as const;
  for (const [name, fn, f] of functions) {
    it(`${name} follows NumPy for any pair of shapes, either way round`, async () => {
      await forAll(
        pairs,
        async ({ a, b }) => {
          const inputs = { a: random('a', a), b: { shape: b, data: random('b', b).data.map((v) => v + 2) } };
          const result = await run(
            (i) => ({ y: fn(t(i, 'a'), t(i, 'b')), z: fn(t(i, 'b'), addScalar(t(i, 'a'), 3)) }),
            inputs,
          );
          const three = reference.map(exact(inputs.a), (v) => Math.fround(v + 3));
          const [y, z] = [
            reference.binary(exact(inputs.a), exact(inputs.b), f),
            reference.binary(exact(inputs.b), three, f),
          ];
          expect(result['y']?.shape).toEqual(y.shape);
          expectClose(result['y']?.data as Float32Array, y.data, { maxAbsOfMax: 1e-6 }, 'y');
          expectClose(result['z']?.data as Float32Array, z.data, { maxAbsOfMax: 1e-6 }, 'z');
        },
        name === 'add' ? 16 : 3,
      );
    });
  }

  it('gradients sum over what was repeated', async () => {
    const cases: [number[], number[]][] = [
      [
        [2, 1, 3, 4],
        [2, 5, 3, 4],
      ],
      [
        [2, 3, 4, 4],
        [3, 1, 1],
      ],
      [
        [1, 3, 1, 5],
        [2, 1, 4, 1],
      ],
      [[2, 3], []],
      [
        [2, 26, 2, 3],
        [1, 26, 1, 1],
      ],
    ];
    for (const [a, b] of cases) {
      for (const [, fn, f] of functions) {
        const inputs = { a: random('a', a), b: { shape: b, data: random('b', b).data.map((v) => v + 2) } };
        await checkGradients(
          (i) => fn(t(i, 'a'), t(i, 'b')),
          (p, q) => reference.binary(p, q, f),
          inputs,
        );
      }
    }
  });

  it('a product reduced over four crossing dimensions takes the product first', async () => {
    const inputs = { a: random('a', [1, 1, 1, 1]), b: random('b', [2, 1, 4, 1]), c: random('c', [1, 3, 1, 5]) };
    await checkGradients(
      (i) => mul(mul(t(i, 'b'), t(i, 'a')), t(i, 'c')),
      (a, b, c) =>
        reference.binary(
          reference.binary(b, a, (p, q) => p * q),
          c,
          (p, q) => p * q,
        ),
      inputs,
    );
  });
});

describe('functions of one tensor', () => {
  it('relu, leakyRelu, sigmoid, addScalar and mulScalar, with gradients', async () => {
    const x = distinct('x', [2, 3, 3, 5]);
    await checkGradients((i) => relu(t(i, 'x')), reference.relu, { x });
    await checkGradients(
      (i) => leakyRelu(t(i, 'x'), 0.2),
      (v) => reference.leakyRelu(v, 0.2),
      { x },
    );
    await checkGradients((i) => sigmoid(t(i, 'x')), reference.sigmoid, { x });
    await checkGradients(
      (i) => addScalar(mulScalar(t(i, 'x'), -3), 0.5),
      (v) => reference.map(v, (p) => -3 * p + 0.5),
      { x },
    );
  });

  it('any size, channel ranges of larger tensors in and out', async () => {
    await forAll(shapes, async (shape) => {
      const [n, c, h, w] = shape;
      const x = random('x', [n, c + 3, h, w]);
      const { output } = await run((i) => relu(narrow(t(i, 'x'), 1, 2, c)), { x });
      const expected = reference.relu(reference.narrow(exact(x), 1, 2, c));
      expectClose(output?.data as Float32Array, expected.data, { maxAbs: 0 });
    });
  });

  it('modules', async () => {
    const x = distinct('x', [2, 3, 4]);
    const net = new Sequential(new LeakyReLU(0.1), new ReLU(), new Sigmoid());
    const { output } = await run((i) => net.call(t(i, 'x')), { x });
    expectClose(output?.data as Float32Array, reference.sigmoid(reference.relu(exact(x))).data, { relL2: 1e-6 });
    expect(net.stateDictSpec()).toEqual([]);
  });
});

describe('fusion', () => {
  it('add takes the relu that follows it', async () => {
    const inputs = { a: random('a', [2, 3, 4, 4]), b: random('b', [2, 3, 4, 4]) };
    const fn = (i: Tensors): Tensor => relu(add(t(i, 'a'), t(i, 'b')));
    const graph = trace(fn, { a: [2, 3, 4, 4], b: [2, 3, 4, 4] });
    expect(schedule(graph).dispatches).toHaveLength(1);
    const expected = reference.relu(reference.binary(exact(inputs.a), exact(inputs.b), (p, q) => Math.fround(p + q)));
    expectClose((await run(fn, inputs))['output']?.data as Float32Array, expected.data, { maxAbs: 0 });
  });
});

describe('errors', () => {
  const shapesOf = (a: number[], b: number[]) => codeOf(() => trace((i) => add(t(i, 'a'), t(i, 'b')), { a, b }));

  it('name what does not fit', () => {
    expect(shapesOf([2, 3], [2, 4])).toBe('SHAPE_BROADCAST');
    expect(shapesOf([1, 1, 1, 1, 2], [2])).toBe('SHAPE_RANK');
    expect(codeOf(() => trace((i) => relu(t(i, 'x')), { x: { shape: [2], dtype: 'u32' } }))).toBe('SHAPE_DTYPE');
    expect(() => trace((i) => add(t(i, 'a'), t(i, 'b')), { a: [2, 3], b: [2, 4] })).toThrow(
      /\[2, 3\] and \[2, 4\].*3 and 4.*\(at add\)/s,
    );
  });
});
