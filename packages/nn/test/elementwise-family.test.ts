/**
 * The family of elementwise operators: PyTorch's values and gradients, finite differences in the middle of a graph,
 * views, broadcasting, and how many dispatches and passes each takes. NaN and infinities:
 * packages/testing/test/hostile/values.ts.
 */
import { type Context, evaluate, gradients, schedule, type Tensor, trace } from '@infnet/core';
import { readFixtureJson } from '@infnet/testing';
import { checkMidGraph, forAllDrawn, oddImages, uniformValues } from '@infnet/testing/mid-graph';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { codeOf, random, run, type Tensors, useContext } from './support/harness.js';

const context: () => Context = useContext();

type Data = readonly [shape: readonly number[], values: readonly number[]];
interface Case {
  readonly case: string;
  readonly inputs: Readonly<Record<string, Data>>;
  readonly g: readonly number[];
  readonly y: Data;
  readonly d: Readonly<Record<string, readonly number[]>>;
}

const of = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;
const x =
  (fn: (x: Tensor) => Tensor) =>
  (inputs: Tensors): Tensor =>
    fn(of(inputs, 'x'));
const ab =
  (fn: (a: Tensor, b: Tensor) => Tensor) =>
  (inputs: Tensors): Tensor =>
    fn(of(inputs, 'a'), of(inputs, 'b'));

const FUNCTIONS: Readonly<Record<string, (inputs: Tensors) => Tensor>> = {
  silu: x(nn.silu),
  gelu: x(nn.gelu),
  geluTanh: x((v) => nn.gelu(v, { approximate: 'tanh' })),
  mish: x(nn.mish),
  softplus: x(nn.softplus),
  softplusBeta: x((v) => nn.softplus(v, { beta: 2.5, threshold: 4 })),
  elu: x((v) => nn.elu(v, 0.75)),
  'elu over its whole range': x((v) => nn.elu(v, 0.75)),
  tanh: x(nn.tanh),
  relu6: x(nn.relu6),
  hardsigmoid: x(nn.hardsigmoid),
  hardswish: x(nn.hardswish),
  clamp: x((v) => nn.clamp(v, { min: -0.5, max: 1.5 })),
  abs: x(nn.abs),
  erf: x(nn.erf),
  square: x((v) => nn.pow(v, 2)),
  pow3: x((v) => nn.pow(v, 3)),
  exp: x(nn.exp),
  sin: x(nn.sin),
  cos: x(nn.cos),
  log: x(nn.log),
  'log near 1': x(nn.log),
  sqrt: x(nn.sqrt),
  rsqrt: x(nn.rsqrt),
  powFraction: x((v) => nn.pow(v, -3.7)),
  pow: ab(nn.pow),
  minimum: ab(nn.minimum),
  maximum: ab(nn.maximum),
  where: ab((a, b) => nn.where(nn.greater(a, b), a, b)),
  prelu: (i) => nn.prelu(of(i, 'x'), of(i, 'slope')),
  prelu1: (i) => nn.prelu(of(i, 'x'), of(i, 'slope')),
};

/** Largest error relative to the value itself, or to `floor` times the largest where it is smaller than that. */
function errorOf(found: ArrayLike<number>, expected: readonly number[], floor: number): number {
  const least = Math.max(...expected.map(Math.abs)) * floor;
  return Math.max(
    ...expected.map((v, i) => (found[i] === v ? 0 : Math.abs((found[i] as number) - v) / Math.max(Math.abs(v), least))),
  );
}

/** Functions without cancellation: right in every value, however small. */
const DIGITS = /^(exp|log|sqrt|rsqrt|pow|square|softplus)/;

