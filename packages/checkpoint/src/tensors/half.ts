/**
 * 16-bit floats and float32, by their bits.
 *
 * float16 has 1 sign, 5 exponent (bias 15) and 10 fraction bits; float32 has 1, 8 (bias 127) and 23. Widening is exact,
 * and NaN payloads are kept; narrowing rounds to the nearest, ties to even. bfloat16 is the upper half of a float32.
 */

/** float16 bit patterns to float32. `out` has as many elements as `bits`. */
export function widenFloat16(bits: Uint16Array, out: Float32Array): void {
  const target = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i]!;
    const exponent = half & 0x7c00;
    const sign = (half & 0x8000) << 16;
    if (exponent === 0) out[i] = (half & 0x8000 ? -1 : 1) * (half & 0x3ff) * 2 ** -24;
    else if (exponent === 0x7c00) target[i] = sign | 0x7f800000 | ((half & 0x3ff) << 13);
    else target[i] = sign | (((half & 0x7fff) << 13) + 0x38000000);
  }
}

/** bfloat16 bit patterns to float32. `out` has as many elements as `bits`. */
export function widenBfloat16(bits: Uint16Array, out: Float32Array): void {
  const target = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) target[i] = bits[i]! << 16;
}

/** The largest finite float16. */
export const MAX_FLOAT16 = 65504;

/**
 * float32 to the nearest float16 bit patterns, ties to even; what rounds beyond {@link MAX_FLOAT16} becomes infinite.
 */
export function narrowFloat16(values: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    out[i] = sign | narrowMagnitude(magnitude, Math.abs(values[i]!));
  }
}

function narrowMagnitude(bits: number, value: number): number {
  if (bits > 0x7f800000) return 0x7e00; // NaN
  if (bits >= 0x477ff000) return 0x7c00; // from half way between the largest float16 and the next
  if (bits < 0x38800000) {
    // Below 2^-14 float16 counts in steps of 2^-24, and so do its bits.
    const steps = value * 2 ** 24;
    const whole = Math.floor(steps);
    const rest = steps - whole;
    return whole + (rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? 1 : 0);
  }
  const rebiased = bits - 0x38000000;
  return (rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13;
}
