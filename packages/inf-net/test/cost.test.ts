/** Multiply-adds of every convolution, from a trace: no GPU is touched. */
import { type Tensor, trace } from '@infnet/core';
import { hasFixture, readFixtureJson } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { convolutionCosts, InfNet } from '../src/index.js';

interface Macs {
  readonly total_macs: number;
  readonly conv_calls: number;
  readonly layers: readonly { layer: string; in: number[]; out: number[]; kernel: number[]; macs: number }[];
}

const FILE = 'golden/nets/inf_net_macs_352.json';
const missing = hasFixture(FILE) ? '' : ` (skipped: ../shared/${FILE} is not here)`;

describe('the cost of Inf-Net at 352 x 352', () => {
  const net = new InfNet();
  const graph = trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: [1, 3, 352, 352] });
  const costs = convolutionCosts(graph);

  it('is 158 convolutions and 13.843 GMAC', () => {
    expect(costs).toHaveLength(158);
    expect(costs.reduce((sum, { macs }) => sum + macs, 0)).toBe(13_843_298_304);
  });

  it.skipIf(missing !== '')(`equals the reference's, convolution by convolution${missing}`, async () => {
    const { layers } = await readFixtureJson<Macs>(FILE);
    const expected = layers.map(({ layer, in: input, out, kernel, macs }) => ({ path: layer, input, output: out, kernel, macs }));
    const actual = costs.map(({ path, input, output, weight, macs }) => ({ path, input, output, kernel: weight.slice(2), macs }));
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect(actual.sort(byPath)).toEqual(expected.sort(byPath));
  });
});
