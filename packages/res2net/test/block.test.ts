/** Res2Net blocks against the reference's: outputs, gradients of everything, running statistics. */
import { type Context, open, type Tensor } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BlockFunction,
  type BlockSidecar,
  expectGradients,
  expectInference,
} from '../../conv-block/test/support/block-golden.js';
import { Res2NetBlock } from '../src/index.js';
import { specOf } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
  context.dispose();
});

/** The blocks of the goldens, as their sidecars' `torch` field constructs them. */
const BLOCKS: Readonly<Record<string, () => Res2NetBlock>> = {
  b2n_normal_64: () => new Res2NetBlock(256, 64),
  b2n_normal_small: () => new Res2NetBlock(64, 16),
  b2n_stage_s1_64: () => new Res2NetBlock(64, 64, { type: 'stage' }),
  b2n_stage_s1_small: () => new Res2NetBlock(12, 16, { type: 'stage' }),
  b2n_stage_s2_128: () => new Res2NetBlock(256, 128, { stride: 2, type: 'stage' }),
  b2n_stage_s2_even: () => new Res2NetBlock(20, 16, { stride: 2, type: 'stage' }),
  b2n_stage_s2_small: () => new Res2NetBlock(20, 16, { stride: 2, type: 'stage' }),
};

const traced =
  (block: Res2NetBlock): BlockFunction =>
  ({ x }) => [block.call(x as Tensor)];

for (const [name, make] of Object.entries(BLOCKS)) {
  describe(name, () => {
    itWithGolden<BlockSidecar>("has the reference's state dict, in its order", `blocks/${name}`, ({ json }) => {
      expect(specOf(make())).toEqual(Object.entries(json.params));
    });

    itWithGolden<BlockSidecar>(
      "gives the reference's output in inference, fused and not",
      `blocks/${name}`,
      async (golden) => {
        const block = make();
        const fused = await expectInference(context, block, traced(block), golden);
        const plain = await expectInference(context, block, traced(block), golden, { fusion: false });
        const [a, b] = [fused, plain].map(({ results }) => results['y0']?.data as Float32Array) as [
          Float32Array,
          Float32Array,
        ];
        expectClose(a, b, { relL2: 1e-5 });
      },
    );

    for (const mode of ['train', 'eval'] as const) {
      const how = mode === 'train' ? 'in training' : 'with frozen batch norm';
      itWithGolden<BlockSidecar>(`gives the reference's gradients ${how}`, `blocks/${name}`, async (golden) => {
        const block = make();
        const errors = await expectGradients(context, block, traced(block), golden, mode);
        expect(Math.max(...Object.values(errors))).toBeGreaterThan(0);
      });
    }
  });
}

describe('Res2NetBlock', () => {
  it('refuses a width that leaves no channel', () => {
    expect(() => new Res2NetBlock(8, 2)).toThrow(/MODULE_OPTION/);
  });
});
