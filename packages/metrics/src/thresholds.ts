import { fail } from './errors.js';

/**
 * The 256 thresholds of the paper's evaluation, 1 down to 0 in steps of 1/255: `k / 255`, each correctly rounded.
 *
 * The released tool writes `1:-1/255:0`, whose repeated steps differ from `k / 255` in the last bit for 104 of the 256
 * (under Octave). A float map does not notice. An 8-bit map does, since its values meet thresholds exactly: means over
 * the thresholds move by up to 1e-3. To repeat a published number to the last digit, pass the array that tool had.
 */
export function defaultThresholds(): number[] {
  return Array.from({ length: 256 }, (_, i) => (255 - i) / 255);
}

/** The thresholds as float64; `METRICS_THRESHOLDS` unless they are finite, descending and not none. */
export function readThresholds(thresholds: ArrayLike<number> | undefined, where: string): Float64Array {
  const values = Float64Array.from(thresholds ?? defaultThresholds());
  const bad = values.findIndex((t, i) => !Number.isFinite(t) || (i > 0 && t >= values[i - 1]!));
  if (values.length === 0 || bad >= 0) {
    const what = values.length === 0 ? 'There are no thresholds.' : `Threshold ${bad} is ${values[bad]}.`;
    fail(
      'METRICS_THRESHOLDS',
      `${what} They have to be finite and strictly descending.`,
      where,
      'Sort them from the highest to the lowest without repetition, or leave the option out.',
    );
  }
  return values;
}
