import { describe, expect, it } from 'vitest';
import { difference, expectClose, maxAbs, relL2 } from '../src/index.js';

describe('compare', () => {
  it('measures relative L2 and the largest difference', () => {
    expect(relL2([3, 4.5], [3, 4])).toBeCloseTo(0.1, 12);
    expect(maxAbs([3, 4.5], [3, 4])).toBe(0.5);
    expect(difference([1, 2, 9], [1, 2, 3])).toMatchObject({ worst: 2, refMax: 3, count: 3, nonFinite: 0 });
  });

  it('an all-zero expectation is compared absolutely', () => {
    expect(relL2([0, 3, 4], [0, 0, 0])).toBe(5);
    expect(() => expectClose([1e-9], [0], { relL2: 1e-8 })).not.toThrow();
  });

  it('NaN on one side never passes, on both sides it is equal', () => {
    expect(() => expectClose([Number.NaN, 1], [0, 1], { maxAbs: 1e9 }, 'y')).toThrow(/1 elements are NaN or infinite/);
    expect(() => expectClose([0, 1], [Number.NaN, 1], { relL2: 1e9 })).toThrow();
    expect(() => expectClose([Number.NaN, 1], [Number.NaN, 1], { maxAbs: 0 })).not.toThrow();
    expect(relL2([Number.NaN], [1])).toBeNaN();
  });

  it('the message gives the figures', () => {
    expect(() => expectClose([1, 2], [1, 3], { relL2: 1e-6, maxAbs: 0.5 }, 'conv y')).toThrow(
      /conv y: 2 elements[\s\S]*relL2 {3}3\.162e-1 \(allowed 0\.000001\)[\s\S]*maxAbs {2}1\.000e\+0 at \[1\] \(allowed 0\.5\)/,
    );
  });

  it('a bound relative to the largest expected value', () => {
    expect(() => expectClose([100.5, 0], [100, 0], { maxAbsOfMax: 1e-2 })).not.toThrow();
    expect(() => expectClose([102, 0], [100, 0], { maxAbsOfMax: 1e-2 })).toThrow();
  });

  it('lengths must agree and a bound must be given', () => {
    expect(() => expectClose([1], [1, 2], { maxAbs: 1 })).toThrow(/lengths differ/);
    expect(() => expectClose([1], [1], {})).toThrow(/give relL2/);
  });
});
