/** Optimisers against the reference's numbers and float64 loops; clips; several slabs, lines and settings. */
import {
  type Context,
  Module,
  open,
  Parameter,
  ParameterStore,
  type StateDict,
  sumTensors,
  type Tensor,
} from '@infnet/core';
import { mul, reshape, sum } from '@infnet/nn';
import { expectClose, fill, itWithGolden, sizeOf } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adam,
  AdamW,
  clampGradients,
  clipGradientNorm,
  type GradientClip,
  type Optimizer,
  type OptimizerState,
  SGD,
  type StepReport,
  type TrainingStep,
  trainingStep,
} from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

/** Parameters whose gradients are inputs: the loss is the sum of their products. */
class Points extends Module<readonly Tensor[]> {
  readonly points: readonly Parameter[];

  constructor(shapes: readonly (readonly number[])[]) {
    super();
    this.points = shapes.map((shape) => new Parameter(shape));
  }

  override forward(...given: readonly Tensor[]): Tensor {
    const products = this.points.map((point, i) => {
      const g = given[i] as Tensor;
      return reshape(sum(mul(reshape(g, [g.shape.reduce((a, b) => a * b, 1)]), flat(g.graph.parameter(point)))), [1]);
    });
    return sumTensors(products);
  }
}

const flat = (x: Tensor): Tensor => reshape(x, [x.shape.reduce((a, b) => a * b, 1)]);

interface Bench extends Disposable {
  readonly net: Points;
  readonly store: ParameterStore;
  readonly optimizer: Optimizer;
  readonly step: TrainingStep;
  /** One step with these gradients. */
  run(gradients: readonly Float32Array[], learningRate: number): Promise<StepReport>;
  values(): Promise<Float32Array[]>;
}

async function bench(
  shapes: readonly (readonly number[])[],
  values: readonly Float32Array[],
  make: (store: ParameterStore) => Optimizer,
  options: { readonly clip?: GradientClip; readonly accumulate?: boolean } = {},
): Promise<Bench> {
  const net = new Points(shapes);
  const store = new ParameterStore(context, net);
  const state: StateDict = new Map(
    shapes.map((shape, i) => [`points.${i}`, { shape, data: values[i] as Float32Array }]),
  );
  store.load(state);
  const optimizer = make(store);
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`g${i}`, shape]));
  const step = await trainingStep(context, {
    net,
    optimizer,
    inputs,
    loss: (given) => net.call(...shapes.map((_, i) => given[`g${i}`] as Tensor)),
    ...options,
  });
  const named = (given: readonly Float32Array[]) => Object.fromEntries(given.map((data, i) => [`g${i}`, data]));
  return {
    net,
    store,
    optimizer,
    step,
    run: (given, learningRate) => step.run(named(given), { learningRate }),
    values: async () => {
      const read = await store.read();
      return shapes.map((_, i) => read.get(`points.${i}`)?.data as Float32Array);
    },
    [Symbol.dispose]: () => {
      step.dispose();
      optimizer.dispose();
      store.dispose();
    },
  };
}

interface OptimizerSidecar {
  readonly cases: readonly {
    readonly case: string;
    readonly params: {
      readonly lr: number;
      readonly betas?: readonly [number, number];
      readonly eps?: number;
      readonly momentum?: number;
      readonly weight_decay?: number;
    };
  }[];
}

