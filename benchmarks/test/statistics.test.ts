import { describe, expect, it } from 'vitest';
import { summarize } from '../src/statistics.js';

describe('summarize', () => {
  it('gives the median and the spread', () => {
    expect(summarize([3, 1, 2])).toEqual({ median: 2, smallest: 1, largest: 3, runs: 3 });
    expect(summarize([4, 1, 2, 3])).toEqual({ median: 2.5, smallest: 1, largest: 4, runs: 4 });
  });
});
