import { gradients, Module, ParameterStore, preparePlan, schedule, type Tensor, trace } from '@infnet/core';
import { expectClose, type Golden, itWithGolden } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchNorm2d, batchNorm2d, batchNorm2dTraining, narrow, relu } from '../src/index.js';
import * as reference from './reference/operators.js';
import {
  checkGradients,
  codeOf,
  exact,
  forAll,
  type Host,
  random,
  run,
  type Tensors,
  useContext,
} from './support/harness.js';

const context = useContext();

interface Cases {
  readonly cases: readonly {
    readonly case: string;
    readonly f32_vs_f64: Readonly<Record<string, { readonly rel_l2: number }>>;
  }[];
}

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;
const INPUTS = ['x', 'w', 'b', 'running_mean', 'running_var'] as const;

function hosts(golden: Golden<Cases>, id: string): Record<string, Host> {
  return Object.fromEntries(
    [...INPUTS, 'g_y'].map((name) => [
      name,
      { shape: golden.shape(`${id}/${name}`), data: golden.f32(`${id}/${name}`) },
    ]),
  );
}

describe('goldens', () => {
  itWithGolden<Cases>('inference, with gradients', 'ops/batch_norm_eval', async (golden) => {
    for (const { case: id } of golden.json.cases) {
      const result = await run(
        (i) => {
          const y = batchNorm2d(t(i, 'x'), t(i, 'w'), t(i, 'b'), t(i, 'running_mean'), t(i, 'running_var'));
          const [dx, dw, db] = gradients([{ output: y, gradient: t(i, 'g_y') }], [t(i, 'x'), t(i, 'w'), t(i, 'b')]) as [
            Tensor,
            Tensor,
            Tensor,
          ];
          return { y, d_x: dx, d_w: dw, d_b: db };
        },
        hosts(golden, id),
      );
      for (const name of ['y', 'd_x', 'd_w', 'd_b']) {
        expectClose(result[name]?.data as Float32Array, golden.f32(`${id}/${name}`), { relL2: 5e-6 }, `${id}/${name}`);
      }
    }
  });

  itWithGolden<Cases>('training, with gradients and running statistics', 'ops/batch_norm_train', async (golden) => {
    for (const { case: id } of golden.json.cases) {
      const result = await run(
        (i) => {
          const { y, runningMean, runningVar } = batchNorm2dTraining(
            t(i, 'x'),
            t(i, 'w'),
            t(i, 'b'),
            t(i, 'running_mean'),
            t(i, 'running_var'),
          );
          const [dx, dw, db] = gradients([{ output: y, gradient: t(i, 'g_y') }], [t(i, 'x'), t(i, 'w'), t(i, 'b')]) as [
            Tensor,
            Tensor,
            Tensor,
          ];
          return { y, d_x: dx, d_w: dw, d_b: db, running_mean_after: runningMean, running_var_after: runningVar };
        },
        hosts(golden, id),
      );
      const hard = id === 'small_var' || id === 'offset_100';
      for (const [name, { data }] of Object.entries(result)) {
        const loose = hard && (name === 'y' || name === 'd_w');
        // Two values per channel: their gradient is a difference of nearly equal figures.
        const bound =
          id === 'b' && name === 'd_x'
            ? { maxAbs: 1e-6 }
            : { relL2: loose ? 3e-4 : hard && name === 'd_x' ? 1.8e-5 : 2e-6 };
        expectClose(data, golden.f32(`${id}/${name}`), bound, `${id}/${name}`);
      }
    }
  });
});

function channelInputs(x: Host): Record<string, Host> {
  const channels = [x.shape[1] as number];
  return {
    x,
    weight: random('weight', channels),
    bias: random('bias', channels),
    mean: random('mean', channels),
    variance: { shape: channels, data: random('variance', channels).data.map((v) => v + 1.5) },
  };
}

const normalized = (i: Tensors, training = false): Tensor =>
  batchNorm2d(t(i, 'x'), t(i, 'weight'), t(i, 'bias'), t(i, 'mean'), t(i, 'variance'), { training });

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.constantFrom(1, 3, 26, 52),
  fc.integer({ min: 2, max: 9 }),
  fc.constantFrom(1, 3, 8, 11),
);

