/**
 * Widening of 16-bit floats to float32, by their bits.
 *
 * float16 has 1 sign, 5 exponent (bias 15) and 10 fraction bits; float32 has 1, 8 (bias 127) and 23. Widening is exact,
 * and NaN payloads are kept. bfloat16 is the upper half of a float32.
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
