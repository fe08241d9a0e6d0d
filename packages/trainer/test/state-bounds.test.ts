/** Bounds of parameters and moments: never below what a step makes, and a step looks wherever they do not hold. */
import { type Context, open, ParameterStore } from '@infnet/core';
import { numRuns } from '@infnet/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Adam, AdamW, type LargestMove, type Magnitudes, type Optimizer, SGD, trainingStep } from '../src/index.js';
import { discs, lossOf, SIZE, SmallNet } from './support/small.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const f = Math.fround;

describe('a bound', () => {
  /** float32, as adam.wgsl and sgd.wgsl compute; every step of the way counts as a value. */
  const adam =
    (eps: number, decoupled: boolean) =>
    ({ parameter: p, moment1: m, moment2: v }: Magnitudes, move: LargestMove, decay: number): number[] => {
      const [b1, r1, b2, r2] = [f(0.9), f(1 - 0.9), f(0.999), f(1 - 0.999)];
      const step = f(f(move.rate) * f(move.unbias1));
      const shrink = f(f(move.rate) * f(decay));
      const value = decoupled ? f(p * f(1 - shrink)) : p;
      const g = decoupled ? move.gradient : f(move.gradient + f(f(decay) * p));
      const first = f(f(b1 * m) + f(r1 * g));
      const second = f(f(b2 * v) + f(f(r2 * g) * g));
      const moved = f(value - f(f(step * first) / f(f(Math.sqrt(second)) + f(eps))));
      return [moved, first, second, step, f(step * first), shrink];
    };
  const sgd =
    (momentum: number) =>
    ({ parameter: p, moment1: m }: Magnitudes, move: LargestMove, decay: number): number[] => {
      const moved = f(f(f(momentum) * m) + f(move.gradient + f(f(decay) * p)));
      return [f(p - f(f(move.rate) * moved)), moved, 0, f(move.rate)];
    };
  const boundOf = (make: (store: ParameterStore) => Optimizer) => {
    using store = new ParameterStore(context, new SmallNet());
    using optimizer = make(store);
    return optimizer.spec.check?.bound as NonNullable<Optimizer['spec']['check']>['bound'];
  };

  it('of new values is not below any of them, nor of what is computed on the way', () => {
    const size = fc.integer({ min: -120, max: 120 }).map((exponent) => f(1.37 * 2 ** exponent));
    const sign = fc.constantFrom(-1, 1);
    const cases = [1e-8, 1e-30, 1e4].flatMap((eps) => [
      [boundOf((store) => new Adam(store, { eps })), adam(eps, false)] as const,
      [boundOf((store) => new AdamW(store, { eps })), adam(eps, true)] as const,
    ]);
    for (const momentum of [0, 0.9, 1.5]) {
      cases.push([boundOf((store) => new SGD(store, momentum === 0 ? {} : { momentum })), sgd(momentum)]);
    }
    const values = fc.tuple(size, size, size, size, size, size, fc.integer({ min: 1, max: 1000 }), sign, sign);
    const property = fc.property(values, ([p, m, v, gradient, rate, decay, step, signP, signM]) => {
      const before = { parameter: p, moment1: m, moment2: v };
      const move = { gradient, rate, decay, unbias1: 1 / (1 - 0.9 ** step) };
      for (const [bound, compute] of cases) {
        const after = bound(before, move);
        const made = compute({ parameter: signP * p, moment1: signM * m, moment2: v }, move, decay);
        const [parameter, first, second, ...rest] = made.map(Math.abs) as [number, number, number, ...number[]];
        const most = after.parameter;
        // Where a bound is within the room nothing may overflow; above it the device looks anyway.
        if (Math.max(most, after.moment1, after.moment2) > 2 ** 120) continue;
        expect(parameter).toBeLessThanOrEqual(most);
        expect(first).toBeLessThanOrEqual(after.moment1);
        expect(second).toBeLessThanOrEqual(after.moment2);
        for (const value of rest) expect(value).toBeLessThanOrEqual(most);
      }
    });
    fc.assert(property, { numRuns: numRuns(1000) });
  });
});

