import { describe, expect, it } from 'vitest';
import { roundToHalf } from '../src/index.js';

/** The value of 16 bits, by definition. */
function halfValue(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

describe('roundToHalf', () => {
  it('keeps every finite float16, and takes what lies between to the nearer, ties to the even one', () => {
    const finite = Array.from({ length: 0x7c00 }, (_, bits) => halfValue(bits));
    expect([...roundToHalf(finite)]).toEqual(finite);
    const between = finite.slice(1).flatMap((high, i) => {
      const low = finite[i] as number;
      const step = (high - low) / 2;
      return [
        [low + step * 0.98, low],
        [low + step * 1.02, high],
        [low + step, i % 2 === 0 ? low : high],
      ] as const;
    });
    expect([...roundToHalf(between.map(([value]) => value))]).toEqual(between.map(([, expected]) => expected));
    expect([...roundToHalf(between.map(([value]) => -value))]).toEqual(between.map(([, expected]) => 0 - expected));
  });

  it('has no finite value from 65520 on, and keeps NaN', () => {
    const given = [65519, 65520, 1e30, -1e30, Number.POSITIVE_INFINITY, Number.NaN];
    const infinity = Number.POSITIVE_INFINITY;
    expect([...roundToHalf(given)]).toEqual([65504, infinity, infinity, -infinity, infinity, Number.NaN]);
  });
});
