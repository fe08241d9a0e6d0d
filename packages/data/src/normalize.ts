/**
 * Probabilities to pictures.
 *
 * The released test code stretches every map to its own full contrast, twice (quirk 20): {@link minMaxNormalize}, then
 * the stretch inside `scipy.misc.imsave` ({@link finalPngU8}). Figures of the paper are made that way, and an image
 * without any infection is stretched too. To show or store a probability as it is, use {@link probabilityToU8}.
 */

/** Smallest and largest value; [0, 0] for an empty array. NaN elements are not seen. */
function extremes(values: Float32Array): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return high < low ? [0, 0] : [low, high];
}

/** `(v - min) / (max - min + 1e-8)` in float32, as NumPy does it on a float32 array. A constant map becomes 0. */
export function minMaxNormalize(values: Float32Array): Float32Array<ArrayBuffer> {
  const [low, high] = extremes(values);
  const divisor = Math.fround(Math.fround(high - low) + 1e-8);
  return Float32Array.from(values, (v) => Math.fround(v - low) / divisor);
}

/**
 * What `scipy.misc.imsave` (scipy 1.2) writes of a float map: min..max onto 0..255, plus 0.5, cut off. Row-major bytes
 * as the input. For a constant map the divisor is 1, so all becomes 0.
 */
export function finalPngU8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const [low, high] = extremes(values);
  const span = Math.fround(high - low);
  const scale = Math.fround(255 / (span === 0 ? 1 : span));
  return Uint8Array.from(values, (v) => {
    const stretched = Math.fround(Math.fround(v - low) * scale);
    return Math.trunc(Math.fround(Math.min(255, Math.max(0, stretched)) + 0.5));
  });
}

/** 0..1 onto 0..255, rounded to nearest, clipped; no stretch. NaN becomes 0. */
export function probabilityToU8(values: Float32Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values, (v) => Math.round(255 * Math.min(1, Math.max(0, v))));
}
