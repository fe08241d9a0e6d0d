/** A training step is traced with work in line with its layers, and its walks need no stack. */
import { type Context, Module, open, Parameter, ParameterStore, schedule, type Tensor } from '@infnet/core';
import { mean, mul } from '@infnet/nn';
import { workOf } from '@infnet/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Adam, SGD, traceStep } from '../src/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

/** Every layer has a factor for each channel, and a running value that each step moves. */
class Chain extends Module {
  readonly factors: readonly Parameter[];
  readonly running: readonly Parameter[];

  constructor(length: number) {
    super();
    const init = { kind: 'constant', value: 1 } as const;
    this.factors = Array.from({ length }, () => new Parameter([1, 4, 1, 1], { init }));
    this.running = Array.from({ length }, () => new Parameter([1, 4, 1, 1], { role: 'buffer', init }));
  }

  override forward(x: Tensor): Tensor {
    return this.factors.reduce((value, factor, i) => {
      const running = this.running[i] as Parameter;
      x.graph.update(running, mul(x.graph.parameter(running), factor));
      return mul(value, factor);
    }, x);
  }
}

const SMALL = 50;
const TIMES = 4;

it.each([false, true])('with Adam, recompute %s', (again) => {
  schedule(trace(4, again));
  const work = [SMALL, TIMES * SMALL].map((length) => {
    const options = prepare(length, again);
    return workOf(() => void schedule(traceStep(options).graph));
  });
  const [small, large] = work as [number, number];
  expect(large / small).toBeLessThan(1.15 * TIMES);
});

it('computes a block of thousands of layers again', () => {
  const { nodes } = trace(3000, true, (store) => new SGD(store));
  expect(nodes.filter(({ scope }) => scope.endsWith('(again)')).length).toBeGreaterThan(2900);
});

type Optimizers = (store: ParameterStore) => Adam | SGD;

function prepare(length: number, again: boolean, optimizerOf: Optimizers = (store) => new Adam(store)) {
  const net = new Chain(length);
  const optimizer = optimizerOf(new ParameterStore(context, net));
  const loss = ({ x }: { readonly x: Tensor }): Tensor => mean(net.call(x));
  const recompute = again && (() => 'all');
  return { net, optimizer, loss, recompute, inputs: { x: [1, 4, 2, 2] } };
}

function trace(...given: Parameters<typeof prepare>): ReturnType<typeof traceStep>['graph'] {
  return traceStep(prepare(...given)).graph;
}
