/**
 * Training steps and other plans on the same parameters, none awaited: computed in the order of the calls, with the
 * inputs of the calls.
 */
import { assertMatches, matchStateDict, readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { type Context, open, ParameterStore, preparePlan, trace } from '@infnet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Adam, trainingStep } from '../src/index.js';
import { discs, lossOf, SIZE, SmallNet } from './support/small.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

const inputs = { image: [2, 1, SIZE, SIZE], mask: [2, 1, SIZE, SIZE] };
type Batch = Record<'image' | 'mask', Float32Array>;
const batchOf = (first: number): Batch =>
  discs(6).batch([first, first + 1].map((index) => ({ index, epoch: 0, seed: 0 }))) as Batch;

/** Three steps, an inference, parameters and moments after each of them. */
async function train(together: boolean, maxSubmitSeconds: number) {
  const net = new SmallNet();
  using store = new ParameterStore(context, net);
  store.initialize(3);
  using optimizer = new Adam(store);
  using step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net), maxSubmitSeconds });
  const forward = trace(({ image }) => ({ y: net.call(image) }), { image: inputs.image });
  using plan = await preparePlan(context, forward, { parameters: store });
  const onProgress = maxSubmitSeconds < 1 ? { onProgress: () => {} } : {};
  const image = batchOf(0).image.slice();
  // One set of arrays, filled again for every step.
  const reused: Batch = { image: new Float32Array(image.length), mask: new Float32Array(image.length) };
  const options = { learningRate: 0.02 };
  const all: Promise<unknown>[] = [];
  for (let i = 0; i < 3; i++) {
    const { image: pixels, mask } = batchOf(2 * (i % 2));
    reused.image.set(pixels);
    reused.mask.set(mask);
    options.learningRate = 0.02 / (i + 1);
    const of = [
      step.run(reused, { ...options, ...onProgress }).then(({ loss }) => loss),
      plan.run({ image }),
      store.read(),
      optimizer.state(),
    ];
    if (!together) for (const each of of) await each;
    all.push(...of);
  }
  reused.image.fill(Number.NaN);
  return { results: await Promise.all(all), steps: optimizer.steps };
}

describe('steps that are not awaited', () => {
  it.each([
    ['submitted whole', 10],
    ['part by part', 1e-9],
  ])('give the bits of steps that are: %s', async (_, seconds) => {
    const [together, apart] = [await train(true, seconds), await train(false, seconds)];
    expect(together).toEqual(apart);
    expect(together.steps).toBe(3);
    expect(together.results.filter((result) => typeof result === 'number')).toHaveLength(3);
  });

  it('and profiled ones give the bits of those that are awaited', async () => {
    if (!context.device.features.has('timestamp-query')) return;
    const values = async (together: boolean) => {
      const net = new SmallNet();
      using store = new ParameterStore(context, net);
      store.initialize(3);
      using optimizer = new Adam(store);
      using step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net) });
      const reused = batchOf(0);
      const call = async (run: Promise<unknown>): Promise<void> => {
        if (!together) await run;
      };
      await call(step.run(reused, { learningRate: 0.02 }));
      await call(step.profile(reused, { learningRate: 0.02 }));
      const last = step.run(reused, { learningRate: 0.02 });
      reused.image.fill(Number.NaN);
      await last;
      return store.read();
    };
    expect(await values(true)).toEqual(await values(false));
  });

  it('fail by themselves: the next one goes on', async () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    using optimizer = new Adam(store);
    using step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net) });
    await expect(step.run(batchOf(0), { learningRate: 0.02 })).rejects.toThrow(/PARAMETER_UNINITIALIZED/);
    store.initialize(1);
    const runs = [
      step.run(batchOf(0), { learningRate: 0.02 }),
      step.run({ image: new Float32Array(3) }, { learningRate: 0.02 }),
      step.run(batchOf(0), { learningRate: 0.02 }),
    ];
    const outcomes = await Promise.allSettled(runs);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(optimizer.steps).toBe(2);
  });
});

it('what assertMatches gives is what load takes', async () => {
  const net = new SmallNet();
  using store = new ParameterStore(context, net);
  store.initialize(4);
  const values = await store.read();
  const tensors = [...values].map(([name, { shape, data }]) => ({ name, shape, data }));
  const checkpoint = readSafetensors(writeSafetensors(tensors));
  const optional = (name: string): boolean => name.endsWith('num_batches_tracked');
  using other = new ParameterStore(context, new SmallNet());
  // Compiles, and runs: the types of the two packages fit.
  other.load(assertMatches(matchStateDict(net.stateDictSpec(), checkpoint, { optional })));
  expect(await other.read()).toEqual(values);
});
