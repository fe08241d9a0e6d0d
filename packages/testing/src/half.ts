/**
 * Values as float16 holds them: rounded to the nearest, ties to even; infinite from 65520 on. Eleven significant bits,
 * and steps of 2^-24 below 2^-14.
 */
export function roundToHalf(values: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const rounded = Float32Array.from(values);
  const bits = new Uint32Array(rounded.buffer);
  for (let i = 0; i < rounded.length; i++) {
    const size = Math.abs(rounded[i] as number);
    if (size < 2 ** -14) {
      // Adding 1.5 * 2^28 leaves a float64 no bits below 2^-24.
      rounded[i] = (rounded[i] as number) + 1.5 * 2 ** 28 - 1.5 * 2 ** 28;
      continue;
    }
    const word = bits[i] as number;
    // Thirteen bits go: half of the last one that stays is added, less one if that one is even.
    bits[i] = (word + 0xfff + ((word >>> 13) & 1)) & ~0x1fff;
    if (size < 65520) continue;
    rounded[i] = Number.isNaN(size) ? size : Math.sign(values[i] as number) * Number.POSITIVE_INFINITY;
  }
  return rounded;
}
