import { type Context, open, type Tensor } from '@infnet/core';
import { itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { type BlockSidecar, expectGradients } from '../../conv-block/test/support/block-golden.js';
import { PartialDecoder, ReceptiveFieldBlock } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

const modes = ['train', 'eval'] as const;

describe('gradients of ReceptiveFieldBlock', () => {
  for (const [name, inChannels, outChannels] of [
    ['rfb_small', 16, 8],
    ['rfb_small_3x3', 16, 8],
    ['rfb_512_32', 512, 32],
  ] as const) {
    for (const mode of modes) {
      itWithGolden<BlockSidecar>(`equal the golden ${name} in ${mode} mode`, `blocks/${name}`, async (golden) => {
        const block = new ReceptiveFieldBlock(inChannels, outChannels);
        await expectGradients(context, block, ({ x }) => [block.call(x as Tensor)], golden, mode);
      });
    }
  }
});

describe('gradients of PartialDecoder', () => {
  for (const [name, channels] of [
    ['agg_small', 4],
    ['agg_32', 32],
  ] as const) {
    for (const mode of modes) {
      itWithGolden<BlockSidecar>(`equal the golden ${name} in ${mode} mode`, `blocks/${name}`, async (golden) => {
        const decoder = new PartialDecoder(channels);
        const run = ({ x1, x2, x3 }: Readonly<Record<string, Tensor>>): readonly Tensor[] => [
          decoder.call(x1 as Tensor, x2 as Tensor, x3 as Tensor),
        ];
        await expectGradients(context, decoder, run, golden, mode);
      });
    }
  }
});
