/** What group, instance and layer norm take over, forwards and backwards, and that the numbers stay the same. */
import { gradients, type Plan, preparePlan, type Tensor, trace } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { add, groupNorm, instanceNorm2d, layerNorm, layerNorm2d, leakyRelu, mul, relu } from '../src/index.js';
import { type Host, random, type Tensors, useContext } from './support/harness.js';

const context = useContext();
const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

/** Whole groups on CPU adapters, and for one case groups and planes in parts: a plan of each compiles for a second. */
const [SMALL, LARGE] = [
  [2, 26, 6, 6],
  [3, 4, 47, 51],
] as const;

type Norm = (x: Tensor, weight: Tensor, row: Tensor) => Tensor;
const NORMS: Readonly<Record<string, Norm>> = {
  groupNorm: (x, weight) => groupNorm(x, 2, { weight }),
  instanceNorm2d: (x, weight) => instanceNorm2d(x, { weight, bias: weight }),
  layerNorm: (x, _, row) => layerNorm(x, row.shape[0] as number, { weight: row, bias: row }),
  layerNorm2d: (x, weight) => layerNorm2d(x, { weight, bias: weight }),
};
const AFTER: Readonly<Record<string, readonly [apply: (y: Tensor, r: Tensor) => Tensor, kinds: readonly string[]]>> = {
  relu: [(y) => relu(y), ['relu', 'reluGradient']],
  leakyRelu: [(y) => leakyRelu(y, 0.1), ['leakyRelu', 'leakyReluGradient']],
  add: [(y, r) => add(r, y), ['add']],
  'add, relu': [(y, r) => relu(add(y, r)), ['add', 'addRelu', 'relu']],
  'add, leakyRelu': [(y, r) => leakyRelu(add(y, r)), ['add', 'leakyRelu']],
};

const inputsOf = (shape: readonly number[]): Record<string, Host> => ({
  x: random('x', shape),
  r: random('r', shape),
  c: random('c', shape),
  g: random('g', shape),
  weight: random('weight', [shape[1] as number]),
  row: random('row', [shape[3] as number]),
});

const operatorsOf = (plan: Plan): string[] => plan.schedule.dispatches.map(({ operator }) => operator);

describe.each(Object.entries(NORMS))('%s', (_, norm) => {
  // Instance norm is group norm: of it the block of nnU-Net.
  const after = Object.entries(AFTER).filter(([name]) => norm !== NORMS['instanceNorm2d'] || name === 'leakyRelu');
  it.each(after)('takes over %s', async (name, [after, kinds]) => {
    for (const shape of name === 'add, leakyRelu' ? [SMALL, LARGE] : [SMALL]) {
      const hosts = inputsOf(shape);
      const shapes = Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, host.shape]));
      const data = Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, host.data]));
      const y = (i: Tensors): Tensor => after(norm(t(i, 'x'), t(i, 'weight'), t(i, 'row')), t(i, 'r'));
      const training = (i: Tensors): Record<string, Tensor> => {
        const output = y(i);
        const targets = ['x', 'r', 'weight', 'row'].map((name) => t(i, name));
        const found = gradients([{ output: mul(output, t(i, 'c')), gradient: t(i, 'g') }], targets);
        const given = found.flatMap((d, at) => (d === undefined ? [] : [[`d${at}`, d] as const]));
        return { y: output, ...Object.fromEntries(given) };
      };
      for (const fn of [(i: Tensors) => ({ y: y(i) }), training]) {
        using plain = await preparePlan(context(), trace(fn, shapes), { fusion: false });
        using fused = await preparePlan(context(), trace(fn, shapes));
        const left = operatorsOf(fused).filter((name) => kinds.includes(name));
        expect(left).toEqual([]);
        const [found, expected] = [await fused.run(data), await plain.run(data)];
        expect(Object.keys(found).length).toBeGreaterThan(fn === training ? 2 : 0);
        for (const [name, values] of Object.entries(expected)) {
          expectClose(found[name] as Float32Array, values as Float32Array, { maxAbsOfMax: 1e-6 }, name);
        }
      }
    }
  });
});

it('a leakyRelu whose slope turns signs round stays by itself, and its gradient is right', async () => {
  const hosts = inputsOf([2, 4, 3, 3]);
  const fn = (i: Tensors): Record<string, Tensor> => {
    const output = leakyRelu(instanceNorm2d(t(i, 'x')), -0.5);
    const [d] = gradients([{ output, gradient: t(i, 'g') }], [t(i, 'x')]);
    return { output, d: d as Tensor };
  };
  const shapes = { x: [2, 4, 3, 3], g: [2, 4, 3, 3] };
  using fused = await preparePlan(context(), trace(fn, shapes));
  using plain = await preparePlan(context(), trace(fn, shapes), { fusion: false });
  expect(operatorsOf(fused)).toEqual(operatorsOf(plain));
  expect(operatorsOf(fused)).toEqual(expect.arrayContaining(['leakyRelu', 'leakyReluGradient']));
  const data = { x: hosts['x']?.data as Float32Array, g: hosts['g']?.data as Float32Array };
  const found = await fused.run(data);
  const y = found['output'] as Float32Array;
  // Never below 0: |x| at half its size below 0.
  expect(Math.min(...y)).toBeGreaterThanOrEqual(0);
});