describe("PyTorch's values and gradients, computed in float64", () => {
  it('are met to 1e-6', async () => {
    const { cases } = await readFixtureJson<{ readonly cases: readonly Case[] }>('golden/ops/elementwise.json');
    expect(cases.map((each) => each.case).sort()).toEqual(Object.keys(FUNCTIONS).sort());
    for (const { case: name, inputs, g, y, d } of cases) {
      const hosts = Object.fromEntries(
        Object.entries(inputs).map(([key, [shape, data]]) => [key, { shape, data: Float32Array.from(data) }]),
      );
      const compute = FUNCTIONS[name] as (inputs: Tensors) => Tensor;
      const found = await evaluate(
        context(),
        ({ upstream, ...rest }: Tensors) => {
          const result = compute(rest);
          const keys = Object.keys(d);
          const all = gradients(
            [{ output: result, gradient: upstream as Tensor }],
            keys.map((key) => rest[key] as Tensor),
          );
          return { y: result, ...Object.fromEntries(keys.map((key, i) => [key, all[i] as Tensor])) };
        },
        { ...hosts, upstream: { shape: y[0], data: Float32Array.from(g) } },
      );
      for (const [what, values] of [['y', y[1]] as const, ...Object.entries(d)]) {
        const data = found[what]?.data ?? [];
        expect(errorOf(data, values, 0.5), `${name}: ${what}`).toBeLessThan(1e-6);
        if (DIGITS.test(name)) expect(errorOf(data, values, 1e-12), `${name}: digits of ${what}`).toBeLessThan(1e-6);
      }
    }
  });
});

describe('in the middle of a graph', () => {
  /** Functions of one tensor, and of two, with their float64 references. */
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  const one: Readonly<Record<string, readonly [(x: Tensor) => Tensor, (v: number) => number]>> = {
    silu: [nn.silu, (v) => v * sigmoid(v)],
    hardswish: [nn.hardswish, (v) => (v * Math.min(Math.max(v + 3, 0), 6)) / 6],
    tanh: [nn.tanh, Math.tanh],
    softplus: [nn.softplus, (v) => Math.log1p(Math.exp(v))],
    elu: [nn.elu, (v) => (v > 0 ? v : Math.expm1(v))],
  };
  for (const [name, [operator, reference]] of Object.entries(one)) {
    it(`${name}: odd sizes, as a part of a larger tensor`, async () => {
      await forAllDrawn(
        oddImages(600),
        async (shape) => {
          await checkMidGraph(context(), {
            operator: (i) => [operator(i['x'] as Tensor)],
            reference: ({ x }) => [{ shape, data: (x as { data: Float64Array }).data.map(reference) }],
            inputs: { x: uniformValues('x', shape, 1, 0.05) },
          });
        },
        4,
      );
    });
  }

  it('prelu: slopes of channels, summed over the rest', async () => {
    const shape = [2, 3, 5, 7];
    await checkMidGraph(context(), {
      operator: (i) => [nn.prelu(i['x'] as Tensor, i['slope'] as Tensor)],
      reference: ({ x, slope }) => [
        {
          shape,
          data: (x as { data: Float64Array }).data.map((v, at) =>
            v > 0 ? v : v * ((slope as { data: Float64Array }).data[Math.floor(at / 35) % 3] as number),
          ),
        },
      ],
      inputs: { x: uniformValues('x', shape), slope: uniformValues('slope', [3]) },
    });
  });
});

