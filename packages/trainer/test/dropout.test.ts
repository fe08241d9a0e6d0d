/** A training with dropout: what it draws follows from seed, step and batch, so that nothing of it is ever lost. */
import { Conv2d } from '@infnet/conv';
import { type Context, Module, open, ParameterStore, type StateDict, type Tensor } from '@infnet/core';
import { Dropout, Dropout2d, DropPath, mean, mul, relu } from '@infnet/nn';
import { fill } from '@infnet/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  Adam,
  decodeTrainerState,
  encodeTrainerState,
  type OptimizerState,
  Trainer,
  type TrainerState,
  type TrainingStepOptions,
  trainingStep,
} from '../src/index.js';
import { lossOf, type SmallNet, smallTraining, useSharedContext } from './support/small.js';

useSharedContext();

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => {
  context.dispose();
  expect(context.memory).toMatchObject({ bytes: 0, buffers: 0 });
});

class Net extends Module {
  readonly first: Conv2d = new Conv2d(1, 6, 3, { padding: 1 });
  readonly drop: Dropout2d = new Dropout2d(0.3);
  readonly second: Conv2d = new Conv2d(6, 6, 1);
  readonly branch: DropPath = new DropPath(0.3);
  readonly values: Dropout = new Dropout(0.2);
  readonly head: Conv2d = new Conv2d(6, 1, 1);

  override forward(x: Tensor): Tensor {
    const y = this.drop.call(relu(this.first.call(x)));
    const z = this.values.call(relu(this.branch.call(this.second.call(y))));
    return this.head.call(this.values.call(z));
  }
}

const shape = [3, 1, 6, 6];
const image = fill('dropout', 108, 1);

interface Run {
  readonly losses: readonly number[];
  readonly values: StateDict;
  readonly optimizer: OptimizerState;
}

async function train(
  steps: number,
  options: Partial<TrainingStepOptions<'x'>> = {},
  from?: Pick<Run, 'values' | 'optimizer'>,
): Promise<Run> {
  const net = new Net();
  using store = new ParameterStore(context, net);
  using optimizer = new Adam(store);
  if (from === undefined) store.initialize(1);
  else {
    store.load(from.values);
    optimizer.load(from.optimizer);
  }
  const loss = ({ x }: { readonly x: Tensor }) => {
    const y = net.call(x);
    return mean(mul(y, y));
  };
  using step = await trainingStep(context, { net, optimizer, inputs: { x: shape }, loss, ...options });
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await step.run({ x: image }, { learningRate: 0.01 })).loss);
  return { losses, values: await store.read(), optimizer: await optimizer.state() };
}

it('goes on from a state with the same bits', async () => {
  const whole = await train(4);
  const half = await train(2);
  const rest = await train(2, {}, half);
  expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
  expect(rest.values).toEqual(whole.values);
  expect(new Set(whole.losses).size).toBe(4);
});

it('draws the same mask again where maps are computed again', async () => {
  expect(await train(3, { recompute: (path) => path.split('.')[0] })).toEqual(await train(3));
});

it('draws otherwise with another seed', async () => {
  const [a, b, c] = [await train(2, { seed: 5 }), await train(2, { seed: 5 }), await train(2, { seed: 6 })];
  expect(b.losses).toEqual(a.losses);
  expect(c.losses).not.toEqual(a.losses);
  await expect(train(1, { seed: 0.5 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

it('draws anew for each batch of a step, and for each call of a module', async () => {
  const net = new Dropout(0.5);
  const weight = new Conv2d(1, 1, 1);
  class Both extends Module {
    readonly weight: Conv2d = weight;
    readonly net: Dropout = net;
    override forward(x: Tensor): Tensor {
      return this.weight.call(x);
    }
  }
  const both = new Both();
  using store = new ParameterStore(context, both);
  store.initialize(1);
  using optimizer = new Adam(store);
  using step = await trainingStep(context, {
    net: both,
    optimizer,
    accumulate: true,
    inputs: { x: shape },
    loss: ({ x }) => ({ loss: mean(both.call(x)), outputs: { a: net.call(x), b: net.call(x) } }),
  });
  const found: string[] = [];
  for (const index of [0, 1, 0, 1]) {
    const batch = { index, of: 2 };
    const { outputs } = await step.run({ x: image }, { learningRate: 0.01, batch, read: ['a', 'b'] });
    found.push(String(outputs['a']), String(outputs['b']));
  }
  expect(new Set(found).size).toBe(8);
});

it('goes on in a trainer with the same bits, from the middle of an epoch', async () => {
  const options = () => {
    const net = new Net();
    return { ...smallTraining(), net, loss: lossOf(net as unknown as SmallNet) };
  };
  const whole = (await new Trainer(options()).run()).state;
  const stop = new AbortController();
  const onStep = ({ step }: { readonly step: number }) => (step === 4 ? stop.abort() : undefined);
  const half = (await new Trainer({ ...options(), onStep }).run({ signal: stop.signal })).state;
  const saved: TrainerState = decodeTrainerState(encodeTrainerState(half));
  const rest = (await new Trainer({ ...options(), resume: saved }).run()).state;
  expect(rest.parameters).toEqual(whole.parameters);
  expect(rest.optimizer).toEqual(whole.optimizer);
});
