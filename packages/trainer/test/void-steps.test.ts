/**
 * Steps that fail change nothing: batches, running statistics, moments and counters; and figures of several batches are
 * means.
 */
import { type Context, open, ParameterStore } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adam,
  type Optimizer,
  SGD,
  Trainer,
  type TrainerOptions,
  type TrainingStep,
  trainingStep,
} from '../src/index.js';
import { discs, lossOf, SIZE, SmallNet, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const inputs = { image: [2, 1, SIZE, SIZE], mask: [2, 1, SIZE, SIZE] };
const batchOf = (...indices: number[]): Record<string, Float32Array> =>
  discs(6).batch(indices.map((index) => ({ index, epoch: 0, seed: 0 }))) as Record<string, Float32Array>;
const spoiled = (value: number): Record<string, Float32Array> => {
  const batch = batchOf(2, 3);
  (batch['image'] as Float32Array)[7] = value;
  return batch;
};

interface Bench extends Disposable {
  readonly store: ParameterStore;
  readonly optimizer: Optimizer;
  readonly step: TrainingStep;
  /** All that a step may move. */
  all(): Promise<unknown>;
}

async function bench(
  make: (store: ParameterStore) => Optimizer = (store) => new Adam(store),
  options: object = { accumulate: true },
): Promise<Bench> {
  const net = new SmallNet();
  const store = new ParameterStore(context, net);
  store.initialize(3);
  const optimizer = make(store);
  const step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net), ...options });
  return {
    store,
    optimizer,
    step,
    all: async () => ({ values: await store.read(), state: await optimizer.state() }),
    [Symbol.dispose]: () => {
      step.dispose();
      optimizer.dispose();
      store.dispose();
    },
  };
}

const rate = { learningRate: 0.02 };

describe('a step of several batches', () => {
  it('that fails in any of them changes nothing, running statistics included', async () => {
    using trained = await bench();
    const { step, optimizer } = trained;
    await step.run(batchOf(0, 1), rate);
    const before = await trained.all();
    for (const bad of [0, 1, 2]) {
      const finite: boolean[] = [];
      for (const index of [0, 1, 2]) {
        const given = index === bad ? spoiled(Number.NaN) : batchOf(index, index + 1);
        finite.push((await step.run(given, { ...rate, batch: { index, of: 3 } })).finite);
      }
      // Void from the bad one on, also where the later ones are good.
      expect(finite).toEqual([0, 1, 2].map((index) => index < bad));
      expect(await trained.all(), `batch ${bad}`).toEqual(before);
    }
    expect(optimizer.steps).toBe(1);
    for (const index of [0, 1]) await step.run(batchOf(index, 4), { ...rate, batch: { index, of: 2 } });
    expect(optimizer.steps).toBe(2);
    expect(await trained.all()).not.toEqual(before);
  });

  it('that cannot be run to its end changes nothing: a wrong input, a batch out of turn, a step begun anew', async () => {
    using trained = await bench();
    const { step } = trained;
    await step.run(batchOf(0, 1), rate);
    const before = await trained.all();
    const run = (index: number, of: number, given = batchOf(2, 3)) =>
      step.run(given, { ...rate, batch: { index, of } });
    await run(0, 2);
    expect(await trained.all()).not.toEqual(before);
    await expect(run(1, 2, { image: new Float32Array(3) })).rejects.toThrow(/PLAN_INPUT/);
    expect(await trained.all()).toEqual(before);
    await expect(run(1, 2)).rejects.toThrow(/TRAINING_BATCH.*batch 1 of 2.*no step has begun/);
    await run(0, 3);
    await expect(run(2, 3)).rejects.toThrow(/TRAINING_BATCH.*batch 2 of 3.*batch 1 of 3 must come next/);
    await run(1, 3);
    // Left there: the next step begins as if it had not been.
    using other = await bench();
    await other.step.run(batchOf(0, 1), rate);
    for (const one of [trained, other]) await one.step.run(batchOf(4, 5), rate);
    expect(await trained.all()).toEqual(await other.all());
  });

  it('gives the same bits as before, and figures of gradients that are means', async () => {
    const keep = { accumulate: true, keepGradients: true };
    using trained = await bench((store) => new SGD(store), keep);
    using single = await bench((store) => new SGD(store), { keepGradients: true });
    const { step } = trained;
    const read = { read: step.gradientOutputs };
    // The same batch three times: running statistics aside, its mean is what it is alone.
    const alone = await single.step.run(batchOf(0, 1), { ...rate, read: single.step.gradientOutputs });
    const of = 3;
    let report = alone;
    for (const index of [0, 1, 2]) report = await step.run(batchOf(0, 1), { ...rate, ...read, batch: { index, of } });
    const close = { relL2: 1e-6 };
    expectClose([report.gradientNorm], [alone.gradientNorm], close, 'norm');
    expectClose([report.largestGradient], [alone.largestGradient], close, 'largest');
    const figures = (of: typeof report) => new Map(of.gradients().map(({ name, ...rest }) => [name, rest]));
    for (const [name, { norm, largest }] of figures(report)) {
      expectClose([norm, largest], Object.values(figures(alone).get(name) ?? {}), close, name);
    }
    const norms = report.gradients().map(({ norm }) => norm);
    expectClose([Math.hypot(...norms)], [report.gradientNorm], close, 'norm of the norms');
    for (const [name, gradient] of step.gradientsOf(report.outputs)) {
      expectClose(gradient, single.step.gradientsOf(alone.outputs).get(name) as Float32Array, close, name);
    }
  });
});

