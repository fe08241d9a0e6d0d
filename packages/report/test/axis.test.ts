import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linearTicks, logTicks, makeAxis, niceStep } from '../src/axis.js';
import { alignDecimals, formatNumber, si } from '../src/numbers.js';

const labels = (ticks: readonly { label: string }[]) => ticks.map(({ label }) => label);

describe('ticks', () => {
  test('are round, with the same decimals, and free of rounding errors', () => {
    expect(labels(linearTicks(0, 1, 5))).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
    expect(linearTicks(0, 0.7, 7).map(({ value }) => value)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
    expect(labels(linearTicks(-3, 3, 3))).toEqual(['−2', '0', '2']);
    // Epochs: no tick between the second and the third.
    expect(labels(linearTicks(1, 3, 6, undefined, true))).toEqual(['1', '2', '3']);
    expect(labels(linearTicks(1, 1.5, 6, undefined, true))).toEqual(['1']);
    expect(labels(linearTicks(1, 60, 6))).toEqual(['10', '20', '30', '40', '50', '60']);
  });

  test('step is 1, 2 or 5 times a power of ten', () => {
    expect([0.011, 0.2, 3, 5.1, 70].map(niceStep)).toEqual([0.02, 0.2, 5, 10, 100]);
  });

  test('on a logarithmic axis: powers; below three of them also 2 and 5; within a decade round numbers', () => {
    expect(labels(logTicks(-6, -3, 5))).toEqual(['1e-6', '1e-5', '1e-4', '0.001']);
    expect(labels(logTicks(0, 1, 5))).toEqual(['1', '2', '5', '10']);
    expect(labels(logTicks(Math.log10(6), Math.log10(9), 3))).toEqual(['6', '7', '8', '9']);
    expect(logTicks(-300, 300, 5).length).toBeLessThan(9);
  });

  test('any range: ascending, inside, a sensible number', () => {
    const finite = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(finite, finite, fc.boolean(), (a, b, nice) => {
        const axis = makeAxis([a, b], { count: 5, nice });
        expect(axis.min).toBeLessThan(axis.max);
        expect(axis.position(a)).toBeGreaterThanOrEqual(-1e-6);
        expect(axis.position(b)).toBeLessThanOrEqual(1 + 1e-6);
        expect(axis.ticks.length).toBeGreaterThan(0);
        expect(axis.ticks.length).toBeLessThan(14);
        axis.ticks.forEach((tick, i) => {
          if (i > 0) expect(tick.value).toBeGreaterThan(axis.ticks[i - 1]!.value);
        });
      }),
    );
  });

  test('any positive range on a logarithmic axis', () => {
    const exponent = fc.double({ min: -200, max: 200, noNaN: true });
    fc.assert(
      fc.property(exponent, exponent, (a, b) => {
        const axis = makeAxis([10 ** a, 10 ** b], { scale: 'log', count: 5, nice: true });
        expect(axis.min).toBeLessThan(axis.max);
        expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
        expect(axis.ticks.length).toBeLessThan(14);
        for (const tick of axis.ticks) {
          expect(axis.position(tick.value)).toBeGreaterThanOrEqual(-1e-6);
          expect(axis.position(tick.value)).toBeLessThanOrEqual(1 + 1e-6);
        }
      }),
    );
  });
});

describe('axes', () => {
  test('ends that are given stay; free ones move to round numbers; near zero means from zero', () => {
    expect(makeAxis([0.13, 0.78], { count: 5, nice: true })).toMatchObject({ min: 0, max: 0.8 });
    expect(makeAxis([0.61, 0.78], { count: 5, nice: true })).toMatchObject({ min: 0.6, max: 0.8 });
    expect(makeAxis([0.61, 0.78], { count: 5, nice: true, min: 0.5, max: 1 })).toMatchObject({ min: 0.5, max: 1 });
  });

  test('one value, no value, an end beyond the values', () => {
    for (const values of [[], [0], [7], [-7]]) {
      for (const end of [{}, { min: 9 }, { max: -9 }]) {
        const axis = makeAxis(values, { count: 5, nice: true, ...end });
        expect(axis.min).toBeLessThan(axis.max);
        expect(axis).toMatchObject(end);
      }
    }
    expect(makeAxis([1e-4], { scale: 'log', count: 5, nice: true }).position(1e-4)).toBeCloseTo(0.5, 9);
  });
});

describe('numbers', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [0.42128, '0.4213'],
    [0.5, '0.5'],
    [-1.25, '−1.25'],
    [33122000, '33\u202f122\u202f000'],
    [9999, '9999'],
    [3.2e-6, '3.2e-6'],
    [1e-7, '1e-7'],
    [123456.7, '123\u202f457'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ])('%f is %s', (value, text) => expect(formatNumber(value)).toBe(text));

  test('prefixes of the SI, chosen after rounding', () => {
    expect([5.04e11, 999.96, 12, 0.5, 1e21].map((value) => si(value, 'B/s'))).toEqual([
      '504 GB/s',
      '1 kB/s',
      '12 B/s',
      '0.5 B/s',
      '1000 EB/s',
    ]);
  });

  test('columns of fractions get the same decimals', () => {
    expect(alignDecimals(['0.72', '0.6', '1'])).toEqual(['0.72', '0.60', '1.00']);
    expect(alignDecimals(['12', '3e-7', '0.5'])).toEqual(['12', '3e-7', '0.5']);
  });
});
