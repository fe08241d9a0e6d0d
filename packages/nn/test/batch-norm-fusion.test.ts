/** What batch norm takes over in training, forwards and backwards, and that the numbers stay the same. */
import { gradients, type Plan, preparePlan, type Tensor, trace } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { add, batchNorm2dTraining, mul, relu } from '../src/index.js';
import { type Host, random, type Tensors, useContext } from './support/harness.js';

const context = useContext();

/**
 * Statistics in one part per channel on CPU adapters, in several parts, and where the last workgroup is nearly empty.
 */
const SHAPES = [
  [2, 26, 6, 6],
  [3, 3, 7, 5],
  [2, 5, 41, 37],
  [1, 65, 4, 4],
] as const;

function inputsFor(shape: readonly number[]): Readonly<Record<string, Host>> {
  const c = [shape[1] as number];
  const positive = (name: string): Host => ({ shape: c, data: random(name, c, 0.4).data.map((value) => value + 1) });
  return {
    x: random('x', shape),
    residual: random('residual', shape),
    factor: random('factor', shape),
    g: random('g', shape),
    weight: positive('weight'),
    bias: random('bias', c),
    mean: random('mean', c),
    variance: positive('variance'),
  };
}

const shapesOf = (inputs: Readonly<Record<string, Host>>): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));

const of = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

function normalize(inputs: Tensors): ReturnType<typeof batchNorm2dTraining> {
  const [x, weight, bias, mean, variance] = ['x', 'weight', 'bias', 'mean', 'variance'].map((name) => of(inputs, name));
  return batchNorm2dTraining(x as Tensor, weight as Tensor, bias as Tensor, mean as Tensor, variance as Tensor);
}

type Tail = (y: Tensor, residual: Tensor) => Tensor;

/**
 * Forward, all gradients and the moved statistics of `tail(batchNorm(x)) * factor`: the fused node stands mid-graph.
 */
function pass(tail: Tail) {
  return (inputs: Tensors): Record<string, Tensor> => {
    const batch = normalize(inputs);
    const y = mul(tail(batch.y, of(inputs, 'residual')), of(inputs, 'factor'));
    const names = ['x', 'weight', 'bias', 'residual', 'factor'];
    const targets = names.map((name) => of(inputs, name));
    const found = gradients([{ output: y, gradient: of(inputs, 'g') }], targets).map((gradient, i) => {
      return [`d_${names[i]}`, gradient] as const;
    });
    const wanted = found.filter(([, gradient]) => gradient !== undefined) as (readonly [string, Tensor])[];
    return { y, runningMean: batch.runningMean, runningVar: batch.runningVar, ...Object.fromEntries(wanted) };
  };
}

const operatorsOf = ({ schedule }: Plan): readonly string[] => schedule.dispatches.map(({ operator }) => operator);

const TAILS: readonly (readonly [name: string, tail: Tail, gone: readonly string[]])[] = [
  ['relu', (y) => relu(y), ['relu', 'reluGradient']],
  ['residual sum', (y, residual) => add(y, residual), ['add']],
  ['residual sum and relu', (y, residual) => relu(add(residual, y)), ['add', 'relu', 'addRelu']],
];

describe('batch norm in training does what follows it', () => {
  for (const [name, tail, gone] of TAILS) {
    it.for(SHAPES.map((shape) => [shape.join(' x '), shape] as const))(`${name}, %s`, async ([, shape]) => {
      const inputs = inputsFor(shape);
      const values = Object.fromEntries(Object.entries(inputs).map(([key, { data }]) => [key, data.slice()]));
      const graph = trace(pass(tail), shapesOf(inputs));
      using fused = await preparePlan(context(), graph);
      using plain = await preparePlan(context(), graph, { fusion: false });
      expect(operatorsOf(fused)).toContain('fusedBatchNorm2d');
      for (const operator of gone) {
        expect(operatorsOf(fused)).not.toContain(operator);
      }
      expect(operatorsOf(fused).length).toBeLessThan(operatorsOf(plain).length);
      const [results, expected] = [await fused.run(values), await plain.run(values)];
      expect(Object.keys(expected).length).toBeGreaterThanOrEqual(7);
      for (const [key, value] of Object.entries(expected)) {
        expectClose(results[key] as Float32Array, value as Float32Array, { relL2: 1e-6 }, key);
      }
    });
  }

  it('leaves a relu alone where batch norm itself is asked for, or read again', async () => {
    const shapes = shapesOf(inputsFor([2, 3, 4, 4]));
    const asked = (inputs: Tensors): Record<string, Tensor> => {
      const { y } = normalize(inputs);
      return { y, z: relu(y) };
    };
    const again = (inputs: Tensors): Record<string, Tensor> => {
      const { y } = normalize(inputs);
      return { z: add(relu(y), y) };
    };
    for (const fn of [asked, again]) {
      using plan = await preparePlan(context(), trace(fn, shapes));
      expect(operatorsOf(plan)).toContain('batchNorm2d');
      expect(operatorsOf(plan)).toContain('relu');
    }
  });

  it('keeps a NaN: relu does not hide it', async () => {
    const inputs = inputsFor([2, 3, 4, 4]);
    const values = Object.fromEntries(Object.entries(inputs).map(([key, { data }]) => [key, data.slice()]));
    (values['residual'] as Float32Array)[17] = Number.NaN;
    using plan = await preparePlan(
      context(),
      trace(
        pass((y, r) => relu(add(y, r))),
        shapesOf(inputs),
      ),
    );
    const { y } = await plan.run(values);
    expect([...(y as Float32Array)].flatMap((value, at) => (Number.isNaN(value) ? [at] : []))).toEqual([17]);
  });
});