describe('a step whose results are not finite', () => {
  const adam = (store: ParameterStore): Optimizer => new Adam(store);
  const momentum = (store: ParameterStore): Optimizer => new SGD(store, { momentum: 0.9 });
  const plain = (store: ParameterStore): Optimizer => new SGD(store);
  const fast = (store: ParameterStore): Optimizer => new Adam(store, { settings: () => ({ learningRate: 1e10 }) });
  it.each([
    ['Adam', adam, 3.4e38, 10],
    ['a factor of the rate', fast, 1e30, 1],
    ['momentum', momentum, 3.4e38, 1e4],
    ['plain SGD', plain, 3.4e38, 1e4],
  ])('is not said to be, and changes nothing: %s', async (_name, make, learningRate, factor) => {
    using trained = await bench(make, {});
    const { step, store, optimizer } = trained;
    // Large weights, so that there is something to overflow.
    const values = await store.read();
    const weight = values.get('second.weight');
    if (weight === undefined) throw new Error('no weight');
    store.load(new Map(values).set('second.weight', { ...weight, data: weight.data.map((v) => factor * 100 * v) }));
    const before = await trained.all();
    const report = await step.run(batchOf(0, 1), { learningRate });
    expect(Number.isFinite(report.loss) && Number.isFinite(report.largestGradient)).toBe(true);
    expect(report.finite).toBe(false);
    expect(await trained.all()).toEqual(before);
    expect(optimizer.steps).toBe(0);
    expect((await step.run(batchOf(0, 1), rate)).finite).toBe(true);
  });

  it('looks at moments and running statistics too', async () => {
    using trained = await bench(adam, {});
    // A picture so bright that its variance is beyond float32, while what batch norm makes of it is 0.
    const bright = batchOf(0, 1);
    const image = (bright['image'] as Float32Array).map((value) => 1e25 * value);
    const before = await trained.all();
    const report = await trained.step.run({ ...bright, image } as Record<string, Float32Array>, rate);
    expect(report.finite).toBe(false);
    expect(await trained.all()).toEqual(before);
    // A moment that an overflow made infinite would stop its parameter for good.
    const state = await trained.optimizer.state();
    const moments = new Map(state.moments);
    const moment = moments.get('exp_avg_sq.second.weight') as { shape: readonly number[]; data: Float32Array };
    trained.optimizer.load({
      ...state,
      moments: moments.set('exp_avg_sq.second.weight', { ...moment, data: moment.data.map(() => Infinity) }),
    });
    const spoilt = await trained.all();
    expect((await trained.step.run(batchOf(0, 1), rate)).finite).toBe(false);
    expect(await trained.all()).toEqual(spoilt);
  });

  it('stops a training there, by name, with the state before', async () => {
    const learningRate = ({ step }: { readonly step: number }): number => (step < 2 ? 0.02 : 3.4e38);
    const optimizer = (parameters: ParameterStore): Optimizer =>
      new Adam(parameters, { weightDecay: 0, settings: () => ({ learningRate: 10 }) });
    const training = new Trainer(smallTraining({ learningRate, optimizer, epochs: 1 }));
    await expect(training.run()).rejects.toThrow(/TRAINING_NOT_FINITE.*a new value of a parameter.*in step 3/);
    expect(training.lastState?.position.step).toBe(2);
  });
});