for (const name of ['adam', 'sgd'] as const) {
  itWithGolden<OptimizerSidecar>(
    `${name} equals the golden over five steps, state included`,
    `ops/${name}`,
    async (golden) => {
      expect(golden.json.cases.length).toBeGreaterThan(2);
      for (const { case: label, params } of golden.json.cases) {
        const { lr, betas, eps, momentum, weight_decay: weightDecay = 0 } = params;
        const shape = golden.shape(`${label}/p0`);
        const size = sizeOf(shape);
        const make = (store: ParameterStore): Optimizer =>
          name === 'adam'
            ? new Adam(store, { weightDecay, ...(betas ? { betas } : {}), ...(eps === undefined ? {} : { eps }) })
            : new SGD(store, { weightDecay, ...(momentum === undefined ? {} : { momentum }) });
        using trained = await bench([shape], [golden.f32(`${label}/p0`)], make);
        for (let t = 0; t < 5; t++) {
          await trained.run([golden.f32(`${label}/g`).slice(t * size, (t + 1) * size)], lr);
          const expected = golden.f32(`${label}/p`).slice(t * size, (t + 1) * size);
          const [p] = (await trained.values()) as [Float32Array];
          for (const [i, value] of expected.entries()) {
            expect(Math.abs((p[i] as number) - value), `${label} step ${t} [${i}]`).toBeLessThanOrEqual(
              1e-7 * Math.abs(value) + 1e-3 * lr,
            );
          }
        }
        const { moments, steps } = await trained.optimizer.state();
        expect(steps).toBe(5);
        const recorded = ['exp_avg', 'exp_avg_sq', 'momentum_buffer'].filter((key) => golden.has(`${label}/${key}`));
        expect([...moments.keys()]).toEqual(recorded.map((key) => `${key}.points.0`));
        for (const key of recorded) {
          const data = moments.get(`${key}.points.0`)?.data as Float32Array;
          expectClose(data, golden.f32(`${label}/${key}`), { relL2: 2e-6 }, `${label} ${key}`);
        }
      }
    },
  );
}

itWithGolden<OptimizerSidecar>('clampGradients equals the golden exactly', 'ops/clip_gradient', async (golden) => {
  for (const { case: label } of golden.json.cases) {
    const shape = golden.shape(`${label}/g`);
    const zeros = new Float32Array(sizeOf(shape));
    using trained = await bench([shape], [zeros], (store) => new SGD(store), { clip: clampGradients(0.5) });
    await trained.run([golden.f32(`${label}/g`)], 1);
    const [p] = (await trained.values()) as [Float32Array];
    expect(p.map((value) => 0 - value)).toEqual(golden.f32(`${label}/y`));
  }
});

const SHAPES = [[3, 5, 7], [1], [64], [2, 2], [130, 70], [5, 1, 3]] as const;
const points = (seed: string): Float32Array[] => SHAPES.map((shape, i) => fill(`${seed}/${i}`, sizeOf(shape)));

