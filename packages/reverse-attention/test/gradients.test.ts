import { type Context, open } from '@infnet/core';
import { itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { type BlockSidecar, expectGradients } from '../../conv-block/test/support/block-golden.js';
import { ReverseAttentionBranch } from '../src/index.js';
import { goldens, runOf } from './branches.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

describe('gradients of ReverseAttentionBranch', () => {
  for (const [name, options] of Object.entries(goldens)) {
    for (const mode of ['train', 'eval'] as const) {
      itWithGolden<BlockSidecar>(`equal the golden ${name} in ${mode} mode`, `blocks/${name}`, async (golden) => {
        const branch = new ReverseAttentionBranch(options);
        await expectGradients(context, branch, runOf(branch), golden, mode);
      });
    }
  }
});
