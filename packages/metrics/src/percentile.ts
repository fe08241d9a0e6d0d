/**
 * The `fraction` (0..1) quantile of `sorted` (ascending, not empty), linear between order statistics: position
 * `fraction * (n - 1)`. numpy's default, and type 7 of Hyndman and Fan (1996).
 */
export function percentile(sorted: ArrayLike<number>, fraction: number): number {
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  if (low === high) return low; // also for two infinities, whose difference is NaN
  return low + (position - below) * (high - low);
}
