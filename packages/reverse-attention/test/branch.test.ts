import { type Context, isInfnetError, Module, open, schedule, type Tensor, trace } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlockSidecar, expectGradients, expectInference } from '../../conv-block/test/support/block-golden.js';
import { ReverseAttentionBranch, type ReverseAttentionBranchOptions } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

const goldens: Readonly<Record<string, ReverseAttentionBranchOptions>> = {
  ra4: { level: 4, inChannels: 2048 },
  ra3: { level: 3, inChannels: 1024, scale: 16 },
  ra2: { level: 2, inChannels: 512, scale: 8 },
  ra4_narrow: { level: 4, inChannels: 24, channels: 8, edgeChannels: 4 },
};

const runOf =
  (branch: ReverseAttentionBranch) =>
  ({ feat, prev, edge }: Readonly<Record<string, Tensor>>): readonly Tensor[] => {
    const { logits, lateral } = branch.call(feat as Tensor, prev as Tensor, edge as Tensor);
    return [logits, lateral];
  };

describe('ReverseAttentionBranch', () => {
  for (const [name, options] of Object.entries(goldens)) {
    itWithGolden<BlockSidecar>(
      `equals the golden ${name} in inference, fused and not`,
      `blocks/${name}`,
      async (golden) => {
        const branch = new ReverseAttentionBranch(options);
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
      },
    );
  }

  const shapes = { feat: [1, 24, 3, 3], prev: [1, 1, 12, 12], edge: [1, 4, 24, 24] } as const;
  const narrow = { level: 4, inChannels: 24, channels: 8, edgeChannels: 4 } as const;

  it('weights the narrow result of the first convolution, with its batch norm, and copies nothing', () => {
    const branch = new ReverseAttentionBranch(narrow);
    const graph = trace((inputs) => runOf(branch)(inputs), shapes);
    expect(schedule(graph).dispatches.map(({ scope, operator }) => `${scope} ${operator}`)).toEqual([
      'ra4_conv1.conv conv2d',
      'ra4 reverseAttention',
      'ra4 interpolate',
      'ra4_conv2.conv fusedConv2d',
      'ra4_conv3.conv fusedConv2d',
      'ra4_conv4.conv fusedConv2d',
      'ra4_conv5.conv fusedConv2d',
      'ra4 addResized',
      'ra4 interpolate',
    ]);
  });

  it('lends its layers to a net that keeps them at its root, as the reference does', () => {
    class Net extends Module<readonly [features: Tensor, previous: Tensor, edge: Tensor]> {
      readonly #branch = new ReverseAttentionBranch(narrow);
      constructor() {
        super();
        Object.assign(this, this.#branch.layers);
      }
      override forward(features: Tensor, previous: Tensor, edge: Tensor): Tensor {
        return this.#branch.forward(features, previous, edge).logits;
      }
    }
    class Outer extends Module<readonly [features: Tensor, previous: Tensor, edge: Tensor]> {
      readonly net = new Net();
      override forward(features: Tensor, previous: Tensor, edge: Tensor): Tensor {
        return this.net.call(features, previous, edge);
      }
    }
    const outer = new Outer();
    const graph = trace(({ feat, prev, edge }) => outer.call(feat, prev, edge), shapes);
    expect(outer.parameters()[0]?.name).toBe('net.ra4_conv1.conv.weight');
    expect(new Set(graph.nodes.map(({ scope }) => scope))).toContain('net.ra4_conv3.conv');
    expect(new Set(graph.nodes.map(({ scope }) => scope))).toContain('net.ra4');
  });

  it('says where shapes do not fit', () => {
    const branch = new ReverseAttentionBranch(narrow);
    const attempt = (changed: Partial<Record<keyof typeof shapes, readonly number[]>>): unknown => {
      try {
        trace((inputs) => runOf(branch)(inputs), { ...shapes, ...changed });
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(attempt({ prev: [1, 2, 12, 12] })).toMatchObject({ code: 'SHAPE_CHANNELS', where: 'ra4' });
    expect(attempt({ feat: [1, 23, 3, 3] })).toMatchObject({ code: 'SHAPE_CHANNELS', where: 'ra4_conv1.conv' });
    expect(isInfnetError(attempt({ edge: [1, 5, 24, 24] }), 'SHAPE_CHANNELS')).toBe(true);
  });
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
