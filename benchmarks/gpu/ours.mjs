/**
 * infnet as a process that answers one JSON line with one JSON line (peer.mjs has the other end): load, prepare, sample, device,
 * release. Weights and inputs follow the recipe, as torch_peer.py's do, so that results can be compared.
 */

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { open, ParameterStore, preparePlan, trace } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { Adam, clampGradients, infNetLoss, trainingStep } from '@infnet/trainer';
import { discMasks, image, stateOf } from './recipe.mjs';

const LEARNING_RATE = 1e-4;
/** Runs handed to the device one behind the other, for its own time without waiting for results. */
const BACK_TO_BACK = 8;

let context;
/** The recipe's values, made once: they are the same for every plan. */
let state;
const running = new Map();

/** What a variant's name says about its plan. */
function planOptions(variant) {
  if (variant === 'infnet-exact') return { precision: 'exact' };
  if (variant !== 'infnet-tuned') return { precision: 'fast' };
  const { choices } = JSON.parse(readFileSync(process.env.INFNET_TUNING, 'utf8'));
  return { precision: 'fast', tuning: choices };
}

function stateFor(net) {
  state ??= stateOf(net.parameters());
  return state;
}

async function prepareForward(variant, { batch, size }) {
  const net = new InfNet();
  const store = new ParameterStore(context, net);
  store.load(stateFor(net));
  const graph = trace((inputs) => ({ map: net.call(inputs.image).lateralMap2 }), { image: [batch, 3, size, size] });
  const plan = await preparePlan(context, graph, { parameters: store, ...planOptions(variant) });
  const inputs = { image: image('input', [batch, 3, size, size]) };
  const results = (await plan.run(inputs)).map;
  return {
    results,
    memory: plan.memory.total,
    run: () => plan.run(inputs),
    device: async () => {
      const begin = performance.now();
      for (let i = 0; i < BACK_TO_BACK; i++) await plan.run(inputs, { read: [] });
      await context.device.queue.onSubmittedWorkDone();
      return (performance.now() - begin) / 1e3 / BACK_TO_BACK;
    },
    release: () => [plan, store],
  };
}

async function prepareStep(variant, { batch, size }) {
  const net = new InfNet();
  net.train();
  const store = new ParameterStore(context, net);
  store.load(stateFor(net));
  const optimizer = new Adam(store);
  const step = await trainingStep(context, {
    net,
    optimizer,
    clip: clampGradients(0.5),
    inputs: { image: [batch, 3, size, size], mask: [batch, 1, size, size] },
    loss: (inputs) => infNetLoss(net.call(inputs.image), { mask: inputs.mask }),
    ...planOptions(variant),
  });
  const inputs = { image: image('input', [batch, 3, size, size]), mask: discMasks(batch, size) };
  const run = async () => (await step.run(inputs, { learningRate: LEARNING_RATE })).loss;
  return {
    // The first step's alone: with batch norm over small maps, rounding grows tenfold and more from step to step.
    results: [await run()],
    memory: step.memory.total,
    run,
    device: async () => (await step.profile(inputs, { learningRate: LEARNING_RATE })).seconds,
    release: () => [step, optimizer, store],
  };
}

async function timed(run) {
  const begin = performance.now();
  await run();
  return (performance.now() - begin) / 1e3;
}

const answers = {
  async load() {
    context = await open({ onMessage: () => {} });
    return { description: context.adapter.message };
  },
  async prepare({ variant, workload }) {
    const begin = performance.now();
    const made = await (workload.kind === 'step' ? prepareStep(variant, workload) : prepareForward(variant, workload));
    running.set(variant, made);
    return { first: (performance.now() - begin) / 1e3, memory: made.memory, results: Array.from(made.results) };
  },
  sample: async ({ variant }) => ({ wall: await timed(running.get(variant).run) }),
  device: async ({ variant }) => ({ device: await running.get(variant).device() }),
  async release() {
    for (const { release } of running.values()) for (const owned of release()) owned.dispose();
    running.clear();
    return {};
  },
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...request } = JSON.parse(line);
  try {
    say({ ok: true, ...(await answers[op](request)) });
  } catch (error) {
    say({ ok: false, error: error instanceof Error ? error.message : String(error) });
  }
}
process.exit();