describe('functions of several tensors', () => {
  it('broadcast in every dimension, whichever operand is repeated', async () => {
    const shapes = [
      [
        [2, 3, 4, 8],
        [3, 1, 1],
        [2, 1, 4, 1],
      ],
      [[1, 3, 1, 5], [2, 1, 4, 1], []],
      [[6], [4, 1], [2, 1, 1]],
      [
        [2, 26, 5, 4],
        [2, 26, 5, 4],
        [1, 26, 1, 1],
      ],
    ];
    for (const [condition = [], a = [], b = []] of shapes) {
      const inputs = { c: random('c', condition), a: random('a', a), b: random('b', b) };
      const found = await run(
        (i) =>
          nn.where(nn.greater(of(i, 'c'), 0), nn.maximum(of(i, 'a'), of(i, 'b')), nn.minimum(of(i, 'a'), of(i, 'b'))),
        inputs,
      );
      const { shape = [], data = [] } = found['output'] ?? {};
      const value = (name: 'a' | 'b' | 'c', at: number): number => {
        const own = inputs[name];
        let [index, rest, step] = [0, at, 1];
        for (let d = 1; d <= shape.length; d++) {
          const size = shape.at(-d) as number;
          const [position, mine] = [rest % size, own.shape.at(-d) ?? 1];
          if (mine !== 1) index += position * step;
          step *= mine;
          rest = Math.floor(rest / size);
        }
        return own.data[index] as number;
      };
      const expected = Array.from(data, (_, at) => {
        const [p, q] = [value('a', at), value('b', at)];
        return value('c', at) > 0 ? Math.max(p, q) : Math.min(p, q);
      });
      expect(expected.length).toBeGreaterThan(7);
      expect([...data]).toEqual(expected);
    }
  });
});

describe('what a training step moves', () => {
  const shape = [2, 8, 16, 16];
  const values = 2 * 8 * 16 * 16;
  const counts = (fn: (x: Tensor) => Tensor): readonly number[] => {
    const graph = trace(
      ({ x, g }: Tensors) => {
        const y = fn(x as Tensor);
        const [d] = gradients([{ output: y, gradient: g as Tensor }], [x as Tensor]);
        return { y, d: d as Tensor };
      },
      { x: shape, g: shape },
    );
    const { dispatches } = schedule(graph);
    return [dispatches.length, dispatches.reduce((sum, each) => sum + each.bytes, 0) / 4 / values];
  };

  it.each<[string, (x: Tensor) => Tensor]>([
    ['relu', nn.relu],
    ['silu', nn.silu],
    ['gelu', nn.gelu],
    ['gelu by tanh', (v) => nn.gelu(v, { approximate: 'tanh' })],
    ['mish', nn.mish],
    ['softplus', nn.softplus],
    ['elu', nn.elu],
    ['tanh', nn.tanh],
    ['relu6', nn.relu6],
    ['hardsigmoid', nn.hardsigmoid],
    ['hardswish', nn.hardswish],
    ['clamp', (v) => nn.clamp(v, { min: 0, max: 1 })],
    ['exp', nn.exp],
    ['pow', (v) => nn.pow(v, 3)],
  ])("%s: relu's two dispatches and five passes", (_, fn) => {
    expect(counts(fn)).toEqual([2, 5]);
  });
});

it('prelu with slopes of channels moves seven passes where relu moves five', () => {
  const shape = [2, 8, 16, 16];
  const graph = trace(
    ({ x, s, g }: Tensors) => {
      const [dx, ds] = gradients(
        [{ output: nn.prelu(x as Tensor, s as Tensor), gradient: g as Tensor }],
        [x as Tensor, s as Tensor],
      );
      return { dx: dx as Tensor, ds: ds as Tensor };
    },
    { x: shape, s: [8], g: shape },
  );
  const y = schedule(trace(({ x, s }: Tensors) => nn.prelu(x as Tensor, s as Tensor), { x: shape, s: [8] }));
  const bytes = [...schedule(graph).dispatches, ...y.dispatches].reduce((sum, each) => sum + each.bytes, 0);
  expect(bytes / 4 / (2 * 8 * 16 * 16)).toBeLessThan(7.2);
});

