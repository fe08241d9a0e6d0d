/**
 * Inf-Net's forward on matrix units ("tensor cores", experimental), beside the same card without them.
 *
 *   node matrix.mjs [--size 352] [--quick]
 *
 * The last line is JSON: what the adapter multiplies, then for each batch and variant the median, the shortest and the longest time in
 * seconds, the relative L2 from `exact`, and how many dispatches ran on matrix units. Or `{ cannot }` with the reason.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { open, ParameterStore, preparePlan, trace } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { image, stateOf } from './recipe.mjs';
import { summary } from './table.mjs';

/**
 * @param {{ plain: import('@infnet/core').Context, flagged: import('@infnet/core').Context, size: number,
 *   batches: readonly number[], rounds: number }} options `flagged`: opened with matrix units
 */
export async function measure({ plain, flagged, size, batches, rounds }) {
  const net = new InfNet();
  const stores = new Map([plain, flagged].map((context) => [context, new ParameterStore(context, net)]));
  const state = stateOf(net.parameters());
  for (const store of stores.values()) store.load(state);
  const cases = [];
  for (const batch of batches) {
    const graph = trace((inputs) => ({ map: net.call(inputs.image).lateralMap2 }), { image: [batch, 3, size, size] });
    const inputs = { image: image('input', [batch, 3, size, size]) };
    const variants = {};
    const plans = {};
    let exact;
    for (const [name, context, precision] of [
      ['exact', plain, 'exact'],
      ['fast', plain, 'fast'],
      ['half', plain, 'half'],
      ['half on matrix units', flagged, 'half'],
    ]) {
      const said = [];
      const parameters = stores.get(context);
      const plan = await preparePlan(context, graph, { parameters, precision, onMessage: (line) => said.push(line) });
      const { map } = await plan.run(inputs);
      exact ??= map;
      const onMatrixUnits = plan.schedule.dispatches.filter(({ kernel }) => kernel.name === 'conv/gemm-matrix').length;
      variants[name] = {
        precision: plan.precision,
        said,
        onMatrixUnits,
        error: relativeDistance(map, exact),
        wall: [],
      };
      plans[name] = { plan, context };
    }
    for (let round = 0; round < rounds; round++)
      for (const [name, found] of Object.entries(plans)) variants[name].wall.push(await timed(found, inputs));
    for (const { plan } of Object.values(plans)) plan.dispose();
    for (const found of Object.values(variants)) found.wall = summary(found.wall);
    cases.push({ batch, size, variants });
  }
  for (const store of stores.values()) store.dispose();
  return { matrix: flagged.profile.subgroupMatrix, cases };
}

/** Seconds of a run on the device, without reading the result. */
async function timed({ plan, context }, inputs) {
  const begin = performance.now();
  await plan.run(inputs, { read: [] });
  await context.device.queue.onSubmittedWorkDone();
  return (performance.now() - begin) / 1e3;
}

function relativeDistance(actual, expected) {
  let [squares, norm] = [0, 0];
  for (const [i, value] of expected.entries()) {
    squares += (actual[i] - value) ** 2;
    norm += value ** 2;
  }
  return Math.sqrt(squares / norm);
}

/** What `measure` found, or why there was nothing to measure. */
export async function run({ size, quick }) {
  const said = [];
  const flagged = await open({ experimental: { subgroupMatrix: true }, onMessage: (line) => said.push(line) });
  try {
    if (flagged.profile.subgroupMatrix === undefined) return { cannot: said.at(-1) };
    const plain = await open({ experimental: {}, onMessage: () => {} });
    try {
      return await measure({ plain, flagged, size, batches: quick ? [1] : [1, 8], rounds: quick ? 2 : 15 });
    } finally {
      plain.dispose();
    }
  } finally {
    flagged.dispose();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { size: { type: 'string', default: '352' }, quick: { type: 'boolean', default: false } },
  });
  console.log(JSON.stringify(await run({ size: Number(values.size), quick: values.quick })));
}
