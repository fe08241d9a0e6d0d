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

/** The same; `undefined` without samples. */
export function summary(samples: readonly number[] = []): Timing | undefined {
  return samples.length === 0 ? undefined : summarize(samples);
}

export type Ratio = Omit<Timing, 'runs'>;

/**
 * How many times as long `samples` take as `reference`: the ratio of the medians, and the smallest and largest ratio of
 * one round, in which both were measured one after the other.
 */
export function ratioOf(samples: readonly number[] = [], reference: readonly number[] = []): Ratio | undefined {
  const [top, bottom] = [summary(samples), summary(reference)];
  if (top === undefined || bottom === undefined) return undefined;
  const rounds = samples.slice(0, reference.length).map((value, i) => value / (reference[i] as number));
  return { median: top.median / bottom.median, smallest: Math.min(...rounds), largest: Math.max(...rounds) };
}
