import { type Context, Module, open, schedule, type Tensor, trace } from '@infnet/core';
import { expectClose, itWithGolden, thrownBy } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlockSidecar, expectGradients, expectInference } from '../../conv-block/test/support/block-golden.js';
import { PartialDecoder, ReceptiveFieldBlock } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
});

describe('ReceptiveFieldBlock', () => {
  for (const [name, inChannels, outChannels] of [
    ['rfb_small', 16, 8],
    ['rfb_small_3x3', 16, 8],
    ['rfb_512_32', 512, 32],
  ] as const) {
    itWithGolden<BlockSidecar>(
      `equals the golden ${name} in inference, fused and not`,
      `blocks/${name}`,
      async (golden) => {
        const block = new ReceptiveFieldBlock(inChannels, outChannels);
        const run = ({ x }: Readonly<Record<string, Tensor>>): readonly Tensor[] => [block.call(x as Tensor)];
        const fused = await expectInference(context, block, run, golden);
        const plain = await expectInference(context, block, run, golden, { fusion: false });
        expectClose(fused.results['y0']?.data as Float32Array, plain.results['y0']?.data as Float32Array, {
          relL2: 1e-5,
        });
      },
    );
  }

  it('is 11 convolutions and nothing else: no copy, no pass for batch norm, addition or relu', () => {
    const block = new ReceptiveFieldBlock(16, 8);
    const graph = trace(({ x }) => block.call(x), { x: [2, 16, 11, 9] });
    const { dispatches, constantDispatches } = schedule(graph);
    expect(dispatches.map(({ operator }) => operator)).toEqual(new Array(11).fill('fusedConv2d'));
    // One weight for the five 1x1 convolutions, and one of each parameter of their batch norms; once, not in every run.
    expect(constantDispatches.filter(({ operator }) => operator === 'stack')).toHaveLength(5);
  });
});

describe('PartialDecoder', () => {
  for (const [name, channels] of [
    ['agg_small', 4],
    ['agg_32', 32],
  ] as const) {
    itWithGolden<BlockSidecar>(
      `equals the golden ${name} in inference, fused and not`,
      `blocks/${name}`,
      async (golden) => {
        const decoder = new PartialDecoder(channels);
        const run = ({ x1, x2, x3 }: Readonly<Record<string, Tensor>>): readonly Tensor[] => [
          decoder.call(x1 as Tensor, x2 as Tensor, x3 as Tensor),
        ];
        const fused = await expectInference(context, decoder, run, golden);
        const plain = await expectInference(context, decoder, run, golden, { fusion: false });
        expectClose(fused.results['y0']?.data as Float32Array, plain.results['y0']?.data as Float32Array, {
          relL2: 1e-5,
        });
      },
    );
  }

  const shapes = { x1: [1, 4, 3, 5], x2: [1, 4, 6, 10], x3: [1, 4, 12, 20] } as const;

  it('is its 9 convolutions, 4 upsamplings and 2 products: no copy, no pass for batch norm', () => {
    const decoder = new PartialDecoder(4);
    const graph = trace(({ x1, x2, x3 }) => decoder.call(x1, x2, x3), shapes);
    const { dispatches } = schedule(graph);
    const count = (operator: string): number => dispatches.filter((dispatch) => dispatch.operator === operator).length;
    expect(count('interpolate')).toBe(4);
    expect(count('product')).toBe(2);
    expect(new Set(dispatches.map(({ operator }) => operator))).toEqual(
      new Set(['interpolate', 'product', 'fusedConv2d', 'conv2d']),
    );
  });

  it('says which map has the wrong size, and where', () => {
    class Net extends Module<readonly [x1: Tensor, x2: Tensor, x3: Tensor]> {
      readonly ParDec = new PartialDecoder(4);
      override forward(x1: Tensor, x2: Tensor, x3: Tensor): Tensor {
        return this.ParDec.call(x1, x2, x3);
      }
    }
    const net = new Net();
    const attempt = (): unknown => trace(({ x1, x2, x3 }) => net.call(x1, x2, x3), { ...shapes, x2: [1, 4, 5, 10] });
    expect(thrownBy(attempt)).toMatchObject({
      code: 'SHAPE_MISMATCH',
      message: expect.stringContaining('[1, 4, 6, 10] and [1, 4, 5, 10]'),
      where: 'ParDec',
    });
  });
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
