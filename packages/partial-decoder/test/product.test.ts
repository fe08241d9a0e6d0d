import {
  type Context,
  evaluate,
  gradients,
  type HostTensor,
  isInfnetError,
  open,
  preparePlan,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { add, concat, narrow } from '@infnet/nn';
import { expectClose, fill, gradcheck, sizeOf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { product } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

const tensor = (name: string, shape: readonly number[]): HostTensor => ({ shape, data: fill(name, sizeOf(shape), 2) });

/** g times the factors other than `left`, in float64. */
const times = (factors: readonly HostTensor[], left = -1): Float64Array =>
  Float64Array.from(factors[0]?.data as Float32Array, (_, i) =>
    factors.reduce((value, { data }, k) => (k === left ? value : value * (data[i] as number)), 1),
  );

const shapes = [
  [1, 1, 1, 1],
  [2, 3, 5, 7],
  [2, 26, 6, 6],
  [1, 52, 11, 11],
  [3, 4],
] as const;

describe('product', () => {
  for (const factors of [2, 3] as const) {
    it.each(shapes.map((shape) => ({ shape })))(
      `of ${factors} factors equals float64, value and gradients: $shape`,
      async ({ shape }) => {
        const inputs = { a: tensor('a', shape), b: tensor('b', shape), c: tensor('c', shape), g: tensor('g', shape) };
        const results = await evaluate(
          context,
          ({ a, b, c, g }) => {
            const used = [a, b, c].slice(0, factors);
            const y = product(used);
            const found = gradients([{ output: y, gradient: g }], used);
            return { y, ...Object.fromEntries(found.map((gradient, i) => [`d${i}`, gradient as Tensor])) };
          },
          inputs,
        );
        const used = [inputs.a, inputs.b, inputs.c].slice(0, factors);
        expectClose(results['y']?.data as Float32Array, times(used), { relL2: 3e-7 }, 'y');
        for (let i = 0; i < factors; i++) {
          expectClose(
            results[`d${i}`]?.data as Float32Array,
            times([inputs.g, ...used], i + 1),
            { relL2: 3e-7 },
            `d${i}`,
          );
        }
      },
    );
  }

  it('gives all gradients in one pass, and a single one as a product', () => {
    const kernels = (wanted: number): string[] => {
      const graph = trace(
        ({ a, b, c, g }) => {
          const found = gradients([{ output: product([a, b, c]), gradient: g }], [a, b, c].slice(0, wanted));
          return found.map((gradient) => gradient as Tensor);
        },
        { a: [1, 2, 3, 3], b: [1, 2, 3, 3], c: [1, 2, 3, 3], g: [1, 2, 3, 3] },
      );
      return schedule(graph).dispatches.map(({ kernel }) => kernel.name);
    };
    expect(kernels(3)).toEqual(['partial-decoder/product-gradient']);
    expect(kernels(1)).toEqual(['partial-decoder/product']);
  });

  it('reads and writes channel ranges in place', async () => {
    const block = ({ x, z }: Readonly<Record<'x' | 'z', Tensor>>): Tensor => {
      const doubled = add(x, x);
      const parts = [narrow(doubled, 1, 0, 2), narrow(doubled, 1, 3, 2)];
      return concat([add(z, z), product([...parts, z])]);
    };
    const specs = { x: [2, 5, 3, 4], z: [2, 2, 3, 4] } as const;
    expect(schedule(trace(block, specs)).dispatches).toHaveLength(3);
    const { output } = await evaluate(context, block, { x: tensor('x', specs.x), z: tensor('z', specs.z) });
    const [x, z] = [fill('x', 120, 2), fill('z', 48, 2)];
    const expected = Array.from({ length: 96 }, (_, i) => {
      const [n, c, p] = [Math.floor(i / 48), Math.floor(i / 12) % 4, i % 12];
      if (c < 2) return 2 * (z[(n * 2 + c) * 12 + p] as number);
      const at = (channel: number): number => 2 * (x[(n * 5 + channel) * 12 + p] as number);
      return at(c - 2) * at(c + 1) * (z[(n * 2 + c - 2) * 12 + p] as number);
    });
    expectClose(output?.data as Float32Array, expected, { relL2: 3e-7 });
  });

  it('has the gradients of finite differences in the middle of a graph', async () => {
    const shape = [2, 3, 3, 5] as const;
    const forward = ({ a, b, c }: Readonly<Record<'a' | 'b' | 'c', Tensor>>): Tensor => {
      const y = product([add(a, b), b, c]);
      return product([y, add(y, c)]);
    };
    const inputs = { a: fill('a', 90), b: fill('b', 90), c: fill('c', 90) };
    const upstream = fill('g', 90);
    const host = { a: { shape, data: inputs.a }, b: { shape, data: inputs.b }, c: { shape, data: inputs.c } };
    const found = await evaluate(
      context,
      ({ a, b, c, g }) => {
        const [da, db, dc] = gradients([{ output: forward({ a, b, c }), gradient: g }], [a, b, c]) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        return { a: da, b: db, c: dc };
      },
      { ...host, g: { shape, data: upstream } },
    );
    const plan = await preparePlan(context, trace(forward, { a: shape, b: shape, c: shape }));
    await gradcheck({
      inputs,
      upstream: [upstream],
      forward: async (at) => [(await plan.run(at))['output'] as Float32Array],
      gradients: Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data])),
      directions: 2,
    });
    plan.dispose();
  });

  it('says which shapes do not fit', () => {
    try {
      trace(({ a, b }) => a.graph.within('net.ParDec', () => product([a, b])), { a: [1, 2, 4, 4], b: [1, 2, 4, 3] });
      expect.unreachable();
    } catch (error) {
      expect(isInfnetError(error, 'SHAPE_MISMATCH')).toBe(true);
      expect(error).toMatchObject({ where: 'net.ParDec' });
    }
  });
});
