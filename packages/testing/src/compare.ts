/** Comparison of arrays with the figures in the message, because "arrays differ" helps nobody. */

/** How far two arrays are apart. */
export interface Difference {
  readonly count: number;
  /** `|actual - expected|_2 / |expected|_2`; the absolute norm when `expected` is all zero. */
  readonly relL2: number;
  /** Largest absolute difference. */
  readonly maxAbs: number;
  /** Flat index of that largest difference; -1 for empty arrays. */
  readonly worst: number;
  /** Largest absolute value of `expected`. */
  readonly refMax: number;
  /** Number of elements of `actual` that are not finite where `expected` is. */
  readonly nonFinite: number;
}

/** Bounds for {@link expectClose}; give at least one. `maxAbsOfMax` is relative to the largest `|expected|`. */
export interface Tolerance {
  readonly relL2?: number;
  readonly maxAbs?: number;
  readonly maxAbsOfMax?: number;
}

/** Measures the distance of two arrays of the same length, in float64. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  if (actual.length !== expected.length) {
    throw new Error(`lengths differ: actual has ${actual.length} elements, expected ${expected.length}`);
  }
  let squares = 0;
  let norm = 0;
  let maxAbs = 0;
  let worst = expected.length === 0 ? -1 : 0;
  let refMax = 0;
  let nonFinite = 0;
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i] as number;
    const e = expected[i] as number;
    if (Object.is(a, e) || a === e) {
      if (Number.isFinite(e)) {
        norm += e * e;
        refMax = Math.max(refMax, Math.abs(e));
      }
      continue;
    }
    if (!Number.isFinite(a) || !Number.isFinite(e)) {
      if (nonFinite === 0) worst = i;
      nonFinite++;
      continue;
    }
    const d = Math.abs(a - e);
    squares += d * d;
    norm += e * e;
    refMax = Math.max(refMax, Math.abs(e));
    if (d > maxAbs) {
      maxAbs = d;
      if (nonFinite === 0) worst = i;
    }
  }
  const absolute = Math.sqrt(squares);
  return {
    count: expected.length,
    relL2: norm === 0 ? absolute : absolute / Math.sqrt(norm),
    maxAbs,
    worst,
    refMax,
    nonFinite,
  };
}

/** Relative L2 distance; see {@link Difference.relL2}. NaN when an element is not finite on one side only. */
export function relL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const d = difference(actual, expected);
  return d.nonFinite > 0 ? Number.NaN : d.relL2;
}

/** Largest absolute difference. NaN when an element is not finite on one side only. */
export function maxAbs(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const d = difference(actual, expected);
  return d.nonFinite > 0 ? Number.NaN : d.maxAbs;
}

/** Throws, with the figures, unless `actual` is within `tolerance` of `expected`. Returns the figures. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what = 'array',
): Difference {
  if (tolerance.relL2 === undefined && tolerance.maxAbs === undefined && tolerance.maxAbsOfMax === undefined) {
    throw new Error(`expectClose(${what}): give relL2, maxAbs or maxAbsOfMax`);
  }
  const d = difference(actual, expected);
  const bound = (limit: number | undefined): string => (limit === undefined ? 'not bounded' : `allowed ${limit}`);
  const absLimit = Math.min(
    tolerance.maxAbs ?? Number.POSITIVE_INFINITY,
    (tolerance.maxAbsOfMax ?? Number.POSITIVE_INFINITY) * (d.refMax || 1),
  );
  const failed = d.nonFinite > 0 || d.relL2 > (tolerance.relL2 ?? Number.POSITIVE_INFINITY) || d.maxAbs > absLimit;
  if (failed) {
    const around = Math.max(0, d.worst - 2);
    const show = (values: ArrayLike<number>): string =>
      Array.from({ length: Math.min(5, values.length - around) }, (_, k) => values[around + k]).join(', ');
    throw new Error(
      `${what}: ${d.count} elements are not close enough\n` +
        `  relL2   ${d.relL2.toExponential(3)} (${bound(tolerance.relL2)})\n` +
        `  maxAbs  ${d.maxAbs.toExponential(3)} at [${d.worst}] (${bound(Number.isFinite(absLimit) ? absLimit : undefined)}), ` +
        `largest |expected| ${d.refMax.toExponential(3)}\n` +
        (d.nonFinite > 0 ? `  ${d.nonFinite} elements are NaN or infinite on one side only\n` : '') +
        `  actual   [${around}..]  ${show(actual)}\n` +
        `  expected [${around}..]  ${show(expected)}`,
    );
  }
  return d;
}
