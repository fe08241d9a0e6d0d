/** Circles of imports are found, whatever their length, and only they (`scripts/circles.mjs`). */
import { describe, expect, it } from 'vitest';
import { circleProblems, circlesOf } from '../../../scripts/circles.mjs';

const graph = (edges: Readonly<Record<string, readonly string[]>>): Map<string, readonly string[]> =>
  new Map(Object.entries(edges));

describe('circles of imports', () => {
  it('finds none where every path ends', () => {
    expect(circlesOf(graph({ a: ['b', 'c'], b: ['c', 'd'], c: ['d'], d: [] }))).toEqual([]);
  });

  it('finds each circle once, also those that share no file with the first one visited', () => {
    expect(circlesOf(graph({ a: ['b'], b: ['c'], c: ['d'], d: ['b', 'e'], e: ['f'], f: ['e'] }))).toEqual([
      ['e', 'f'],
      ['b', 'c', 'd'],
    ]);
    expect(circlesOf(graph({ a: ['a'] }))).toEqual([['a']]);
  });

  it('names the files, but for circles that may be', () => {
    const [a, b, c] = ['graph/graph.ts', 'graph/operator.ts', 'graph/tensor.ts'] as const;
    const own = graph({ [a]: [b], [b]: [c], [c]: [a] });
    expect(circleProblems('core', own)).toEqual([]);
    expect(circleProblems('nn', own)).toEqual([expect.stringContaining(`${a}, ${b}, ${c}`)]);
    const opened = graph({ [a]: [c], [b]: [c], [c]: [a] });
    expect(circleProblems('core', opened)).toEqual([expect.stringContaining(`${b} of core stands in no circle`)]);
  });
});
