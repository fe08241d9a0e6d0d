import { type Context, open, type Tensor } from '@infnet/core';
import { itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { type BlockSidecar, expectGradients } from '../../conv-block/test/support/block-golden.js';
import { EdgeBranch } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

describe('gradients of EdgeBranch', () => {
  for (const mode of ['train', 'eval'] as const) {
    itWithGolden<BlockSidecar>(`equal the golden in ${mode} mode`, 'blocks/edge', async (golden) => {
      const branch = new EdgeBranch(256);
      const run = ({ x1 }: Readonly<Record<string, Tensor>>): readonly Tensor[] => {
        const { guidance, lateral } = branch.call(x1 as Tensor);
        return [guidance, lateral];
      };
      await expectGradients(context, branch, run, golden, mode);
    });
  }
});
