/**
 * The kernels and tiles that a convolution may be computed with, by turns, by the CPU time that they take: for software
 * adapters, whose work is all on these cores, and on machines where the wall clock tells of everything else too.
 *
 *   node benchmarks/studies/compare-candidates.mjs n,c,h,w,out,kernel,padding[,stride[,dilation]] ...
 *     [--only winograd4,gemm-subgroup/32x4x2] [--runs 15]
 *     [--precision fast]
 *
 * Weights are constant, as in inference: what is made of them once does not count. GFLOP/s of the direct convolution
 * per 2 cores, medians; the first candidate is the one that is taken without a tuner. The order of the candidates turns
 * around every round. The adapter is that of INFNET_ADAPTER. Needs `npm run build`.
 */
import { Conv2d } from '@infnet/conv';
import { open, ParameterStore, preparePlan, trace } from '@infnet/core';
import { median, readArguments, timed } from './tools.mjs';

const defaults = { only: undefined, runs: '15', precision: 'fast' };
const { values, positionals } = readArguments(import.meta.url, defaults, (_, { length }) => length > 0);
const { precision } = values;
const context = await open();

/** Seconds of CPU time per core of one run. */
async function cpuTime(plan, inputs) {
  const [seconds] = await timed(async () => {
    await plan.run(inputs, { read: [] });
    await context.device.queue.onSubmittedWorkDone();
  });
  return seconds;
}

for (const shape of positionals) {
  const [n, c, h, w, out, kernel, padding, stride = 1, dilation = 1] = shape.split(',').map(Number);
  const net = new Conv2d(c, out, kernel, { padding, stride, dilation, bias: false });
  const parameters = new ParameterStore(context, net);
  parameters.initialize(1);
  const graph = trace(({ x }) => net.call(x), { x: [n, c, h, w] });
  const node = graph.nodes.find(({ operator }) => operator.candidates !== undefined);
  const types = node.inputs.map(({ type }) => type);
  const { attributes } = node;
  const { key, names } = node.operator.candidates({ attributes, inputs: types, device: context.profile, precision });
  const wanted = values.only === undefined ? names : [names[0], ...values.only.split(',')];
  const chosen = [...new Set(wanted)].filter((name) => names.includes(name));
  const flops = 2 * node.outputs[0].shape.reduce((a, b) => a * b) * c * kernel * kernel;
  const inputs = { x: Float32Array.from({ length: n * c * h * w }, (_, i) => Math.sin(i)) };
  const tried = [];
  for (const name of chosen) {
    const plan = await preparePlan(context, graph, { precision, parameters, tuning: { [key]: name } });
    // The first run compiles, the second transforms nothing any more.
    for (let i = 0; i < 2; i++) await cpuTime(plan, inputs);
    tried.push({ name, plan, times: [] });
  }
  for (let round = 0; round < Number(values.runs); round++) {
    for (const each of round % 2 === 0 ? tried : [...tried].reverse())
      each.times.push(await cpuTime(each.plan, inputs));
  }
  console.log(
    `${shape}: ${tried.map(({ name, times }) => `${name} ${(flops / median(times) / 1e9).toFixed(1)}`).join(', ')}`,
  );
  for (const { plan } of tried) plan.dispose();
  parameters.dispose();
}
context.dispose();
