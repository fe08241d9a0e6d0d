/**
 * From densities to what a scanner shows: blurred by about a pixel, with noise whose grain is as coarse as in resampled
 * slices.
 */
import type { Random } from './random.js';
import { mix } from './shapes.js';

/** @param noise standard deviation, in Hounsfield units */
export function scan(random: Random, hu: Float32Array, width: number, height: number, noise: number): Float32Array {
  const sharp = random.uniform(0.05, 0.75);
  const blurred = blur(hu, width, height);
  const white = new Float32Array(hu.length);
  for (let i = 0; i < white.length; i++) white[i] = random.normal();
  const grainy = blur(white, width, height);
  const coarse = random.uniform(0.6, 1);
  // The blur leaves 0.375 of white noise's deviation; the mixture is brought back to about 1.
  const gain = noise / Math.sqrt((1 - coarse) * (1 - coarse) + 0.5 * coarse * (1 - coarse) + 0.14 * coarse * coarse);
  const out = new Float32Array(hu.length);
  for (let i = 0; i < out.length; i++) {
    const signal = mix(blurred[i] as number, hu[i] as number, sharp);
    out[i] = signal + gain * mix(white[i] as number, grainy[i] as number, coarse);
  }
  return out;
}

/** The 1-2-1 kernel along both axes, borders replicated. */
function blur(source: Float32Array, width: number, height: number): Float32Array {
  const rows = new Float32Array(source.length);
  const out = new Float32Array(source.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const before = source[x === 0 ? i : i - 1] as number;
      const after = source[x === width - 1 ? i : i + 1] as number;
      rows[i] = (before + 2 * (source[i] as number) + after) / 4;
    }
  }
  for (let i = 0; i < source.length; i++) {
    const before = rows[i < width ? i : i - width] as number;
    const after = rows[i >= width * (height - 1) ? i : i + width] as number;
    out[i] = (before + 2 * (rows[i] as number) + after) / 4;
  }
  return out;
}
