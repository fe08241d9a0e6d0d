/** linear and matmul: PyTorch's values (make_goldens.py), float64, finite differences, views, refusals. */
import {
  type Context,
  evaluate,
  gradients,
  isInfnetError,
  ParameterStore,
  type Shape,
  type Tensor,
  trace,
} from '@infnet/core';
import { expectClose, numRuns, readFixtureJson } from '@infnet/testing';
import { checkMidGraph, forAllDrawn, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Linear, linear, type MatmulOptions, matmul } from '../src/index.js';
import { compute, gatherAlgorithms, openQuietly, random } from './support.js';

interface Case {
  readonly op: 'linear' | 'matmul';
  readonly options?: MatmulOptions;
  readonly tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>;
}
const golden = await readFixtureJson<{ readonly cases: readonly Case[] }>('golden/ops/matrix_product.json');

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

type Named = Readonly<Record<string, Tensor>>;
const of = (t: Named, name: string): Tensor => t[name] as Tensor;

describe('PyTorch has the same values and gradients', () => {
  const titled = golden.cases.map((each) => {
    const shapes = Object.entries(each.tensors).filter(([name]) => 'xwab'.includes(name));
    return [`${each.op} ${shapes.map(([, { shape }]) => `[${shape}]`)} ${JSON.stringify(each.options ?? '')}`, each];
  });
  it.each(titled as [string, Case][])('%s', async (_, { op, options, tensors }) => {
    const names = Object.keys(tensors).filter((name) => !/^(y|g|d_.*)$/.test(name));
    const inputs = Object.fromEntries(
      [...names, 'g'].map((name) => {
        const { shape = [], data = [] } = tensors[name] ?? {};
        return [name, { shape, data: Float32Array.from(data) }];
      }),
    );
    const results = await evaluate(
      context,
      (t: Named) => {
        const y = op === 'linear' ? linear(of(t, 'x'), of(t, 'w'), t['b']) : matmul(of(t, 'a'), of(t, 'b'), options);
        const found = gradients(
          [{ output: y, gradient: of(t, 'g') }],
          names.map((name) => of(t, name)),
        );
        return { y, ...Object.fromEntries(names.map((name, i) => [`d_${name}`, found[i] as Tensor])) };
      },
      inputs,
      { precision: 'exact' },
    );
    expect(Object.keys(results)).toHaveLength(names.length + 1);
    for (const [name, { shape, data }] of Object.entries(results)) {
      expect(shape).toEqual(tensors[name]?.shape);
      expectClose(data, tensors[name]?.data ?? [], { relL2: 2e-6 }, name);
    }
  });
});

/** One product in float64: element (i, k) of the left factor, (k, j) of the right one. */
function product(
  [m, steps, n]: readonly [number, number, number],
  left: (i: number, k: number) => number,
  right: (k: number, j: number) => number,
): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < steps; k++) sum += left(i, k) * right(k, j);
    return sum;
  });
}

const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

function linearReference(x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number> | undefined, out: number) {
  const into = w.length / out;
  return product(
    [x.length / into, into, out],
    (r, i) => x[r * into + i] as number,
    (i, o) => w[o * into + i] as number,
  ).map((value, at) => value + (b?.[at % out] ?? 0));
}

