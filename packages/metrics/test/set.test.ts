import { defaultThresholds, evaluateMap, evaluateSet, type MapScores, SCORE_NAMES } from '@infnet/metrics';
import { u } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { percentile } from '../src/percentile.js';
import { randomUint32 } from '../src/set/random.js';

/** Blurry discs with noise, different in each image. */
function image(k: number): MapScores {
  const side = 12;
  const map: number[] = [];
  const mask: number[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const away = Math.hypot(x - 5 - (k % 3), y - 5);
      mask.push(away < 3 + (k % 2) ? 255 : 0);
      map.push(Math.min(1, Math.max(0, 0.5 + (4 - away) / 8 + 0.3 * u(`noise ${k}`, y * side + x))));
    }
  }
  return evaluateMap(map, mask, { width: side, height: side });
}
const images = Array.from({ length: 9 }, (_, k) => image(k));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('aggregates', () => {
  const set = evaluateSet(images, { bootstrap: false });

  it('curves are means over the images, and so are the scores without thresholds', () => {
    const at = 100;
    expect(set.images).toBe(9);
    expect(set.curves.dice[at]).toBeCloseTo(mean(images.map((i) => i.curves.dice[at]!)), 14);
    for (const name of ['sMeasure', 'mae', 'dice', 'iou', 'sensitivity', 'specificity', 'precision'] as const) {
      expect(set[name], name).toBeCloseTo(mean(images.map((i) => i[name])), 14);
    }
    expect(set.meanDice).toBeCloseTo(mean(images.map((i) => i.meanDice)), 14);
  });

  it('max is the best threshold of the mean curve, no more than the mean of the best ones', () => {
    expect(set.maxDice).toBe(Math.max(...set.curves.dice));
    expect(set.maxDice).toBeLessThan(mean(images.map((i) => i.maxDice)));
    expect(set.curves.dice[defaultThresholds().indexOf(set.bestThreshold)]).toBe(set.maxDice);
  });

  it('one image is its own set', () => {
    const { images: count, ...alone } = evaluateSet([images[0]!], { bootstrap: false });
    expect(count).toBe(1);
    expect(images[0]).toMatchObject(alone);
  });
});

describe('bootstrap', () => {
  const set = evaluateSet(images, { bootstrap: { resamples: 200, seed: 7 } });

  it('equals scoring every resample as a set of its own', () => {
    const next = randomUint32(7);
    const dice: number[] = [];
    const best: number[] = [];
    for (let r = 0; r < 200; r++) {
      const drawn = images.map(() => images[Math.floor((next() / 2 ** 32) * images.length)]!);
      const resample = evaluateSet(drawn, { bootstrap: false });
      dice.push(resample.meanDice);
      best.push(resample.maxDice);
    }
    for (const [name, values] of [
      ['meanDice', dice],
      ['maxDice', best],
    ] as const) {
      values.sort((a, b) => a - b);
      expect(set.intervals![name].low).toBeCloseTo(percentile(values, 0.025), 12);
      expect(set.intervals![name].high).toBeCloseTo(percentile(values, 0.975), 12);
    }
  });

  it('the same seed gives the same bits, another seed others', () => {
    expect(evaluateSet(images, { bootstrap: { resamples: 200, seed: 7 } })).toEqual(set);
    expect(evaluateSet(images, { bootstrap: { resamples: 200, seed: 8 } }).intervals).not.toEqual(set.intervals);
    expect(set.bootstrap).toEqual({ resamples: 200, confidence: 0.95, seed: 7 });
  });

  it('intervals hold the score, and are wider at more confidence', () => {
    const wide = evaluateSet(images, { bootstrap: { resamples: 200, seed: 7, confidence: 0.99 } }).intervals!;
    for (const name of SCORE_NAMES) {
      if (name.startsWith('max')) continue; // the maximum over thresholds is biased upwards in a resample
      const { low, high } = set.intervals![name];
      expect(low, name).toBeLessThanOrEqual(set[name]);
      expect(high, name).toBeGreaterThanOrEqual(set[name]);
      expect(wide[name].low, name).toBeLessThanOrEqual(low);
      expect(wide[name].high, name).toBeGreaterThanOrEqual(high);
    }
  });

  it('covers: about 95 % of the intervals from samples of a known distribution hold its mean', () => {
    const base = images[0]!;
    let inside = 0;
    const runs = 100;
    for (let run = 0; run < runs; run++) {
      const sample = Array.from({ length: 40 }, (_, i) => ({
        ...base,
        settings: { ...base.settings, thresholds: [0.5] },
        curves: Object.fromEntries(Object.keys(base.curves).map((k) => [k, [0.5]])) as unknown as MapScores['curves'],
        mae: (u(`sample ${run}`, i) + 1) / 2,
      }));
      const { mae } = evaluateSet(sample, { bootstrap: { resamples: 200, seed: run } }).intervals!;
      if (mae.low <= 0.5 && 0.5 <= mae.high) inside++;
    }
    expect(inside / runs).toBeGreaterThan(0.88);
    expect(inside / runs).toBeLessThan(0.995);
  });

  it('draws the numbers of xoshiro128** on every machine', () => {
    // The generator again, in exact integers.
    const mask = 0xffffffffn;
    const rotate = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
    let filler = 12345n;
    const state = Array.from({ length: 4 }, () => {
      filler = (filler + 0x9e3779b9n) & mask;
      let z = filler;
      z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & mask;
      z = ((z ^ (z >> 15n)) * 0x735a2d97n) & mask;
      return z ^ (z >> 15n);
    });
    const next = randomUint32(12345);
    for (let i = 0; i < 500; i++) {
      const wanted = (rotate((state[1]! * 5n) & mask, 7n) * 9n) & mask;
      const t = (state[1]! << 9n) & mask;
      state[2]! ^= state[0]!;
      state[3]! ^= state[1]!;
      state[1]! ^= state[2]!;
      state[0]! ^= state[3]!;
      state[2]! ^= t;
      state[3] = rotate(state[3]!, 11n);
      expect(next()).toBe(Number(wanted));
    }
  });
});

it('percentiles are linear between order statistics', () => {
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(percentile([10, 20, 40], 0.75)).toBe(30);
  expect(percentile([5], 0.95)).toBe(5);
  expect(percentile([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 1)).toBe(Number.POSITIVE_INFINITY);
  expect(percentile([1, Number.POSITIVE_INFINITY], 0)).toBe(1);
  expect(percentile([1, 2, Number.POSITIVE_INFINITY], 0.5)).toBe(2);
  expect(percentile([], 0.5)).toBeNaN();
});

it('set scores survive JSON', () => {
  const set = evaluateSet(images, { bootstrap: { resamples: 10 } });
  expect(JSON.parse(JSON.stringify(set))).toEqual(set);
});

it('scores that were written as JSON and read again give the same set: null is what was undefined', () => {
  const size = { width: 2, height: 2, conventions: 'sane', stretch: false } as const;
  const scores = [evaluateMap([0, 0, 0, 0.9], [0, 0, 0, 0], size), evaluateMap([1, 0, 1, 1], [1, 0, 1, 0], size)];
  expect(scores[0]!.sensitivity).toBeNaN();
  const read = JSON.parse(JSON.stringify(scores)) as MapScores[];
  expect(read[0]!.sensitivity).toBeNull();
  expect(evaluateSet(read)).toEqual(evaluateSet(scores));
  expect(evaluateSet(read).sensitivity).toBe(1);
});
