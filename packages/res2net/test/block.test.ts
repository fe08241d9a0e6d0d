import { type Context, evaluate, type HostTensor, open, ParameterStore, type Tensor } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Res2NetBlock } from '../src/index.js';
import { type BlockSidecar, recipeState, specOf } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
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

describe('a Res2Net block', () => {
  for (const [name, make] of Object.entries(BLOCKS)) {
    itWithGolden<BlockSidecar>(`${name} has the reference's state dict`, `blocks/${name}`, ({ json }) => {
      expect(specOf(make())).toEqual(Object.entries(json.params));
    });

    for (const fusion of [true, false]) {
      const how = fusion ? 'fused' : 'operator by operator';
      itWithGolden<BlockSidecar>(`${name} gives the reference's output, ${how}`, `blocks/${name}`, async (golden) => {
        const block = make();
        using parameters = new ParameterStore(context, block);
        parameters.load(recipeState(block, golden.json.name_prefix, golden.json.gain));
        const x: HostTensor = { shape: golden.shape('x'), data: golden.f32('x') };
        const { output } = await evaluate(context, ({ x }: { readonly x: Tensor }) => block.call(x), { x }, { parameters, fusion });
        expect(output?.shape).toEqual(golden.shape('eval/y0'));
        expectClose(output?.data ?? [], golden.f32('eval/y0'), { relL2: 2e-5 }, name);
      });
    }
  }

  it('refuses a width that leaves no channel', () => {
    expect(() => new Res2NetBlock(8, 2)).toThrow(/MODULE_OPTION/);
  });
});
