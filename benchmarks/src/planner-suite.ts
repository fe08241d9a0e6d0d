/**
 * `npm run bench -- --planner`: what planning costs, by the number of nodes. Chains of layers as small as can be,
 * because nothing is to run; CPU time, because a machine may be busy.
 */
import {
  type Context,
  gradients,
  Module,
  open,
  Parameter,
  ParameterStore,
  preparePlan,
  type Tensor,
  trace,
} from '@infnet/core';
import { mean, mul, relu, sigmoid } from '@infnet/nn';
import { Adam, trainingStep } from '@infnet/trainer';
import { leave, type Suite } from './suite.js';
import { left, right } from './text.js';

const SIZES = [5000, 20000] as const;
const inputs = { x: [1, 4, 2, 2] };

/** A factor for each channel, again and again. */
class Factors extends Module {
  readonly factors: readonly Parameter[];

  constructor(length: number) {
    super();
    const init = { kind: 'constant', value: 1 } as const;
    this.factors = Array.from({ length }, () => new Parameter([1, 4, 1, 1], { init }));
  }

  override forward(x: Tensor): Tensor {
    return this.factors.reduce<Tensor>((value, factor) => mul(value, factor), x);
  }
}

const chain = (x: Tensor, nodes: number): Tensor => {
  let y = x;
  for (let i = 0; i < nodes; i++) y = i % 2 === 0 ? sigmoid(y) : relu(y);
  return y;
};

/** Traces, schedules and prepares. */
const CASES: Readonly<Record<string, (context: Context, nodes: number) => Promise<Disposable>>> = {
  forward: (context, nodes) =>
    preparePlan(
      context,
      trace(({ x }) => chain(x, nodes), inputs),
    ),
  gradients: (context, nodes) => {
    const graph = trace(({ x }) => gradients(mean(chain(x, nodes)), [x])[0] as Tensor, inputs);
    return preparePlan(context, graph);
  },
  'training step with Adam': async (context, nodes) => {
    const net = new Factors(nodes);
    const parameters = new ParameterStore(context, net);
    parameters.initialize(1);
    const optimizer = new Adam(parameters);
    const step = await trainingStep(context, { net, optimizer, inputs, loss: ({ x }) => mean(net.call(x)) });
    return {
      [Symbol.dispose]() {
        for (const made of [step, optimizer, parameters]) made.dispose();
      },
    };
  },
};

/**
 * Seconds of CPU time. On a device of its own: drivers free the memory of tens of thousands of buffers late, and
 * llvmpipe ends a process that has too many of them.
 */
async function measure(
  prepare: (context: Context, nodes: number) => Promise<Disposable>,
  nodes: number,
): Promise<number> {
  const context = await open({ onMessage: () => {} });
  try {
    // Kernels are compiled, and code is warm.
    (await prepare(context, 100))[Symbol.dispose]();
    const before = process.cpuUsage();
    const plan = await prepare(context, nodes);
    const { user, system } = process.cpuUsage(before);
    plan[Symbol.dispose]();
    return (user + system) / 1e6;
  } finally {
    context.dispose();
  }
}

export const plannerSuite: Suite = async (context, options) => {
  const figures: Record<string, readonly number[]> = {};
  for (const [name, prepare] of Object.entries(CASES)) {
    const seconds: number[] = [];
    for (const nodes of SIZES) seconds.push(await measure(prepare, nodes));
    figures[name] = seconds;
  }
  const rows = Object.entries(figures).map(([name, seconds]) => {
    const [small = 0, large = 0] = seconds;
    return [name, ...seconds.map((each) => each.toFixed(2)), (large / small).toFixed(1)];
  });
  const columns = [left(''), ...SIZES.map((nodes) => right(`${nodes} nodes`)), right('growth')];
  const title = 'Trace, schedule and prepare a chain: seconds of CPU time';
  await leave(context, options, 'planner', { nodes: SIZES, seconds: figures }, [
    { title, blocks: [{ kind: 'table', columns, rows }] },
  ]);
};