describe('inference', () => {
  it('is right for any size, over channel ranges of larger tensors', async () => {
    await forAll(shapes, async (shape) => {
      const [n, c, h, w] = shape;
      const inputs = channelInputs(random('x', shape));
      const wide = random('wide', [n, c + 2, h, w]);
      const result = await run(
        (i) => ({
          y: batchNorm2d(narrow(t(i, 'wide'), 1, 1, c), t(i, 'weight'), t(i, 'bias'), t(i, 'mean'), t(i, 'variance')),
          z: normalized(i),
        }),
        { ...inputs, wide },
      );
      const figures = [
        exact(inputs['weight'] as Host),
        exact(inputs['bias'] as Host),
        (inputs['mean'] as Host).data,
        (inputs['variance'] as Host).data,
      ] as const;
      const y = reference.batchNorm(reference.narrow(exact(wide), 1, 1, c), ...figures);
      expectClose(result['y']?.data as Float32Array, y.data, { relL2: 2e-6 }, 'y');
      expectClose(
        result['z']?.data as Float32Array,
        reference.batchNorm(exact(inputs['x'] as Host), ...figures).data,
        { relL2: 2e-6 },
        'z',
      );
    });
  });

  it('takes the relu that follows it', async () => {
    const inputs = channelInputs(random('x', [2, 3, 4, 5]));
    const fn = (i: Tensors): Tensor => relu(normalized(i));
    const shape = Object.fromEntries(Object.entries(inputs).map(([name, host]) => [name, host.shape]));
    expect(schedule(trace(fn, shape)).dispatches.map(({ operator }) => operator)).toEqual(['fusedBatchNorm2d']);
    const fused = await run(fn, inputs);
    const plain = await run((i) => ({ output: relu(normalized(i)), middle: normalized(i) }), inputs);
    expectClose(fused['output']?.data as Float32Array, plain['output']?.data as Float32Array, { maxAbs: 0 });
    expect(Math.min(...(plain['middle']?.data ?? []))).toBeLessThan(0);
  });
});

describe('training', () => {
  it('is right for any size: result, running statistics and gradients', async () => {
    await forAll(
      shapes,
      async (shape) => {
        const x = random('x', shape);
        const inputs: Record<string, Host> = channelInputs(x);
        const result = await run((i) => {
          const batch = batchNorm2dTraining(t(i, 'x'), t(i, 'weight'), t(i, 'bias'), t(i, 'mean'), t(i, 'variance'), {
            momentum: 0.3,
          });
          return { y: batch.y, mean: batch.runningMean, variance: batch.runningVar };
        }, channelInputs(x));
        const { mean, variance, count } = reference.moments(exact(x));
        const y = reference.batchNormTraining(exact(x), exact(inputs['weight'] as Host), exact(inputs['bias'] as Host));
        expectClose(result['y']?.data as Float32Array, y.data, { relL2: 1e-5 }, 'y');
        const moved = (old: string, value: Float64Array, factor: number): number[] =>
          [...(inputs[old]?.data ?? [])].map((v, c) => 0.7 * v + 0.3 * (value[c] as number) * factor);
        expectClose(result['mean']?.data as Float32Array, moved('mean', mean, 1), { maxAbs: 1e-6 }, 'mean');
        expectClose(
          result['variance']?.data as Float32Array,
          moved('variance', variance, count / (count - 1)),
          { maxAbs: 2e-6 },
          'variance',
        );
      },
      8,
    );
  });

  it('joins parts in several steps, forward and backward, where a channel has very many values', async () => {
    const x = random('x', [2, 1, 120, 100]);
    const inputs = channelInputs(x);
    const g = random('g', x.shape);
    const operators = ['nn/merge-statistics', 'nn/merge-sums'];
    const fn = (i: Tensors) => {
      const y = normalized(i, true);
      const targets = [t(i, 'x'), t(i, 'weight'), t(i, 'bias')];
      const [dx, dw, db] = gradients([{ output: y, gradient: t(i, 'g') }], targets) as [Tensor, Tensor, Tensor];
      return { y, dx, dw, db };
    };
    const shape = Object.fromEntries(Object.entries({ ...inputs, g }).map(([name, host]) => [name, host.shape]));
    const kernels = schedule(trace(fn, shape)).dispatches.map(({ kernel }) => kernel.name);
    for (const name of operators) expect(kernels.filter((kernel) => kernel === name).length).toBeGreaterThan(1);
    const result = await run(fn, { ...inputs, g });
    const [weight, bias] = [exact(inputs['weight'] as Host), exact(inputs['bias'] as Host)];
    const y = reference.batchNormTraining(exact(x), weight, bias);
    expectClose(result['y']?.data as Float32Array, y.data, { relL2: 2e-6 }, 'y');
    const one = { shape: [1], data: Float64Array.of(1) };
    const h = reference.batchNormTraining(exact(x), one, { shape: [1], data: Float64Array.of(0) });
    const upstream = exact(g);
    const db = upstream.data.reduce((sum, v) => sum + v, 0);
    const dw = upstream.data.reduce((sum, v, i) => sum + v * (h.data[i] as number), 0);
    expectClose(result['db']?.data as Float32Array, [db], { maxAbs: 1e-4 }, 'db');
    expectClose(result['dw']?.data as Float32Array, [dw], { maxAbs: 1e-4 }, 'dw');
    const { variance, count } = reference.moments(exact(x));
    const scale = (weight.data[0] as number) / Math.sqrt((variance[0] as number) + 1e-5);
    const dx = upstream.data.map((v, i) => scale * (v - db / count - ((h.data[i] as number) * dw) / count));
    expectClose(result['dx']?.data as Float32Array, dx, { relL2: 2e-6 }, 'dx');
  });

  it('keeps its digits for a long sum around a large mean', async () => {
    const noise = random('x', [3, 2, 64, 64]);
    const x = { shape: noise.shape, data: noise.data.map((v) => 1000 + v) };
    const result = await run((i) => normalized(i, true), channelInputs(x));
    const inputs = channelInputs(x);
    const y = reference.batchNormTraining(exact(x), exact(inputs['weight'] as Host), exact(inputs['bias'] as Host));
    expectClose(result['output']?.data as Float32Array, y.data, { relL2: 2e-4 });
  });

  it('gradients agree with finite differences, in both modes', async () => {
    const x = random('x', [2, 3, 3, 4]);
    const { weight, bias, mean, variance } = channelInputs(x) as Record<string, Host>;
    await checkGradients(
      (i) => batchNorm2d(t(i, 'x'), t(i, 'weight'), t(i, 'bias'), t(i, 'bias'), t(i, 'weight'), { training: true }),
      (v, p, q) => reference.batchNormTraining(v, p, q),
      { x, weight: weight as Host, bias: bias as Host },
      5e-5,
    );
    const fixed = { ...(mean as Host) };
    const result = await run(
      (i) => {
        const y = normalized(i);
        const [dx] = gradients([{ output: y, gradient: t(i, 'g') }], [t(i, 'x')]) as [Tensor];
        const [dw, db] = gradients([{ output: y, gradient: t(i, 'g') }], [t(i, 'weight'), t(i, 'bias')]) as [
          Tensor,
          Tensor,
        ];
        return { dx, dw, db };
      },
      { ...channelInputs(x), g: random('g', x.shape) },
    );
    const g = exact(random('g', x.shape));
    const inverse = [...(variance as Host).data].map((v) => 1 / Math.sqrt(v + 1e-5));
    const h = reference.batchNorm(
      exact(x),
      { shape: [3], data: Float64Array.of(1, 1, 1) },
      { shape: [3], data: new Float64Array(3) },
      fixed.data,
      (variance as Host).data,
    );
    const perChannel = {
      shape: [3, 1, 1],
      data: Float64Array.from(inverse, (v, c) => v * ((weight as Host).data[c] as number)),
    };
    expectClose(
      result['dx']?.data as Float32Array,
      reference.binary(g, perChannel, (p, q) => p * q).data,
      { relL2: 2e-6 },
      'dx',
    );
    expectClose(
      result['dw']?.data as Float32Array,
      reference.sum(
        reference.binary(g, h, (p, q) => p * q),
        [0, 2, 3],
      ).data,
      { relL2: 5e-6 },
      'dw',
    );
    expectClose(result['db']?.data as Float32Array, reference.sum(g, [0, 2, 3]).data, { relL2: 5e-6 }, 'db');
  });
});