describe('elementwise', () => {
  const squareplus = nn.elementwise('squareplus', {
    numbers: { b: 4 },
    forward: '0.5 * (x + sqrt(x * x + b))',
    gradient: 'g * 0.5 * (1.0 + x / sqrt(x * x + b))',
  });

  it('makes an operator of expressions, with its gradient', async () => {
    const shape = [2, 3, 5, 4];
    for (const b of [undefined, 1]) {
      await checkMidGraph(context(), {
        operator: (i) => [b === undefined ? squareplus(i['x'] as Tensor) : squareplus(i['x'] as Tensor, { b })],
        reference: ({ x }) => [
          { shape, data: (x as { data: Float64Array }).data.map((v) => 0.5 * (v + Math.sqrt(v * v + (b ?? 4)))) },
        ],
        inputs: { x: uniformValues('x', shape) },
      });
    }
  });

  it('of several operands, with functions, and sums gradients over what was repeated', async () => {
    const gated = nn.elementwise('gated', {
      inputs: ['a', 'b'],
      forward: 'gate(a) * b',
      gradient: { a: 'g * b * (1.0 - gate(a) * gate(a))', b: 'g * gate(a)' },
      functions: ['fn gate(v: f32) -> f32 { let e = exp(-2.0 * abs(v)); return sign(v) * (1.0 - e) / (1.0 + e); }'],
    });
    const shape = [2, 3, 5, 4];
    await checkMidGraph(context(), {
      operator: (i) => [gated([i['a'] as Tensor, i['b'] as Tensor])],
      reference: ({ a, b }) => [
        {
          shape,
          data: (a as { data: Float64Array }).data.map(
            (v, at) => Math.tanh(v) * ((b as { data: Float64Array }).data[Math.floor(at / 20) % 3] as number),
          ),
        },
      ],
      inputs: { a: uniformValues('a', shape), b: uniformValues('b', [3, 1, 1]) },
    });
  });

  it('two of one name are two', async () => {
    const [twice, thrice] = ['2.0', '3.0'].map((factor) => nn.elementwise('scale', { forward: `${factor} * x` }));
    const x = { shape: [4], data: Float32Array.of(1, 2, 3, 4) };
    const found = await run((i) => ({ y: twice?.(of(i, 'x')) as Tensor, z: thrice?.(of(i, 'x')) as Tensor }), { x });
    expect([...(found['y']?.data ?? [])]).toEqual([2, 4, 6, 8]);
    expect([...(found['z']?.data ?? [])]).toEqual([3, 6, 9, 12]);
  });

  it('refuses what cannot be, in words', () => {
    const code = (definition: unknown): string => codeOf(() => nn.elementwise('own', definition as never));
    expect(code({ forward: 'x; y' })).toBe('KERNEL_EXPRESSION');
    expect(code({ forward: 'x', gradient: '1.0' })).toBe('KERNEL_EXPRESSION');
    expect(code({ forward: 'x', gradient: { z: 'g' } })).toBe('KERNEL_EXPRESSION');
    expect(code({ inputs: ['x', 'x'], forward: 'x' })).toBe('KERNEL_EXPRESSION');
    expect(code({ inputs: ['params'], forward: 'params' })).toBe('KERNEL_EXPRESSION');
    expect(code({ inputs: ['a', 'b'], forward: 'a', gradient: 'g' })).toBe('KERNEL_EXPRESSION');
    expect(
      code({
        forward: 'f(x)',
        functions: ['fn f(v: f32) -> f32 { return v; }', 'fn f(v: f32) -> f32 { return 2.0 * v; }'],
      }),
    ).toBe('KERNEL_EXPRESSION');
    expect(code({ forward: 'x', backward: 'g' })).toBe('OPTION_UNKNOWN');
    const use = (fn: (x: Tensor) => Tensor): string => codeOf(() => trace((i: Tensors) => fn(of(i, 'x')), { x: [2] }));
    expect(use((v) => squareplus(v, { c: 1 } as never))).toBe('OPTION_UNKNOWN');
    expect(use((v) => squareplus(v, { b: Number.NaN }))).toBe('SHAPE_ATTRIBUTE');
    expect(use((v) => squareplus([v, v]))).toBe('GRAPH_INPUT');
  });
});