describe('optimisers', () => {
  it('AdamW shrinks parameters apart from their gradients, as a float64 loop does', async () => {
    const [lr, decay] = [0.01, 0.1];
    using trained = await bench(SHAPES, points('p'), (store) => new AdamW(store, { weightDecay: decay }));
    const expected = points('p').map((data) => Float64Array.from(data));
    const moments = expected.map((data) => ({ m: new Float64Array(data.length), v: new Float64Array(data.length) }));
    for (let t = 1; t <= 3; t++) {
      const g = points(`g${t}`);
      await trained.run(g, lr);
      for (const [k, p] of expected.entries()) {
        const { m, v } = moments[k] as (typeof moments)[number];
        for (let i = 0; i < p.length; i++) {
          const gradient = g[k]?.[i] as number;
          m[i] = 0.9 * (m[i] as number) + 0.1 * gradient;
          v[i] = 0.999 * (v[i] as number) + 0.001 * gradient * gradient;
          const change = (m[i] as number) / (1 - 0.9 ** t) / (Math.sqrt((v[i] as number) / (1 - 0.999 ** t)) + 1e-8);
          p[i] = (p[i] as number) * (1 - lr * decay) - lr * change;
        }
      }
    }
    for (const [k, data] of (await trained.values()).entries()) {
      expectClose(data, expected[k] as Float64Array, { maxAbs: 1e-3 * lr }, `parameter ${k}`);
    }
  });

  it('follow the settings of single parameters: frozen, slower, with a decay of its own', async () => {
    const settings = (name: string) =>
      ({
        'points.0': { frozen: true },
        'points.2': { learningRate: 0.25 },
        'points.4': { weightDecay: 0.5 },
      })[name];
    using trained = await bench(SHAPES, points('p'), (store) => new SGD(store, { settings }));
    expect([...trained.step.parameters].sort()).toEqual([1, 2, 3, 4, 5].map((i) => `points.${i}`));
    const g = points('g');
    const { loss } = await trained.run(g, 0.1);
    expect(Number.isFinite(loss)).toBe(true);
    for (const [k, data] of (await trained.values()).entries()) {
      const p = points('p')[k] as Float32Array;
      const rate = [0, 0.1, 0.025, 0.1, 0.1, 0.1][k] as number;
      const decay = k === 4 ? 0.5 : 0;
      const expected = p.map((value, i) => value - rate * ((g[k]?.[i] as number) + decay * value));
      if (k === 0) expect(data).toEqual(p);
      else expectClose(data, expected, { relL2: 1e-6 }, `parameter ${k}`);
    }
  });

  it('scale all gradients by one factor for a norm clip, and report the norm', async () => {
    for (const maxNorm of [0.5, 1e6]) {
      using trained = await bench(SHAPES, points('p'), (store) => new SGD(store), { clip: clipGradientNorm(maxNorm) });
      const g = points('g');
      const norm = Math.sqrt(g.flatMap((data) => [...data]).reduce((sum, value) => sum + value * value, 0));
      const report = await trained.run(g, 0.1);
      expectClose([report.gradientNorm], [norm], { relL2: 1e-6 }, 'norm');
      expect(report.largestGradient).toBe(Math.max(...g.map((data) => Math.max(...data.map(Math.abs)))));
      const scale = Math.min(1, maxNorm / norm);
      for (const [k, data] of (await trained.values()).entries()) {
        const expected = (points('p')[k] as Float32Array).map(
          (value, i) => value - 0.1 * scale * (g[k]?.[i] as number),
        );
        expectClose(data, expected, { relL2: 1e-6 }, `parameter ${k}`);
      }
    }
  });

  it.each([3e18, 1e25, 1e35])('clip a norm whose squares no float holds: gradients around %d', async (size) => {
    using trained = await bench(SHAPES, points('p'), (store) => new SGD(store), { clip: clipGradientNorm(0.5) });
    const g = points('g').map((data) => data.map((value) => size * value));
    const norm = Math.sqrt(g.flatMap((data) => [...data]).reduce((sum, value) => sum + value * value, 0));
    const report = await trained.run(g, 0.1);
    expect(report.finite).toBe(true);
    expectClose([report.gradientNorm / size], [norm / size], { relL2: 1e-6 }, 'norm');
    const [first] = report.gradients();
    const k = Number(first?.name.slice('points.'.length));
    const own = Math.sqrt((g[k] as Float32Array).reduce((sum, value) => sum + value * value, 0));
    expectClose([(first?.norm as number) / size], [own / size], { relL2: 1e-6 }, 'norm of one');
    for (const [k, data] of (await trained.values()).entries()) {
      const expected = (points('p')[k] as Float32Array).map(
        (value, i) => value - 0.1 * (0.5 / norm) * (g[k]?.[i] as number),
      );
      expectClose(data, expected, { relL2: 1e-6 }, `parameter ${k}`);
    }
  });

  it('change nothing where the norm itself is no number, instead of taking all gradients for 0', async () => {
    using trained = await bench(SHAPES, points('p'), (store) => new SGD(store, { momentum: 0.9 }), {
      clip: clipGradientNorm(0.5),
    });
    const before = { values: await trained.values(), state: await trained.optimizer.state() };
    const report = await trained.run(
      points('g').map((data) => data.map((value) => (value < 0 ? -3e38 : 3e38))),
      0.1,
    );
    expect(report).toMatchObject({ finite: false, gradientNorm: Infinity });
    expect(report.largestGradient).toBe(Math.fround(3e38));
    expect({ values: await trained.values(), state: await trained.optimizer.state() }).toEqual(before);
  });

  it.each([NaN, Infinity, -Infinity])('change nothing in a step with a gradient of %s, and name it', async (bad) => {
    using trained = await bench(SHAPES, points('p'), (store) => new Adam(store), { clip: clampGradients(0.5) });
    await trained.run(points('g1'), 0.1);
    const before = { values: await trained.values(), state: await trained.optimizer.state() };
    const g = points('g2');
    (g[4] as Float32Array)[77] = bad;
    const report = await trained.run(g, 0.1);
    expect(report).toMatchObject({ finite: false, largestGradient: Infinity });
    expect(report.gradients()[0]?.name).toBe('points.4');
    expect({ values: await trained.values(), state: await trained.optimizer.state() }).toEqual(before);
    expect((await trained.run(points('g2'), 0.1)).finite).toBe(true);
    expect(trained.optimizer.steps).toBe(2);
  });

  it('average the gradients of several batches, and forget a void one', async () => {
    using trained = await bench(SHAPES, points('p'), (store) => new SGD(store), { accumulate: true });
    const batches = [points('a'), points('b'), points('c')];
    const inputs = (g: readonly Float32Array[]) => Object.fromEntries(g.map((data, i) => [`g${i}`, data]));
    const bad = points('x');
    (bad[2] as Float32Array)[0] = NaN;
    expect((await trained.step.run(inputs(bad), { learningRate: 1, batch: { index: 0, of: 3 } })).finite).toBe(false);
    for (const [index, g] of batches.entries()) {
      if (index > 0) expect(await trained.values()).toEqual(points('p'));
      await trained.step.run(inputs(g), { learningRate: 0.3, batch: { index, of: 3 } });
    }
    expect(trained.optimizer.steps).toBe(1);
    for (const [k, data] of (await trained.values()).entries()) {
      const sums = batches.map((g) => g[k] as Float32Array);
      const expected = (points('p')[k] as Float32Array).map(
        (value, i) => value - 0.1 * sums.reduce((sum, g) => sum + (g[i] as number), 0),
      );
      expectClose(data, expected, { relL2: 1e-6 }, `parameter ${k}`);
    }
  });

  it('continue bit by bit from their state', async () => {
    const make = (store: ParameterStore): Optimizer => new Adam(store, { weightDecay: 0.01 });
    using first = await bench(SHAPES, points('p'), make);
    await first.run(points('g1'), 0.1);
    const values = await first.values();
    const state: OptimizerState = await first.optimizer.state();
    await first.run(points('g2'), 0.05);
    using second = await bench(SHAPES, values, make);
    second.optimizer.load(state);
    await second.run(points('g2'), 0.05);
    expect(await second.values()).toEqual(await first.values());
    expect(await second.optimizer.state()).toEqual(await first.optimizer.state());
    using other = await bench(SHAPES, values, (store) => new SGD(store));
    expect(() => other.optimizer.load(state)).toThrow(/OPTIMIZER_STATE/);
  });

  it('need one dispatch for parameters that share their buffers', async () => {
    const many = Array.from({ length: 200 }, (_, i) => [1 + (i % 7), 3]);
    using trained = await bench(
      many,
      many.map((shape) => new Float32Array(sizeOf(shape))),
      (store) => new Adam(store),
    );
    const { dispatches } = trained.step.plan.schedule;
    expect(dispatches.filter(({ kernel }) => kernel.name === 'trainer/adam')).toHaveLength(1);
    expect(dispatches.filter(({ operator }) => operator === 'update')).toHaveLength(0);
  });

  it('refuse options that make no sense', async () => {
    const net = new Points([[2]]);
    using store = new ParameterStore(context, net);
    expect(() => new Adam(store, { betas: [1, 0.9] })).toThrow(/OPTIMIZER_OPTION.*beta1/);
    expect(() => new Adam(store, { eps: -1 })).toThrow(/OPTIMIZER_OPTION.*eps/);
    expect(() => new SGD(store, { momentum: NaN })).toThrow(/OPTIMIZER_OPTION.*momentum/);
    expect(() => new SGD(store, { settings: () => ({ frozen: true }) })).toThrow(/OPTIMIZER_NOTHING/);
    expect(() => clampGradients(0)).toThrow(/OPTIMIZER_OPTION/);
  });
});
