/**
 * Slices through a net whose devices are lost on the way: each gets the answer that it gets from a device that stays.
 */
import { Conv2d } from '@infnet/conv';
import { type Context, open, ParameterStore } from '@infnet/core';
import { phantomSlice } from '@infnet/data';
import { sigmoid } from '@infnet/nn';
import { bce } from '@infnet/trainer';
import { describe, expect, it } from 'vitest';
import { defineTask, inputNamed, openNetwork, SharedContext } from '../src/index.js';

const SIZE = 16;
const task = defineTask({
  name: 'lost',
  classes: [
    { name: 'background', colour: [0, 0, 0] },
    { name: 'infection', colour: [240, 72, 40] },
  ],
  net: () => new Conv2d(3, 1, 3, { padding: 1 }),
  logits: (net, inputs) => net.call(inputNamed(inputs, 'image')),
  loss: (net, batch) => bce(sigmoid(net.call(inputNamed(batch, 'image'))), inputNamed(batch, 'mask')),
});
const slices = Array.from({ length: 6 }, (_, i) => ({ image: phantomSlice(i, { width: 64, height: 70 }).image }));

/** Logits of all slices; `lose` is asked after each slice and life whether its device is lost then. */
async function answers(lose: (slice: number, life: number) => boolean): Promise<{ all: number[][]; lives: number }> {
  const contexts: Context[] = [];
  const again: boolean[] = [];
  using shared = new SharedContext(async (isAgain) => {
    again.push(isAgain);
    contexts.push(await open({ onMessage: () => {} }));
    return contexts.at(-1) as Context;
  });
  const net = task.net({});
  const first = new ParameterStore(await shared.open(), net.module);
  first.initialize(7);
  const state = await first.read();
  const network = await openNetwork(shared, { net, state }, { size: SIZE, batch: 2 });
  const all: number[][] = [];
  for await (const { item, logits } of network.each(slices, (slice) => ({ slice }), { size: SIZE, batch: 2 })) {
    expect(item.slice).toBe(slices[all.length]);
    all.push([...logits]);
    if (lose(all.length, contexts.length)) contexts.at(-1)?.device.destroy();
  }
  expect(again).toEqual(again.map((_, i) => i > 0));
  expect(shared.last).toBe(contexts.at(-1));
  return { all, lives: contexts.length };
}

describe('a net whose device is lost', () => {
  it('is put on another one, and the batch is repeated, with the same bits', async () => {
    const whole = await answers(() => false);
    const lost = await answers((slice) => slice === 1 || slice === 4);
    expect(lost.lives).toBe(3);
    expect(lost.all).toEqual(whole.all);
  });

  it('is given up where there is no other', async () => {
    let opened = 0;
    using shared = new SharedContext(async () => {
      const context = await open({ onMessage: () => {} });
      if (++opened > 1) context.device.destroy();
      return context;
    });
    const used = shared.use(async (context) => {
      context.device.destroy();
      await context.device.lost;
      context.assertAlive('a test');
    });
    await expect(used).rejects.toThrow(/CONTEXT_LOST/);
    expect(opened).toBe(3);
  });
});
