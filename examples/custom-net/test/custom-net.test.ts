import { assertMatches, matchStateDict, readCheckpoint, writeSafetensors } from '@infnet/checkpoint';
import { type Context, evaluate, open, ParameterStore, trace } from '@infnet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CustomNet } from '../src/net.js';
import { phantoms, training } from '../src/training.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

describe('a net of one’s own', () => {
  it('learns from phantoms in a few steps, and its checkpoint gives the same bits again', async () => {
    const net = new CustomNet(8);
    const data = phantoms(4, 32);
    const losses: number[] = [];
    const trainer = training(net, {
      epochs: 12,
      data,
      // The trainer disposes the context it opened, so it gets one of its own.
      open: () => open({ onMessage: () => {} }),
      onStep: ({ loss }) => void losses.push(loss),
    });
    const { state } = await trainer.run();
    expect(losses).toHaveLength(12);
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));

    const entries = [...state.parameters].map(([name, { shape, data }]) => ({
      name,
      shape,
      data: Float32Array.from(data),
    }));
    const file = writeSafetensors(entries);
    const { image } = await data.batch([{ index: 0, epoch: 0, seed: 0 }]);
    const input = { image: { shape: [1, 1, 32, 32], data: image as Float32Array } };
    const predict = async (values: Parameters<ParameterStore['load']>[0]) => {
      using parameters = new ParameterStore(context, net.eval());
      parameters.load(values);
      const { final } = await evaluate(context, ({ image }) => ({ ...net.call(image) }), input, { parameters });
      return final?.data;
    };
    const loaded = assertMatches(matchStateDict(entries, readCheckpoint(file)));
    expect(await predict(loaded)).toEqual(await predict(state.parameters));
  });

  it('names the module where shapes do not fit', () => {
    const net = new CustomNet(8);
    expect(() => trace(({ image }) => ({ ...net.call(image) }), { image: [1, 3, 32, 32] })).toThrow(
      /SHAPE_CHANNELS.*stem\.conv/s,
    );
    expect(() => trace(({ image }) => ({ ...net.call(image) }), { image: [1, 1, 34, 34] })).toThrow(/SHAPE_.*at .*up/s);
  });

  it('is said in under 80 lines', async () => {
    const source = (await import('../src/net.ts?raw' as string)) as { readonly default: string };
    expect(source.default.trimEnd().split('\n').length).toBeLessThan(80);
  });
});
