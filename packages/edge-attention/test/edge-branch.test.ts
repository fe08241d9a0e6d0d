import { type Context, open, schedule, type Tensor, trace } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlockSidecar, expectGradients, expectInference } from '../../conv-block/test/support/block-golden.js';
import { EdgeBranch } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

const runOf =
  (branch: EdgeBranch) =>
  ({ x1 }: Readonly<Record<string, Tensor>>): readonly Tensor[] => {
    const { guidance, lateral } = branch.call(x1 as Tensor);
    return [guidance, lateral];
  };

describe('EdgeBranch', () => {
  itWithGolden<BlockSidecar>('equals the golden in inference, fused and not', 'blocks/edge', async (golden) => {
    const branch = new EdgeBranch(256);
    const fused = await expectInference(context, branch, runOf(branch), golden);
    const plain = await expectInference(context, branch, runOf(branch), golden, { fusion: false });
    for (const key of ['y0', 'y1']) {
      expectClose(
        fused.results[key]?.data as Float32Array,
        plain.results[key]?.data as Float32Array,
        { relL2: 1e-5 },
        key,
      );
    }
  });

  it('is its 4 convolutions and one resize', () => {
    const branch = new EdgeBranch(10, { channels: 6, scale: 2 });
    const graph = trace(({ x1 }) => runOf(branch)({ x1 }), { x1: [1, 10, 5, 7] });
    expect(graph.outputs.get('1')?.shape).toEqual([1, 1, 10, 14]);
    expect(schedule(graph).dispatches.map(({ scope, operator }) => `${scope} ${operator}`)).toEqual([
      'edge_conv1.conv fusedConv2d',
      'edge_conv2.conv fusedConv2d',
      'edge_conv3.conv fusedConv2d',
      'edge_conv4.conv fusedConv2d',
      'edge_conv4 interpolate',
    ]);
  });
});

describe('gradients of EdgeBranch', () => {
  for (const mode of ['train', 'eval'] as const) {
    itWithGolden<BlockSidecar>(`equal the golden in ${mode} mode`, 'blocks/edge', async (golden) => {
      const branch = new EdgeBranch(256);
      await expectGradients(context, branch, runOf(branch), golden, mode);
    });
  }
});
