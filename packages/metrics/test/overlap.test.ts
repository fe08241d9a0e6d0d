import { binaryScores, type Conventions, evaluateMap, meanDice, overlapScores } from '@infnet/metrics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naiveCounts, naiveEMeasure, naiveSMeasure } from './support/naive.js';

/** A small map and mask; map values from few levels, so that many of them meet a threshold exactly. */
const picture = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })).chain(([width, height]) => {
  const size = { minLength: width * height, maxLength: width * height };
  const value = fc.oneof(
    fc.integer({ min: 0, max: 255 }).map((k) => k / 255),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  return fc.record({
    width: fc.constant(width),
    height: fc.constant(height),
    map: fc.array(value, size),
    mask: fc.array(fc.boolean(), size),
  });
});
const thresholds = fc
  .uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 })
  .map((list) => list.sort((a, b) => b - a));
const conventions = fc.constantFrom<Conventions>('as-released', 'sane');

describe('against the definitions, pixel by pixel', () => {
  it('curves at any thresholds, both conventions', () => {
    fc.assert(
      fc.property(picture, thresholds, conventions, ({ width, height, map, mask }, levels, convention) => {
        const scores = evaluateMap(map, mask, {
          width,
          height,
          thresholds: levels,
          stretch: false,
          conventions: convention,
        });
        const released = convention === 'as-released';
        const divisor = released ? map.length - 1 + 2 ** -52 : map.length;
        levels.forEach((level, t) => {
          const marked = map.map((v) => v >= level);
          const { tp, fp, fn, tn } = naiveCounts(marked, mask);
          const perfect = fp + fn === 0 ? 1 : 0;
          const nothing = tp === 0;
          const c = scores.curves;
          expect(c.dice[t]).toBeCloseTo(nothing ? (released ? 0 : perfect) : tp / (tp + (fp + fn) / 2), 12);
          expect(c.iou[t]).toBeCloseTo(nothing ? (released ? 0 : perfect) : tp / (tp + fp + fn), 12);
          expect(c.precision[t]).toBeCloseTo(nothing ? (released ? 0 : perfect) : tp / (tp + fp), 12);
          const sensitivity = released && nothing ? 0 : tp / (tp + fn);
          const specificity = released && nothing ? 0 : tn / (tn + fp);
          expect(Object.is(c.sensitivity[t], sensitivity)).toBe(true);
          expect(Object.is(c.specificity[t], specificity)).toBe(true);
          expect(c.fmeasure[t]).toBeCloseTo(c.dice[t]!, 12);
          const wanted = naiveEMeasure(marked, mask, divisor);
          expect(Math.abs(c.emeasure[t]! - wanted)).toBeLessThanOrEqual(1e-12 * Math.max(1, wanted));
        });
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it('S-measure and MAE', () => {
    fc.assert(
      fc.property(picture, ({ width, height, map, mask }) => {
        const scores = evaluateMap(map, mask, { width, height, stretch: false });
        const mae = map.reduce((sum, v, i) => sum + Math.abs(v - Number(mask[i])), 0) / map.length;
        expect(scores.mae).toBeCloseTo(mae, 12);
        const infected = mask.filter(Boolean).length;
        fc.pre(infected > 0 && infected < mask.length && !Number.isNaN(scores.sMeasure));
        expect(scores.sMeasure).toBeCloseTo(naiveSMeasure(map, mask, width, height), 10);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('the light scores at one threshold equal the full evaluation without stretching', () => {
    fc.assert(
      fc.property(picture, fc.double({ min: 0, max: 1, noNaN: true }), conventions, (given, threshold, convention) => {
        const { map, mask } = given;
        const options = { conventions: convention };
        const full = evaluateMap(map, mask, { ...given, ...options, threshold, stretch: false });
        const light = binaryScores(map, mask, threshold, options);
        const marked = map.map((v) => v >= threshold);
        expect(full.counts).toEqual(naiveCounts(marked, mask));
        for (const name of ['dice', 'iou', 'sensitivity', 'specificity', 'precision'] as const) {
          expect(light[name], name).toBe(full[name]);
        }
        expect(overlapScores(marked, mask, options)).toEqual(light);
        expect(light.accuracy).toBe(marked.filter((v, i) => v === mask[i]).length / map.length);
        expect(meanDice(map, mask, { ...options, stretch: false })).toBe(full.meanDice);
      }),
      { numRuns: 100, seed: 3 },
    );
  });
});

describe('properties', () => {
  it('a perfect map scores best everywhere but at threshold 0', () => {
    fc.assert(
      fc.property(picture, ({ width, height, mask }) => {
        const infected = mask.filter(Boolean).length;
        fc.pre(infected > 0 && infected < mask.length);
        const scores = evaluateMap(mask.map(Number), mask, { width, height });
        for (const name of ['dice', 'iou', 'sensitivity', 'specificity', 'precision'] as const) {
          expect(scores[name], name).toBe(1);
          expect(scores.curves[name].slice(0, 255).every((v) => v === 1)).toBe(true);
        }
        expect(scores.mae).toBe(0);
        expect(scores.bestThreshold).toBe(128 / 255); // the middle of 1/255..1, the higher of the two nearest to 0.5
        expect(scores.maxEMeasure).toBeCloseTo(1 + 1 / (mask.length - 1), 12);
        expect(scores.curves.specificity[255]).toBe(0);
        expect(scores.curves.dice[255]).toBe((2 * infected) / (mask.length + infected));
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it('the inverse of a perfect map finds nothing', () => {
    const mask = [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0];
    const inverse = mask.map((v) => 1 - v);
    const scores = evaluateMap(inverse, mask, { width: 4, height: 4 });
    expect(scores.counts).toEqual({ tp: 0, fp: 12, fn: 4, tn: 0 });
    expect(scores.mae).toBe(1);
    expect(scores.sMeasure).toBe(0);
    expect(scores.curves.dice.slice(0, 255).every((v) => v === 0)).toBe(true);
  });

  it('swapping infected and healthy swaps sensitivity and specificity', () => {
    fc.assert(
      fc.property(picture, ({ map, mask }) => {
        fc.pre(map.every((v) => v !== 0.5)); // at the threshold both sides would be positive
        const plain = binaryScores(map, mask);
        const swapped = binaryScores(
          map.map((v) => 1 - v),
          mask.map((v) => !v),
        );
        expect(swapped.sensitivity).toEqual(plain.specificity);
        expect(swapped.specificity).toEqual(plain.sensitivity);
        expect(swapped.accuracy).toBe(plain.accuracy);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('the order of the pixels matters to the S-measure alone, which a transposition leaves alone', () => {
    fc.assert(
      fc.property(picture, fc.infiniteStream(fc.nat()), ({ width, height, map, mask }, keys) => {
        const order = map
          .map((_, i) => [keys.next().value as number, i] as const)
          .sort(([a, i], [b, j]) => a - b || i - j)
          .map(([, i]) => i);
        const plain = evaluateMap(map, mask, { width, height });
        const moved = evaluateMap(
          order.map((i) => map[i]!),
          order.map((i) => mask[i]!),
          { width, height },
        );
        expect(moved.curves).toEqual(plain.curves);
        expect(moved.mae).toBeCloseTo(plain.mae, 12);
        const transposed = map.map((_, i) => (i % height) * width + Math.floor(i / height));
        const turned = evaluateMap(
          transposed.map((i) => map[i]!),
          transposed.map((i) => mask[i]!),
          { width: height, height: width },
        );
        if (Number.isNaN(plain.sMeasure)) expect(turned.sMeasure).toBeNaN();
        else expect(turned.sMeasure).toBeCloseTo(plain.sMeasure, 8);
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  it('stretching makes a dim map and its full-contrast twin equal, and leaves a constant map alone', () => {
    const mask = [1, 0, 0, 0, 1, 1];
    const dim = [0.5, 0.25, 0.375, 0.25, 0.4375, 0.5];
    const full = dim.map((v) => (v - 0.25) * 4);
    const size = { width: 3, height: 2 };
    const { settings: a, ...stretched } = evaluateMap(dim, mask, size);
    const { settings: b, ...plain } = evaluateMap(full, mask, { ...size, stretch: false });
    expect([a.stretch, b.stretch]).toEqual([true, false]);
    expect(stretched).toEqual(plain);
    expect(evaluateMap(dim, mask, { ...size, stretch: false }).dice).not.toBe(plain.dice);
    const flat = mask.map(() => 0.25);
    expect(evaluateMap(flat, mask, size).mae).toBe(0.5);
  });
});
