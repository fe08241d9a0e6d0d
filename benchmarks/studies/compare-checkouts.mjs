/**
 * Two checkouts of this repository, old and new, by turns: CPU time per core and wall clock of Inf-Net's forward and of
 * a training step of Res2Net-50 (forward, all gradients, Adam). Both must be built.
 *
 *   node benchmarks/studies/compare-checkouts.mjs OLD NEW [--size 352] [--batch 1] [--step] [--rounds 3] [--runs 6]
 *
 * Each round starts one process for each checkout; the first run of a process compiles and does not count. The adapter
 * is that of INFNET_ADAPTER.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { median, readArguments, timed } from './tools.mjs';

const defaults = { size: '352', batch: '1', step: false, rounds: '3', runs: '6', child: false };
const { values, positionals } = readArguments(
  import.meta.url,
  defaults,
  ({ child }, { length }) => length === (child ? 1 : 2),
);
const [size, batch, rounds, runs] = [values.size, values.batch, values.rounds, values.runs].map(Number);

if (values.child) await measure(positionals[0]);
else compare();

/** In a process of its own: prints [CPU seconds per core, wall seconds] of every run. */
async function measure(checkout) {
  const load = (name) => import(pathToFileURL(join(checkout, 'packages', name, 'dist', 'index.js')).href);
  const [core, nn, { InfNet }, { res2net50 }, { Adam, trainingStep }] = await Promise.all(
    ['core', 'nn', 'inf-net', 'res2net', 'trainer'].map(load),
  );
  const context = await core.open({ onMessage: () => {} });
  const shape = [batch, 3, size, size];
  const net = values.step ? res2net50({ classes: 0 }) : new InfNet();
  const parameters = new core.ParameterStore(context, net);
  parameters.initialize(1);
  const image = Float32Array.from({ length: batch * 3 * size * size }, (_, i) => Math.sin(i));
  let run;
  if (values.step) {
    const square = (map) => nn.mean(nn.mul(map, map));
    const loss = ({ image }) =>
      Object.values(net.call(image))
        .map(square)
        .reduce((a, b) => nn.add(a, b));
    const step = await trainingStep(context, { net, optimizer: new Adam(parameters), inputs: { image: shape }, loss });
    run = () => step.run({ image }, { learningRate: 1e-4 });
  } else {
    const graph = core.trace(({ image }) => ({ map: net.call(image).lateralMap2 }), { image: shape });
    const plan = await core.preparePlan(context, graph, { parameters });
    run = () => plan.run({ image });
  }
  await run();
  const times = [];
  for (let i = 0; i < runs; i++) times.push(await timed(run));
  console.log(JSON.stringify(times));
  process.exit(0);
}

function compare() {
  const checkouts = positionals.map((path) => ({ path: resolve(path), times: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const { path, times } of checkouts) {
      const flags = [
        '--child',
        `--size=${size}`,
        `--batch=${batch}`,
        `--runs=${runs}`,
        ...(values.step ? ['--step'] : []),
      ];
      const { stdout, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), path, ...flags], {
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
      });
      if (status !== 0) process.exit(status ?? 1);
      times.push(...JSON.parse(stdout.trim().split('\n').at(-1)));
    }
  }
  for (const { path, times } of checkouts) {
    const summary = [0, 1].map((i) => {
      const list = times.map((pair) => pair[i]);
      const [low, high] = [Math.min(...list), Math.max(...list)];
      return `${median(list).toFixed(3)} s (${low.toFixed(3)} to ${high.toFixed(3)})`;
    });
    console.log(`${path}: CPU time per core ${summary[0]}, wall clock ${summary[1]}, medians of ${times.length}`);
  }
}
