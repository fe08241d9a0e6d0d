import { type Context, evaluate, type HostTensor, type Module, open, ParameterStore, type Tensor } from '@infnet/core';
import { expectClose, itWithGolden } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { DoubleConv, Down, Up } from '../src/index.js';
import { type BlockSidecar, recipeState, specOf } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** The blocks of the goldens, as their sidecars' `torch` field constructs them. */
const BLOCKS: Readonly<Record<string, () => Module<readonly never[], Tensor>>> = {
  unet_double_conv: () => new DoubleConv(5, 8) as never,
  unet_down: () => new Down(5, 8) as never,
  unet_up: () => new Up(16, 4) as never,
};

describe('the parts of the U-Net', () => {
  for (const [name, make] of Object.entries(BLOCKS)) {
    itWithGolden<BlockSidecar>(`${name} has the reference's state dict`, `blocks/${name}`, ({ json }) => {
      expect(specOf(make())).toEqual(Object.entries(json.params));
    });

    for (const fusion of [true, false]) {
      const how = fusion ? 'fused' : 'operator by operator';
      itWithGolden<BlockSidecar>(`${name} gives the reference's output, ${how}`, `blocks/${name}`, async (golden) => {
        const { json } = golden;
        const module = make() as unknown as Module<readonly Tensor[], Tensor>;
        using parameters = new ParameterStore(context, module);
        parameters.load(recipeState(module, json.name_prefix, json.gain));
        const names = Object.keys(json.inputs);
        const inputs = Object.fromEntries(
          names.map((input) => [input, { shape: golden.shape(input), data: golden.f32(input) } satisfies HostTensor]),
        );
        const forward = (tensors: Readonly<Record<string, Tensor>>): Tensor => module.call(...names.map((input) => tensors[input] as Tensor));
        const { output } = await evaluate(context, forward, inputs, { parameters, fusion });
        expect(output?.shape).toEqual(golden.shape('eval/y0'));
        expectClose(output?.data ?? [], golden.f32('eval/y0'), { relL2: 2e-5 }, name);
      });
    }
  }
});