describe('a step', () => {
  const inputs = { image: [2, 1, SIZE, SIZE], mask: [2, 1, SIZE, SIZE] };
  const batchOf = (...indices: number[]): Record<string, Float32Array> =>
    discs(6).batch(indices.map((index) => ({ index, epoch: 0, seed: 0 }))) as Record<string, Float32Array>;

  async function bench(make: (store: ParameterStore) => Optimizer, options: object = {}) {
    const net = new SmallNet();
    const store = new ParameterStore(context, net);
    store.initialize(3);
    const optimizer = make(store);
    const step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net), ...options });
    const end = vi.spyOn(optimizer.bounds as NonNullable<typeof optimizer.bounds>, 'end');
    return {
      net,
      store,
      optimizer,
      step,
      run: (learningRate = 0.02) => step.run(batchOf(0, 1), { learningRate }),
      /** Whether each run so far looked at its new values. */
      looked: () => end.mock.calls.map(([{ looks }]) => looks === 1),
      [Symbol.dispose]: () => {
        step.dispose();
        optimizer.dispose();
        store.dispose();
      },
    };
  }

  it.each<readonly [string, (store: ParameterStore) => Optimizer]>([
    ['Adam', (store) => new Adam(store)],
    ['AdamW', (store) => new AdamW(store)],
    ['SGD', (store) => new SGD(store)],
    ['SGD with momentum', (store) => new SGD(store, { momentum: 0.9, weightDecay: 1e-4 })],
  ])('looks once, and does the same as one that always looks: %s', async (_name, make) => {
    using trained = await bench(make);
    using other = await bench(make);
    for (let i = 0; i < 4; i++) {
      expect((await trained.run()).finite).toBe(true);
      // Whoever says that values changed makes the next step look.
      other.store.markChanged();
      expect((await other.run()).finite).toBe(true);
    }
    expect(trained.looked()).toEqual([true, false, false, false]);
    expect(other.looked()).toEqual([true, true, true, true]);
    expect(await trained.store.read()).toEqual(await other.store.read());
    expect((await trained.optimizer.state()).moments).toEqual((await other.optimizer.state()).moments);
  });

  it('looks again after load, initialize, a loaded state, and a step of another optimiser', async () => {
    using trained = await bench((store) => new Adam(store));
    const { net } = trained;
    using second = new SGD(trained.store);
    using other = await trainingStep(context, { net, optimizer: second, inputs, loss: lossOf(net) });
    const changes = [
      async () => trained.store.load(await trained.store.read()),
      () => trained.store.initialize(4),
      async () => trained.optimizer.load(await trained.optimizer.state()),
      () => other.run(batchOf(2, 3), { learningRate: 0.02 }),
    ];
    await trained.run();
    for (const change of changes) {
      await trained.run();
      await change();
      await trained.run();
    }
    expect(trained.looked()).toEqual([true, false, true, false, true, false, true, false, true]);
  });

  it('that a large gradient or rate may spoil is looked at, and void where it is spoilt', async () => {
    using trained = await bench((store) => new Adam(store));
    await trained.run();
    await trained.run();
    const before = await trained.store.read();
    expect((await trained.run(3e38)).finite).toBe(false);
    expect(await trained.store.read()).toEqual(before);
    // A void step changes nothing, so that what was known still holds.
    expect((await trained.run()).finite).toBe(true);
    expect(trained.looked()).toEqual([true, false, true, false]);
  });

  it('of several batches looks in the one that moves', async () => {
    using trained = await bench((store) => new Adam(store), { accumulate: true });
    for (const index of [0, 1, 2, 3]) {
      await trained.step.run(batchOf(index, index + 1), { learningRate: 0.02, batch: { index: index % 2, of: 2 } });
    }
    expect(trained.looked()).toEqual([false, true, false, false]);
  });
});