describe('BatchNorm2d', () => {
  it('has the state dict of the reference, in its order', () => {
    expect(new BatchNorm2d(5).stateDictSpec().map(({ name, shape }) => [name, [...shape]])).toEqual([
      ['weight', [5]],
      ['bias', [5]],
      ['running_mean', [5]],
      ['running_var', [5]],
      ['num_batches_tracked', []],
    ]);
  });

  it('moves its running statistics when a training run ends, twice if it was applied twice', async () => {
    class Twice extends Module {
      readonly bn: BatchNorm2d = new BatchNorm2d(2, { momentum: 0.5 });
      override forward(x: Tensor): Tensor {
        return this.bn.call(this.bn.call(x));
      }
    }
    const net = new Twice().train();
    const parameters = new ParameterStore(context(), net);
    parameters.initialize(1);
    const x = random('x', [2, 2, 3, 3], 4);
    const plan = await preparePlan(
      context(),
      trace((i) => net.call(t(i, 'x')), { x: x.shape }),
      { parameters },
    );
    await plan.run({ x: x.data });
    const after = await parameters.read();
    const { mean, variance, count } = reference.moments(exact(x));
    // The second batch has mean 0 and (biased) variance 1 - eps.
    const expected = [...mean].map((v) => 0.25 * v);
    expectClose(after.get('bn.running_mean')?.data ?? [], expected, { maxAbs: 1e-5 }, 'mean');
    const unbiased = count / (count - 1);
    expectClose(
      after.get('bn.running_var')?.data ?? [],
      [...variance].map((v) => 0.25 + 0.25 * v * unbiased + 0.5 * unbiased),
      { maxAbs: 1e-4 },
      'variance',
    );
    plan.dispose();
    parameters.dispose();
  });
});

describe('errors', () => {
  const normalise = (x: number[], channels: number, training = false): unknown =>
    trace((i) => batchNorm2d(t(i, 'x'), t(i, 'w'), t(i, 'w'), t(i, 'w'), t(i, 'w'), { training }), {
      x,
      w: [channels],
    });
  const codes = (...args: Parameters<typeof normalise>): string => codeOf(() => normalise(...args));

  it('name what does not fit', () => {
    expect(codes([2, 3, 4, 4], 4)).toBe('SHAPE_MISMATCH');
    expect(codes([3], 3)).toBe('SHAPE_RANK');
    expect(codes([1, 3, 1, 1], 3, true)).toBe('SHAPE_BATCH_NORM');
    expect(() => normalise([1, 3, 1, 1], 3)).not.toThrow();
  });
});