describe('runs that are not awaited', () => {
  it('take turns, each with the inputs at its call and the counters after the one before', async () => {
    using one = await bench(undefined, {});
    using two = await bench(undefined, {});
    for (const index of [0, 1, 2]) await one.step.run(batchOf(index, index + 1), rate);
    const image = new Float32Array(2 * SIZE * SIZE);
    const mask = new Float32Array(2 * SIZE * SIZE);
    const runs = [0, 1, 2].map((index) => {
      const batch = batchOf(index, index + 1);
      // The first one begins at once, and when it copies is the plan's affair.
      const own = index === 0 ? batch : { image, mask };
      image.set(batch['image'] as Float32Array);
      mask.set(batch['mask'] as Float32Array);
      return two.step.run(own as Record<string, Float32Array>, rate);
    });
    const reports = await Promise.all(runs);
    expect(reports.every(({ finite }) => finite)).toBe(true);
    expect(await two.all()).toEqual(await one.all());
  });
});

describe('a training that accumulates', () => {
  it('fails with the running statistics before the step', async () => {
    const options = (spoilt?: number): TrainerOptions =>
      smallTraining({ data: discs(8, spoilt), accumulate: 2, shuffle: false, epochs: 1, snapshotEvery: 1 });
    const states: unknown[] = [];
    const good = new Trainer({
      ...options(),
      onSnapshot: ({ parameters, optimizer }) => void states.push({ parameters, optimizer }),
    });
    await good.run();
    // Items 4 to 7 make the second step; 7 is in the second of its batches.
    const bad = new Trainer(options(7));
    await expect(bad.run()).rejects.toThrow(/TRAINING_NOT_FINITE.*disc-7\.png/);
    const { parameters, optimizer, position } = bad.lastState as NonNullable<typeof bad.lastState>;
    expect(position).toEqual({ epoch: 0, unit: 1, step: 1 });
    expect({ parameters, optimizer }).toEqual(states[0]);
  });

  it('keeps the last snapshot where a step may have moved only some of it', async () => {
    let steps = 0;
    const companion = {
      open: async () => {},
      step: async () => {
        if (++steps === 3) throw new Error('the companion fell');
      },
      state: async () => new Map(),
      close: () => {},
    };
    const training = new Trainer(smallTraining({ companion, snapshotEvery: 1 }));
    await expect(training.run()).rejects.toThrow('the companion fell');
    expect(training.lastState?.position.step).toBe(2);
    expect(training.lastState?.optimizer.steps).toBe(2);
  });

  it('names what its data set gave too much or too little of', async () => {
    const run = (change: (batch: Record<string, Float32Array>) => object): Promise<unknown> => {
      const data = discs(6);
      const batch = (items: Parameters<typeof data.batch>[0]) =>
        change({ ...(data.batch(items) as Record<string, Float32Array>) }) as Record<string, Float32Array>;
      return new Trainer(smallTraining({ data: { ...data, batch }, shuffle: false })).run();
    };
    await expect(run(({ image }) => ({ image }))).rejects.toThrow(
      /TRAINER_BATCH.*disc-0\.png, disc-1\.png has no "mask"/,
    );
    await expect(run((all) => ({ ...all, edge: all['mask'] }))).rejects.toThrow(/TRAINER_BATCH.*has edge/);
    await expect(run((all) => ({ ...all, mask: all['mask']?.subarray(1) }))).rejects.toThrow(
      /TRAINER_BATCH.*511 values in "mask", 512/,
    );
  });
});
