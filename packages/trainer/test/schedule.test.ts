import { hasFixture, readFixtureJson } from '@infnet/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constant, cosine, type Progress, releasedStep, scaledSize, stepDecay, warmUp } from '../src/index.js';
import { batchSizes, mixSeed, permutation, stepsOfEpoch } from '../src/trainer/order.js';

const at = (epoch: number, rest: Partial<Progress> = {}): Progress => ({
  epoch,
  epochs: 100,
  step: epoch * 10,
  stepsPerEpoch: 10,
  ...rest,
});

describe('learning rates', () => {
  const path = 'golden/train/adjust_lr.json';
  const why = hasFixture(path) ? '' : ` (skipped: ../shared/${path} is not here)`;
  it.skipIf(why !== '')(`releasedStep equals what the released code does in its 99 epochs${why}`, async () => {
    const { lr_by_epoch: recorded } = await readFixtureJson<{ lr_by_epoch: Record<string, number> }>(path);
    expect(Object.keys(recorded)).toHaveLength(99);
    for (const [epoch, rate] of Object.entries(recorded)) {
      expect(releasedStep(1e-4)(at(Number(epoch) - 1)) / rate, `epoch ${epoch}`).toBeCloseTo(1, 10);
    }
  });

  it('constant, stepDecay, cosine and warm-up are what their names say', () => {
    expect(constant(3)(at(70))).toBe(3);
    expect([0, 49, 50, 99, 100].map((epoch) => stepDecay(1)(at(epoch)))).toEqual([1, 1, 0.1, 0.1, 0.1 ** 2]);
    expect([0, 3, 4].map((epoch) => stepDecay(8, { every: 4, factor: 0.5 })(at(epoch)))).toEqual([8, 8, 4]);
    const wave = cosine(1, { minimum: 0.2 });
    for (const [epoch, rate] of [
      [0, 1],
      [50, 0.6],
      [100, 0.2],
    ] as const) {
      expect(wave(at(epoch))).toBeCloseTo(rate, 12);
    }
    expect(wave(at(120))).toBeCloseTo(0.2, 12);
    const warm = warmUp(constant(10), { steps: 4 });
    expect([0, 1, 3, 4, 9].map((step) => warm(at(0, { step })))).toEqual([2.5, 5, 10, 10, 10]);
  });
});

it('sizes at the three rates are the released ones', () => {
  expect([0.75, 1, 1.25].map((rate) => scaledSize(352, rate))).toEqual([256, 352, 448]);
  expect([0.75, 1, 1.25].map((rate) => scaledSize(96, rate))).toEqual([64, 96, 128]);
  // Half to even: 2.5 and 3.5 multiples.
  expect([scaledSize(80, 1), scaledSize(112, 1), scaledSize(8, 1), scaledSize(10, 1, 4)]).toEqual([64, 128, 32, 8]);
});

describe('the order of items', () => {
  const options = { length: 11, batchSize: 3, accumulate: 2, lastBatch: 'keep', shuffle: true, seed: 5 } as const;

  it('visits each item once in an epoch, otherwise in each', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), fc.nat(1000), (count, seed, epoch) => {
        const order = permutation(count, seed, epoch);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(permutation(count, seed, epoch)).toEqual(order);
        if (count > 20) expect(permutation(count, seed, epoch + 1)).not.toEqual(order);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('deals items to batches, and batches to steps', () => {
    const [first, second] = stepsOfEpoch(options, 0);
    expect(first?.map((batch) => batch.length)).toEqual([3, 3]);
    expect(second?.map((batch) => batch.length)).toEqual([3, 2]);
    expect(stepsOfEpoch({ ...options, lastBatch: 'drop' }, 0)[1]?.map((batch) => batch.length)).toEqual([3]);
    expect(stepsOfEpoch({ ...options, shuffle: false }, 3)[0]?.[0]).toEqual([0, 1, 2]);
    expect(batchSizes(options)).toEqual([3, 2]);
    expect(batchSizes({ ...options, lastBatch: 'drop' })).toEqual([3]);
  });

  it('gives every item a seed of its own in every epoch', () => {
    const seeds = Array.from({ length: 50 }, (_, i) => Array.from({ length: 50 }, (_, e) => mixSeed(1, e, i))).flat();
    expect(new Set(seeds).size).toBe(2500);
  });
});
