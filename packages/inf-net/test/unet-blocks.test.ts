/** The parts of the U-Net against the reference's: outputs, gradients of everything, running statistics. */
import { type Context, type Module, open, type Tensor } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import {
  type BlockFunction,
  type BlockSidecar,
  expectGradients,
  expectInference,
} from '../../conv-block/test/support/block-golden.js';
import { DoubleConv, Down, Up } from '../src/index.js';
import { specOf } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
  context.dispose();
});

interface Part {
  readonly module: Module<never, Tensor>;
  readonly traced: BlockFunction;
}

const single = (module: Module): Part => ({
  module: module as unknown as Module<never, Tensor>,
  traced: ({ x }) => [module.call(x as Tensor)],
});

/** The blocks of the goldens, as their sidecars' `torch` field constructs them. */
const PARTS: Readonly<Record<string, () => Part>> = {
  unet_double_conv: () => single(new DoubleConv(5, 8)),
  unet_down: () => single(new Down(5, 8)),
  unet_up: () => {
    const up = new Up(16, 4);
    return {
      module: up as unknown as Module<never, Tensor>,
      traced: ({ a, b }) => [up.call(a as Tensor, b as Tensor)],
    };
  },
};

for (const [name, make] of Object.entries(PARTS)) {
  describe(name, () => {
    itWithGolden<BlockSidecar>("has the reference's state dict, in its order", `blocks/${name}`, ({ json }) => {
      expect(specOf(make().module)).toEqual(Object.entries(json.params));
    });

    itWithGolden<BlockSidecar>(
      "gives the reference's output in inference, fused and not",
      `blocks/${name}`,
      async (golden) => {
        const { module, traced } = make();
        const fused = await expectInference(context, module, traced, golden);
        const plain = await expectInference(context, module, traced, golden, { fusion: false });
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
        const { module, traced } = make();
        const errors = await expectGradients(context, module, traced, golden, mode);
        expect(errors.outputs).toBeGreaterThan(0);
      });
    }
  });
}
