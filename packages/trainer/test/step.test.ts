/** A training step as a plan: modes, freezing, running statistics, scales, what it costs, what it refuses. */

import { type Context, Module, open, ParameterStore, preparePlan, schedule, type Tensor, trace } from '@infnet/core';
import { BatchNorm2d, relu } from '@infnet/nn';
import { expectClose } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Adam,
  type AdamOptions,
  bceWithLogits,
  SGD,
  type TrainingStepOptions,
  traceStep,
  trainingStep,
} from '../src/index.js';
import { CONTROL_SIZE } from '../src/optimizer/records.js';
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
const batchOf = (...indices: number[]) => {
  const items = indices.map((index) => ({ index, epoch: 0, seed: 0 }));
  return discs(6).batch(items) as Record<string, Float32Array>;
};

type Values = Map<string, Float32Array>;
const valuesOf = async (store: ParameterStore): Promise<Values> =>
  new Map([...(await store.read())].map(([name, { data }]) => [name, data]));

/** Values before and after some steps. */
async function train(
  options: Partial<TrainingStepOptions> & { readonly adam?: AdamOptions } = {},
  steps = 1,
): Promise<{ readonly before: Values; readonly after: Values; readonly losses: number[] }> {
  const net = new SmallNet();
  using store = new ParameterStore(context, net);
  store.initialize(3);
  const { adam, ...more } = options;
  using optimizer = new Adam(store, adam);
  using step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net), ...more });
  expect(net.modules().some(({ training }) => training)).toBe(false);
  const before = await valuesOf(store);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    losses.push((await step.run(batchOf(0, 1), { learningRate: 0.02 })).loss);
  }
  return { before, after: await valuesOf(store), losses };
}

const changed = ({ before, after }: { readonly before: Values; readonly after: Values }): string[] =>
  [...before.keys()].filter((name) => String(before.get(name)) !== String(after.get(name)));

