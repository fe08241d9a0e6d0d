/**
 * The `fraction` (0..1) quantile of `sorted` (ascending), linear between order statistics: position
 * `fraction * (n - 1)`. numpy's default, and type 7 of Hyndman and Fan (1996). NaN of nothing.
 */
export function percentile(sorted: ArrayLike<number>, fraction: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  // Also for two infinities, whose difference is NaN, and at a value itself, as 0 times an infinite difference is NaN.
  if (low === high || position === below) return low;
  return low + (position - below) * (high - low);
}
