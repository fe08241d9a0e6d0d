/**
 * The net of the paper at its own size: 27.7 GFLOP, 10 to 40 s on SwiftShader, so in a file of its own and for the long
 * run.
 */
import { type Context, open } from '@infnet/core';
import { BitRecord, goldenNote, hasGolden, isLong, loadGolden, longNote } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InfNet } from '../src/index.js';
import { FAST, GoldenNet } from './run-golden.js';
import { type NetSidecar, OUTPUTS } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const PATH = 'nets/inf_net_res2net_1x3x352x352';

const bits = new BitRecord('nets-352');

describe('Inf-Net at 352 x 352', () => {
  it.skipIf(!hasGolden(PATH) || !isLong)(
    `gives the numbers of the reference${goldenNote(PATH)}${longNote}`,
    async () => {
      using net = new GoldenNet(() => new InfNet(), OUTPUTS);
      const golden = await loadGolden<NetSidecar>(PATH);
      const { differences, outputs, plan } = await net.run(context, golden, { precision: 'exact' });
      bits.add(PATH, outputs);
      bits.add(`${PATH} fast`, (await net.run(context, golden, { precision: 'fast' }, FAST)).outputs);
      expect(Object.keys(differences)).toEqual(Object.keys(OUTPUTS));
      expect(plan.memory.activations).toBeLessThan(70 * 2 ** 20);
    },
  );

  if (isLong) bits.settle(() => context.adapter.kind, [PATH]);
});
