import { describe, expect, it } from 'vitest';
import { widenBfloat16, widenFloat16 } from '../src/tensors/half.js';

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
});