describe('a training step', () => {
  it('moves every parameter and the running statistics, and lowers the loss', async () => {
    const result = await train({}, 5);
    expect(changed(result)).toEqual([...result.before.keys()]);
    expect(result.losses[4]).toBeLessThan(result.losses[0] as number);
  });

  it('moves running statistics as the batch norm itself does', async () => {
    const { before, after } = await train();
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    const entries = net.parameters().map(({ name, shape }) => [name, { shape, data: before.get(name) ?? [] }] as const);
    store.load(new Map(entries));
    net.train();
    const graph = trace(({ image }) => net.call(image), { image: inputs.image });
    net.eval();
    using plan = await preparePlan(context, graph, { parameters: store });
    await plan.run({ image: batchOf(0, 1)['image'] as Float32Array });
    const alone = await valuesOf(store);
    for (const name of ['bn.running_mean', 'bn.running_var']) {
      expect(after.get(name)).toEqual(alone.get(name));
      expect(after.get(name)).not.toEqual(before.get(name));
    }
  });

  it('leaves running statistics alone where batch norm is frozen, and still trains its weights', async () => {
    for (const frozenBatchNorm of [true, (path: string) => path === 'bn']) {
      const result = await train({ frozenBatchNorm });
      expect(changed(result)).toEqual([...result.before.keys()].filter((name) => !name.includes('running')));
    }
  });

  it('computes no gradient for frozen parameters', async () => {
    const adam = { settings: (name: string) => ({ frozen: name.startsWith('first') }) };
    const result = await train({ adam });
    expect(changed(result)).not.toContain('first.weight');
    expect(changed(result)).toContain('second.weight');
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    const countOf = (options: AdamOptions): number => {
      using optimizer = new Adam(store, options);
      const { graph } = traceStep({ net, optimizer, inputs, loss: lossOf(net) });
      return schedule(graph).nodes.filter(({ operator }) => operator.name === 'conv2dWeightGradient').length;
    };
    expect([countOf({}), countOf(adam)]).toEqual([2, 1]);
  });

  it('ignores parameters that the loss does not reach', async () => {
    class Half extends Module {
      readonly used: SmallNet = new SmallNet();
      readonly unused: SmallNet = new SmallNet();
      override forward(x: Tensor): Tensor {
        this.unused.call(x);
        return this.used.call(x);
      }
    }
    const net = new Half();
    using store = new ParameterStore(context, net);
    store.initialize(1);
    using optimizer = new Adam(store, { weightDecay: 0.1 });
    const loss = ({ image, mask }: Readonly<Record<string, Tensor>>): Tensor =>
      bceWithLogits(net.call(image as Tensor), mask as Tensor);
    using step = await trainingStep(context, { net, optimizer, inputs, loss });
    const before = await valuesOf(store);
    await step.run(batchOf(2, 3), { learningRate: 0.1 });
    const moved = changed({ before, after: await valuesOf(store) }).filter((name) => name.startsWith('unused'));
    // Its batch norm did see the batch.
    expect(moved).toEqual(['unused.bn.running_mean', 'unused.bn.running_var']);
  });

  it('resizes images and masks to another scale, with aligned corners', async () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    store.initialize(3);
    using optimizer = new SGD(store);
    const options = { net, optimizer, inputs, loss: lossOf(net), size: [8, 24] as const };
    using step = await trainingStep(context, options);
    const { outputs } = await step.run(batchOf(0, 1), { learningRate: 0, read: ['logits'] });
    expect(outputs['logits']).toHaveLength(2 * 8 * 24);
    const resized = traceStep(options).graph.nodes.filter(({ operator }) => operator.name === 'interpolate');
    expect(resized.map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({ size: [8, 24], alignCorners: true }),
      expect.objectContaining({ size: [8, 24], alignCorners: true }),
    ]);
  });

  it('gives gradients on request, which are those that move the parameters', async () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    store.initialize(3);
    using optimizer = new SGD(store);
    const options = { net, optimizer, inputs, loss: lossOf(net), keepGradients: true };
    using step = await trainingStep(context, options);
    const before = await valuesOf(store);
    const report = await step.run(batchOf(0, 1), { learningRate: 0.5, read: step.gradientOutputs });
    const gradients = step.gradientsOf(report.outputs);
    expect([...gradients.keys()].sort()).toEqual([...step.parameters].sort());
    let squares = 0;
    for (const [name, data] of await valuesOf(store)) {
      const gradient = gradients.get(name);
      if (gradient === undefined) continue;
      const expected = (before.get(name) as Float32Array).map((value, i) => value - 0.5 * (gradient[i] as number));
      expectClose(data, expected, { maxAbs: 1e-6 }, name);
      squares += gradient.reduce((sum, value) => sum + value * value, 0);
    }
    expectClose([report.gradientNorm], [Math.sqrt(squares)], { relL2: 1e-5 }, 'norm');
    const [largest] = report.gradients();
    expect(largest?.largest).toBe(report.largestGradient);
    expectClose(
      [largest?.norm as number],
      [Math.sqrt((gradients.get(largest?.name as string) as Float32Array).reduce((s, v) => s + v * v, 0))],
      { relL2: 1e-5 },
      'norm of the largest',
    );
  });

  it('updates all parameters, all running statistics with one dispatch each, and copies nothing', () => {
    class Stack extends Module {
      readonly layers: readonly BatchNorm2d[] = Array.from({ length: 12 }, () => new BatchNorm2d(3));
      override forward(x: Tensor): Tensor {
        return this.layers.reduce((value, layer) => relu(layer.call(value)), x);
      }
    }
    const net = new Stack();
    using store = new ParameterStore(context, net);
    using optimizer = new Adam(store);
    const { graph } = traceStep({
      net,
      optimizer,
      inputs: { x: [2, 3, 4, 4] },
      loss: ({ x }) => bceWithLogits(net.call(x), x),
    });
    const { dispatches } = schedule(graph);
    const count = (kernel: string): number => dispatches.filter(({ kernel: { name } }) => name === kernel).length;
    // Weights and biases, means and variances: two lines each, because one kernel makes both.
    expect(count('trainer/adam')).toBe(2);
    expect(count('trainer/store-values')).toBe(2);
    expect(dispatches.filter(({ operator }) => operator === 'update')).toHaveLength(0);
    // But for the record of what was decided, which goes into the report.
    const copies = dispatches.filter(({ operator, bytes }) => operator === 'joinFlat' && bytes > 8 * CONTROL_SIZE);
    expect(copies).toHaveLength(0);
  });

  it('refuses what cannot be trained', () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    using optimizer = new SGD(store);
    const traced = (loss: (inputs: Readonly<Record<string, Tensor>>) => Tensor) => () =>
      traceStep({ net, optimizer, inputs, loss });
    expect(traced(({ image }) => net.call(image as Tensor))).toThrow(/TRAINING_LOSS.*\[2, 1, 16, 16\]/);
    expect(traced(({ image, mask }) => bceWithLogits(image as Tensor, mask as Tensor))).toThrow(/TRAINING_NO_GRADIENT/);
    expect(net.modules().some(({ training }) => training)).toBe(false);
  });

  it('can be timed, dispatch by dispatch', async () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    store.initialize(3);
    using optimizer = new Adam(store);
    using step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net) });
    const profile = await step.profile(batchOf(0, 1), { learningRate: 0.02 });
    expect(profile.entries.length).toBe(step.plan.schedule.dispatches.length);
    expect(profile.group('kernel').map(({ name }) => name)).toContain('trainer/adam');
    expect(optimizer.steps).toBe(0);
  });

  it('takes one batch per step unless it accumulates', async () => {
    const net = new SmallNet();
    using store = new ParameterStore(context, net);
    store.initialize(3);
    using optimizer = new SGD(store);
    using step = await trainingStep(context, { net, optimizer, inputs, loss: lossOf(net) });
    const run = (index: number, of: number) => step.run(batchOf(0, 1), { learningRate: 1, batch: { index, of } });
    await expect(run(0, 2)).rejects.toThrow(/TRAINING_BATCH.*accumulate/s);
    await expect(run(1, 1)).rejects.toThrow(/TRAINING_BATCH/);
    expect(optimizer.steps).toBe(0);
  });
});
