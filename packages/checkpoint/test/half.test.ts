import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { narrowFloat16, widenBfloat16, widenFloat16 } from '../src/tensors/half.js';

const ALL_BITS = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The value of a binary float by its definition: sign, exponent, fraction. */
function decode(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >>> 15 ? -1 : 1;
  const exponent = (bits >>> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = bits & ((1 << fractionBits) - 1);
  const bias = (1 << (exponentBits - 1)) - 1;
  if (exponent === (1 << exponentBits) - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits);
  return sign * (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
}

function firstDifference(actual: Float32Array, exponentBits: number, fractionBits: number): number {
  return ALL_BITS.findIndex((bits) => !Object.is(actual[bits], decode(bits, exponentBits, fractionBits)));
}

describe('16-bit floats', () => {
  it('all 65536 float16 patterns are widened exactly', () => {
    const out = new Float32Array(65536);
    widenFloat16(ALL_BITS, out);
    expect(firstDifference(out, 5, 10)).toBe(-1);
  });

  it('all 65536 bfloat16 patterns are widened exactly', () => {
    const out = new Float32Array(65536);
    widenBfloat16(ALL_BITS, out);
    expect(firstDifference(out, 8, 7)).toBe(-1);
  });

  it('what float16 holds is narrowed to itself', () => {
    const wide = new Float32Array(65536);
    widenFloat16(ALL_BITS, wide);
    const bits = new Uint16Array(65536);
    narrowFloat16(wide, bits);
    const isNan = (pattern: number) => (pattern & 0x7fff) > 0x7c00;
    expect(ALL_BITS.findIndex((pattern) => (isNan(pattern) ? !isNan(bits[pattern]!) : bits[pattern] !== pattern))).toBe(
      -1,
    );
  });

  it('any other value goes to the nearer neighbour, from the middle to the even one', () => {
    const neighbour = (pattern: number) => decode(pattern, 5, 10);
    const narrow = (value: number) => {
      const bits = new Uint16Array(1);
      narrowFloat16(Float32Array.of(value), bits);
      return bits[0]!;
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0x7bfe }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.boolean(),
        (low, share, negative) => {
          const [a, b] = [neighbour(low), neighbour(low + 1)];
          const value = Math.fround(a + share * (b - a));
          const even = low % 2 === 0 ? low : low + 1;
          const nearest = value - a < b - value ? low : value - a > b - value ? low + 1 : even;
          expect(narrow(negative ? -value : value)).toBe(nearest | (negative ? 0x8000 : 0));
        },
      ),
      { numRuns: 2000 },
    );
    for (let low = 0; low < 0x7bff; low += 7) {
      expect(narrow((neighbour(low) + neighbour(low + 1)) / 2)).toBe(low % 2 === 0 ? low : low + 1);
    }
    expect([65504, 65519.99, 65520, 1e30, -1e30, Number.POSITIVE_INFINITY].map(narrow)).toEqual([
      0x7bff, 0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7c00,
    ]);
  });
});
