/**
 * The net of the paper at its own size, in Node only: at 27.7 GFLOP a forward takes 10 to 40 s on SwiftShader, which would
 * take a browser's whole patience. The same net at smaller sizes is tested in both.
 */
import { type Context, open } from '@infnet/core';
import { goldenNote, hasGolden, loadGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InfNet } from '../src/index.js';
import { GoldenNet } from './run-golden.js';
import { type NetSidecar, OUTPUTS } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const PATH = 'nets/inf_net_res2net_1x3x352x352';

describe('Inf-Net at 352 x 352 (in Node only: too slow for SwiftShader in a browser)', () => {
  it.skipIf(!hasGolden(PATH))(
    `gives the numbers of the reference${goldenNote(PATH)}`,
    async () => {
      using net = new GoldenNet(() => new InfNet(), OUTPUTS);
      const { differences, plan } = await net.run(context, await loadGolden<NetSidecar>(PATH));
      expect(Object.keys(differences)).toEqual(Object.keys(OUTPUTS));
      expect(plan.memory.activations).toBeLessThan(70 * 2 ** 20);
    },
    600_000,
  );
});
