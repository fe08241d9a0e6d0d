/** Group, instance and layer norm against PyTorch (make_goldens.py), as functions and as modules. */
import { gradients, Module, ParameterStore, preparePlan, type Tensor, trace } from '@infnet/core';
import { expectClose, type Golden, loadGolden } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  GroupNorm,
  groupNorm,
  InstanceNorm2d,
  instanceNorm2d,
  instanceNorm2dRunning,
  instanceNorm2dTraining,
  LayerNorm,
  LayerNorm2d,
  layerNorm,
  layerNorm2d,
  type NormOptions,
} from '../src/index.js';
import { codeOf, random, run, type Tensors, useContext } from './support/harness.js';

const context = useContext();

interface Case {
  readonly case: string;
  readonly groups?: number;
  readonly normalized?: readonly number[];
  readonly eps?: number;
}

const golden: Golden<{ readonly cases: readonly Case[] }> = await loadGolden('ops/norm');
const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

/** The function that a case is of, and what it gives beside y. */
function apply({ case: name, groups = 0, normalized = [], eps = 1e-5 }: Case, i: Tensors): Record<string, Tensor> {
  const options: NormOptions = { weight: i['weight'], bias: i['bias'], eps };
  const x = t(i, 'x');
  const running = { ...options, runningMean: t(i, 'running_mean'), runningVar: t(i, 'running_var') };
  if (name.startsWith('group')) return { y: groupNorm(x, groups, options) };
  if (name.startsWith('instance')) return { y: instanceNorm2d(x, options) };
  if (name === 'running_inference') return { y: instanceNorm2dRunning(x, running) };
  if (name.startsWith('layer2d')) return { y: layerNorm2d(x, options) };
  if (name.startsWith('layer')) return { y: layerNorm(x, normalized, options) };
  const moved = instanceNorm2dTraining(x, { ...running, momentum: 0.3 });
  return { y: moved.y, running_mean_after: moved.runningMean, running_var_after: moved.runningVar };
}

describe('PyTorch has the same values and gradients', () => {
  it.each(golden.json.cases.map((each) => [each.case, each] as const))('%s', async (id, given) => {
    const names = ['x', 'weight', 'bias', 'running_mean', 'running_var', 'g_y'].filter((k) => golden.has(`${id}/${k}`));
    const hosts = names.map((k) => [k, { shape: golden.shape(`${id}/${k}`), data: golden.f32(`${id}/${k}`) }] as const);
    const targets = names.filter((k) => golden.has(`${id}/d_${k}`));
    const found = await run((i) => {
      const outputs = apply(given, i);
      const ends = [{ output: t(outputs, 'y'), gradient: t(i, 'g_y') }];
      const d = gradients(
        ends,
        targets.map((k) => t(i, k)),
      );
      return { ...outputs, ...Object.fromEntries(targets.map((k, at) => [`d_${k}`, d[at] as Tensor])) };
    }, Object.fromEntries(hosts));
    expect(Object.keys(found).length).toBeGreaterThan(1);
    for (const [k, { shape, data }] of Object.entries(found)) {
      expect(shape).toEqual(golden.shape(`${id}/${k}`));
      expectClose(data, golden.f32(`${id}/${k}`), { maxAbsOfMax: 2e-6 }, k);
    }
  });
});

