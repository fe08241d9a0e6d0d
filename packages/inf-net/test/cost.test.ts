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

  it('is 13.843 GMAC', () => {
    expect(costs.reduce((sum, { macs }) => sum + macs, 0)).toBe(13_843_298_304);
  });

  it.skipIf(missing !== '')(`equals the reference's 158 convolutions, one by one${missing}`, async () => {
    const { layers, conv_calls, total_macs } = await readFixtureJson<Macs>(FILE);
    expect([conv_calls, layers.length, total_macs]).toEqual([158, 158, 13_843_298_304]);
    const expected = byPath(
      layers.map(({ layer, in: input, out, kernel, macs }) => ({ path: layer, input, output: out, kernel, macs })),
    );
    const actual = byPath(costs.map(({ weight, ...cost }) => ({ ...cost, kernel: weight.slice(2) })));
    expect(actual).toEqual(expected);
    expect(Object.keys(actual)).toHaveLength(158 - 3 * 4);
  });
});

interface Convolution {
  readonly path: string;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly macs: number;
}

/**
 * By path. The five 1x1 convolutions that read a receptive-field block's input count as one: they are computed as one.
 */
function byPath(convolutions: readonly Convolution[]): Record<string, Convolution> {
  const found: Record<string, Convolution> = {};
  for (const convolution of convolutions) {
    const path = convolution.path.replace(/^(rfb\d_1)\.(branch\d\.0|conv_res)\.conv$/, '$1');
    const known = found[path];
    const channels = (known?.output[1] ?? 0) + (convolution.output[1] as number);
    const output = convolution.output.map((size, d) => (d === 1 ? channels : size));
    found[path] = { ...convolution, path, output, macs: convolution.macs + (known?.macs ?? 0) };
  }
  return found;
}