interface Product {
  readonly lead: readonly number[];
  readonly sizes: readonly [m: number, k: number, n: number];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const extent = fc.constantFrom(1, 2, 3, 7, 13, 26, 52);
const products: fc.Arbitrary<Product> = fc.record({
  lead: fc.constantFrom<readonly number[]>([], [1], [3], [2, 2]),
  sizes: fc.tuple(extent, extent, extent),
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
});

const shapesOf = ({ lead, sizes: [m, k, n], transposeA, transposeB }: Product): readonly [Shape, Shape, Shape] => [
  [...lead, ...(transposeA ? [k, m] : [m, k])],
  [...lead, ...(transposeB ? [n, k] : [k, n])],
  [...lead, m, n],
];

function matmulReference(test: Product, a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const { lead, sizes, transposeA, transposeB } = test;
  const [m, steps, n] = sizes;
  const all = new Float64Array(size(lead) * m * n);
  for (let item = 0; item < size(lead); item++) {
    const [aAt, bAt] = [item * m * steps, item * steps * n];
    const one = product(
      sizes,
      (i, k) => a[aAt + (transposeA ? k * m + i : i * steps + k)] as number,
      (k, j) => b[bAt + (transposeB ? j * steps + k : k * n + j)] as number,
    );
    all.set(one, item * m * n);
  }
  return all;
}

it('matmul of any shape has the gradients of finite differences mid-graph', async () => {
  const drawn = fc.tuple(products, fc.boolean()).filter(([test]) => size(test.lead) * size(test.sizes) <= 20_000);
  await forAllDrawn(
    drawn,
    async ([test, inRange]) => {
      const [a, b, shape] = shapesOf(test);
      const { transposeA, transposeB } = test;
      await checkMidGraph(context, {
        inputs: { a: uniformValues('a', a), b: uniformValues('b', b, 1 / Math.sqrt(test.sizes[1])) },
        operator: ({ a, b }) => [matmul(a as Tensor, b as Tensor, { transposeA, transposeB })],
        reference: ({ a, b }) => [{ shape, data: matmulReference(test, a?.data ?? [], b?.data ?? []) }],
        inRange,
      });
    },
    12,
  );
});

it('linear of any leading dimensions has the gradients of finite differences mid-graph', async () => {
  const drawn = fc.record({
    lead: fc.constantFrom<readonly number[]>([], [3], [2, 5], [2, 1, 3], [1, 2, 4]),
    into: extent,
    out: extent,
    bias: fc.boolean(),
    inRange: fc.boolean(),
  });
  await forAllDrawn(
    drawn,
    async ({ lead, into, out, bias, inRange }) => {
      await checkMidGraph(context, {
        inputs: {
          x: uniformValues('x', [...lead, into]),
          w: uniformValues('w', [out, into], 1 / Math.sqrt(into)),
          ...(bias && { b: uniformValues('b', [out]) }),
        },
        operator: ({ x, w, b }) => [linear(x as Tensor, w as Tensor, b)],
        reference: ({ x, w, b }) => [
          { shape: [...lead, out], data: linearReference(x?.data ?? [], w?.data ?? [], b?.data, out) },
        ],
        inRange,
      });
    },
    12,
  );
});

it('every algorithm multiplies any matrices', async () => {
  const algorithms = gatherAlgorithms(context).filter((name) => name !== 'direct') as readonly 'gemm'[];
  await fc.assert(
    fc.asyncProperty(products, fc.constantFrom(...algorithms), async (test, algorithm) => {
      const [a, b] = shapesOf(test).map((shape, i) => random(`ab${i}`, shape)) as [Values, Values];
      const { transposeA, transposeB } = test;
      const options = { transposeA, transposeB, algorithm };
      const y = await compute(context, (t) => matmul(of(t, 'a'), of(t, 'b'), options), { a, b });
      expectClose(y, matmulReference(test, a.data, b.data), { relL2: 2e-6 }, algorithm);
      if (test.lead.length > 0 || transposeA || !transposeB) return;
      const bias = random('bias', [test.sizes[2]]);
      const z = await compute(context, (t) => linear(of(t, 'a'), of(t, 'b'), t['bias'], { algorithm }), { a, b, bias });
      expectClose(z, linearReference(a.data, b.data, bias.data, test.sizes[2]), { relL2: 2e-6 }, algorithm);
    }),
    { numRuns: numRuns(40), seed: 6 },
  );
});
type Values = ReturnType<typeof random>;

it('long sums of gradients are cut into parts, with the same bits every time', async () => {
  const [rows, into, out] = [2 * 1536, 5, 3];
  const inputs = {
    x: random('x', [2, rows / 2, into]),
    w: random('w', [out, into]),
    b: random('b', [out]),
    g: random('g', [2, rows / 2, out]),
  };
  const step = ({ x, w, b, g }: Named): Record<string, Tensor> => {
    const [dw, db] = gradients(
      [{ output: linear(x as Tensor, w as Tensor, b), gradient: g as Tensor }],
      [w as Tensor, b as Tensor],
    );
    return { dw: dw as Tensor, db: db as Tensor };
  };
  const found = await evaluate(context, step, inputs, { precision: 'exact' });
  const [x, g] = [inputs.x.data, inputs.g.data];
  const dw = product(
    [out, rows, into],
    (o, r) => g[r * out + o] as number,
    (r, i) => x[r * into + i] as number,
  );
  const db = product(
    [1, rows, out],
    () => 1,
    (r, o) => g[r * out + o] as number,
  );
  expectClose(found['dw']?.data ?? [], dw, { relL2: 2e-6 }, 'dw');
  expectClose(found['db']?.data ?? [], db, { relL2: 2e-6 }, 'db');
  expect(await evaluate(context, step, inputs, { precision: 'exact' })).toEqual(found);
});

it('second derivatives pass', async () => {
  const inputs = { x: random('x', [4, 3]), w: random('w', [5, 3]), g: random('g', [4, 5]), v: random('v', [5, 3]) };
  const { dx } = await evaluate(
    context,
    ({ x, w, g, v }: Named) => {
      const [dw] = gradients([{ output: linear(x as Tensor, w as Tensor), gradient: g as Tensor }], [w as Tensor]);
      return { dx: gradients([{ output: dw as Tensor, gradient: v as Tensor }], [x as Tensor])[0] as Tensor };
    },
    inputs,
  );
  // dw = g^T x, so that its gradient with respect to x is g v.
  const [g, v] = [inputs.g.data, inputs.v.data];
  const expected = product(
    [4, 5, 3],
    (r, o) => g[r * 5 + o] as number,
    (o, i) => v[o * 3 + i] as number,
  );
  expectClose(dx?.data ?? [], expected, { relL2: 1e-6 });
});

it("the module has PyTorch's names, layout and first values", async () => {
  const module = new Linear(9, 40);
  const shapes = Object.fromEntries(module.stateDictSpec().map(({ name, shape }) => [name, shape]));
  expect(shapes).toEqual({ weight: [40, 9], bias: [40] });
  using store = new ParameterStore(context, module);
  store.initialize(3);
  const most = Math.max(...Array.from((await store.read()).get('weight')?.data ?? [], Math.abs));
  expect(most).toBeLessThanOrEqual(1 / 3);
  expect(most).toBeGreaterThan(0.3);
  expect(trace(({ x }) => module.call(x), { x: [2, 3, 9] }).outputs.get('output')?.shape).toEqual([2, 3, 40]);
  expect(new Linear(3, 2, { bias: false }).bias).toBeUndefined();
});

it('what PyTorch refuses is refused by code', () => {
  const refused = (fn: (a: Tensor, b: Tensor) => Tensor, a: Shape, b: Shape): unknown => {
    try {
      trace(({ a, b }) => fn(a, b), { a, b });
      return undefined;
    } catch (error) {
      return isInfnetError(error) ? error.code : error;
    }
  };
  expect(refused(matmul, [2, 3, 4], [2, 4, 5])).toBeUndefined();
  expect(refused(matmul, [2, 3, 4], [2, 5, 4])).toBe('SHAPE_MISMATCH');
  expect(refused(matmul, [2, 3, 4], [3, 4, 5])).toBe('SHAPE_MISMATCH');
  expect(refused(matmul, [2, 3, 4], [4, 5])).toBe('SHAPE_MISMATCH');
  expect(refused(matmul, [4], [4, 5])).toBe('SHAPE_RANK');
  expect(refused((a, b) => linear(a, b), [2, 4], [5, 4])).toBeUndefined();
  expect(refused((a, b) => linear(a, b), [2, 4], [4, 5])).toBe('SHAPE_MISMATCH');
  expect(refused((a, b) => linear(a, b), [2, 4], [4])).toBe('SHAPE_RANK');
  expect(refused((a, b) => linear(a, b), [], [1, 1])).toBe('SHAPE_RANK');
  expect(refused((a, b) => linear(a, b, a), [2, 4], [5, 4])).toBe('SHAPE_MISMATCH');
});
