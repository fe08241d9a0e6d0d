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

  it('is 13.843 GMAC in 146 convolutions', () => {
    expect(costs).toHaveLength(146);
    expect(costs.reduce((sum, { macs }) => sum + macs, 0)).toBe(13_843_298_304);
  });

  it.skipIf(missing !== '')(`equals the reference's 158, convolution by convolution${missing}`, async () => {
    const { layers, conv_calls, total_macs } = await readFixtureJson<Macs>(FILE);
    expect(conv_calls).toBe(158);
    const expected = new Map<string, { input: number[]; output: number[]; kernel: number[]; macs: number }>();
    for (const { layer, in: input, out, kernel, macs } of layers) {
      // A receptive-field block computes the five 1x1 convolutions of its input as one.
      const path = layer.replace(/^(rfb\d_1)\.(branch\d\.0|conv_res)\.conv$/, '$1');
      const known = expected.get(path);
      const channels = (known?.output[1] ?? 0) + (out[1] as number);
      const output = out.map((size, d) => (d === 1 ? channels : size));
      expected.set(path, { input, output, kernel, macs: (known?.macs ?? 0) + macs });
    }
    const actual = costs.map(({ path, input, output, weight, macs }) => [path, { input, output, kernel: weight.slice(2), macs }]);
    expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected));
    expect(total_macs).toBe(13_843_298_304);
  });
});
