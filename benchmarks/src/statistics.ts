/** Median and spread of a few timings. Machines are noisy: a mean would be moved by one bad run. */
export interface Timing {
  readonly median: number;
  readonly smallest: number;
  readonly largest: number;
  readonly runs: number;
}

export function summarize(samples: readonly number[]): Timing {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return {
    median: (lower + upper) / 2,
    smallest: sorted[0] ?? Number.NaN,
    largest: sorted.at(-1) ?? Number.NaN,
    runs: sorted.length,
  };
}