describe('modules', () => {
  const names = (module: Module): unknown => module.stateDictSpec().map(({ name, shape }) => [name, [...shape]]);
  const affine = (...shape: number[]): unknown => [
    ['weight', shape],
    ['bias', shape],
  ];

  it('have the state dicts of PyTorch, in their order', () => {
    expect(names(new GroupNorm(2, 6))).toEqual(affine(6));
    expect(names(new GroupNorm(2, 6, { affine: false }))).toEqual([]);
    expect(names(new InstanceNorm2d(4))).toEqual([]);
    expect(names(new InstanceNorm2d(4, { affine: true, trackRunningStats: true }))).toEqual([
      ['weight', [4]],
      ['bias', [4]],
      ['running_mean', [4]],
      ['running_var', [4]],
      ['num_batches_tracked', []],
    ]);
    expect(names(new LayerNorm([3, 4]))).toEqual(affine(3, 4));
    expect(names(new LayerNorm(5, { bias: false }))).toEqual([['weight', [5]]]);
    expect(names(new LayerNorm(5, { elementwiseAffine: false }))).toEqual([]);
    expect(names(new LayerNorm2d(7))).toEqual(affine(7));
  });

  it('compute their functions', async () => {
    class All extends Module {
      readonly norms = [new GroupNorm(2, 4), new InstanceNorm2d(4), new LayerNorm([3, 5]), new LayerNorm2d(4)];
      override forward(x: Tensor): Tensor {
        return this.norms.reduce((y: Tensor, norm: Module) => norm.call(y), x);
      }
    }
    const net = new All();
    using parameters = new ParameterStore(context(), net);
    parameters.initialize(1);
    const x = random('x', [2, 4, 3, 5]);
    const fn = (i: Tensors): Tensor => net.call(t(i, 'x'));
    using plan = await preparePlan(context(), trace(fn, { x: x.shape }), { parameters });
    const { output } = await plan.run({ x: x.data });
    const plain = (i: Tensors): Tensor => layerNorm2d(layerNorm(instanceNorm2d(groupNorm(t(i, 'x'), 2)), [3, 5]));
    const expected = await run(plain, { x });
    expectClose(output as Float32Array, expected['output']?.data as Float32Array, { maxAbsOfMax: 1e-6 });
  });

  it('InstanceNorm2d moves its running statistics in training, twice if applied twice, and uses them in inference', async () => {
    class Twice extends Module {
      readonly norm: InstanceNorm2d = new InstanceNorm2d(2, { momentum: 0.5, trackRunningStats: true });
      override forward(x: Tensor): Tensor {
        return this.norm.call(this.norm.call(x));
      }
    }
    const net = new Twice().train();
    using parameters = new ParameterStore(context(), net);
    parameters.initialize(1);
    const x = random('x', [3, 2, 4, 4], 4);
    using plan = await preparePlan(
      context(),
      trace((i) => net.call(t(i, 'x')), { x: x.shape }),
      { parameters },
    );
    await plan.run({ x: x.data });
    const after = await parameters.read();
    const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
    const planes = (c: number): number[][] =>
      [0, 1, 2].map((n) => [...x.data.slice((2 * n + c) * 16, (2 * n + c + 1) * 16)]);
    const means = [0, 1].map((c) => mean(planes(c).map(mean)));
    const variances = [0, 1].map((c) => mean(planes(c).map((p) => mean(p.map((v) => (v - mean(p)) ** 2)) * (16 / 15))));
    // The second batch has mean 0 and (biased) variance 1 - eps.
    expectClose(
      after.get('norm.running_mean')?.data ?? [],
      means.map((m) => 0.25 * m),
      { maxAbs: 1e-5 },
    );
    const expected = variances.map((v) => 0.25 + 0.25 * v + 0.5 * (16 / 15));
    expectClose(after.get('norm.running_var')?.data ?? [], expected, { maxAbs: 1e-4 });
    net.eval();
    using running = await preparePlan(
      context(),
      trace((i) => net.norm.call(t(i, 'x')), { x: x.shape }),
      { parameters },
    );
    const { output } = await running.run({ x: x.data });
    const [m, v] = ['mean', 'var'].map((k) => after.get(`norm.running_${k}`)?.data as Float32Array);
    const of = (values: unknown, c: number): number => (values as Float32Array)[c] as number;
    const y = x.data.map((value, i) => {
      const c = Math.floor(i / 16) % 2;
      return (value - of(m, c)) / Math.sqrt(of(v, c) + 1e-5);
    });
    expectClose(output as Float32Array, y, { maxAbsOfMax: 2e-6 });
  });
});

it('the same bits every time', async () => {
  const inputs = { x: random('x', [2, 6, 31, 33]), g: random('g', [2, 6, 31, 33]), w: random('w', [6]) };
  const fn = (i: Tensors): Record<string, Tensor> => {
    const y = layerNorm2d(groupNorm(t(i, 'x'), 2, { weight: t(i, 'w') }), { weight: t(i, 'w') });
    const [d, dw] = gradients([{ output: y, gradient: t(i, 'g') }], [t(i, 'x'), t(i, 'w')]) as [Tensor, Tensor];
    return { y, d, dw };
  };
  const first = await run(fn, inputs);
  for (let i = 0; i < 2; i++) expect(await run(fn, inputs)).toEqual(first);
});

it('what cannot be normalised is an error with a code', () => {
  const code = (shape: number[], apply: (x: Tensor) => Tensor): string =>
    codeOf(() => trace((i) => apply(t(i, 'x')), { x: shape }));
  expect(code([2, 6, 3, 3], (x) => groupNorm(x, 4))).toBe('SHAPE_ATTRIBUTE');
  expect(code([2, 6, 3, 3], (x) => groupNorm(x, 0))).toBe('SHAPE_ATTRIBUTE');
  expect(code([6], (x) => groupNorm(x, 2))).toBe('SHAPE_RANK');
  expect(code([1, 6, 1, 1], (x) => groupNorm(x, 6))).toBe('SHAPE_GROUP_NORM');
  expect(code([2, 6, 1, 1], (x) => instanceNorm2d(x))).toBe('SHAPE_INSTANCE_NORM');
  expect(code([2, 6], (x) => instanceNorm2d(x))).toBe('SHAPE_INSTANCE_NORM');
  expect(code([2, 6, 3], (x) => layerNorm(x, 4))).toBe('SHAPE_MISMATCH');
  expect(code([2, 6, 3], (x) => layerNorm(x, []))).toBe('SHAPE_MISMATCH');
  expect(code([6], (x) => layerNorm2d(x))).toBe('SHAPE_RANK');
  expect(code([2, 6, 3, 3], (x) => groupNorm(x, 3, { weight: x }))).toBe('SHAPE_MISMATCH');
  expect(code([2, 6, 3, 3], (x) => layerNorm2d(x, { eps: -1 }))).toBe('SHAPE_ATTRIBUTE');
});
