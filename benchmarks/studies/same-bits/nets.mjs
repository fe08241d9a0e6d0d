/**
 * `node nets.mjs CHECKOUT` prints [name, SHA-256] of every map, gradient and moved parameter of the nets of the
 * goldens. A process of its own, because a checkout's packages find each other.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOf } from './fingerprints.mjs';

const checkout = process.argv[2];
const load = (name) => import(pathToFileURL(join(checkout, 'packages', name, 'dist', 'index.js')).href);
const [core, nn, { InfNet, UNet }, { Adam, trainingStep }] = await Promise.all(
  ['core', 'nn', 'inf-net', 'trainer'].map(load),
);
const SHAPE = [1, 3, 64, 64];
const image = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(0.7 * i) + Math.cos(0.013 * i));

const NETS = [
  ['inf-net', () => new InfNet(), 'fast'],
  ['inf-net', () => new InfNet(), 'exact'],
  ['inf-net-vgg16', () => new InfNet({ backbone: 'vgg16' }), 'fast'],
  ['unet', () => new UNet({ inputChannels: 3 }), 'fast'],
];

const found = [];
const context = await core.open({ onMessage: () => {} });
for (const [name, make, precision] of NETS) await fingerprint(`${name}-${precision}`, make(), precision);
process.stdout.write(JSON.stringify(found));
context.dispose();

/** Maps in inference; loss, gradients and parameters of a step in training. */
async function fingerprint(name, net, precision) {
  const parameters = new core.ParameterStore(context, net);
  parameters.initialize(7);
  const mapsOf = (x) => {
    const outputs = net.call(x);
    return outputs instanceof core.Tensor ? { map: outputs } : { ...outputs };
  };
  net.eval();
  const graph = core.trace(({ x }) => mapsOf(x), { x: SHAPE });
  const plan = await core.preparePlan(context, graph, { parameters, precision });
  for (const [map, data] of Object.entries(await plan.run({ x: image }))) add(`${name} inference ${map}`, data);
  plan.dispose();

  net.train();
  const optimizer = new Adam(parameters);
  const square = (map) => nn.mean(nn.mul(map, map));
  const step = await trainingStep(context, {
    net,
    optimizer,
    inputs: { x: SHAPE },
    precision,
    keepGradients: true,
    loss: ({ x }) =>
      Object.values(mapsOf(x))
        .map(square)
        .reduce((a, b) => nn.add(a, b)),
  });
  const { loss, outputs } = await step.run({ x: image }, { learningRate: 1e-3, read: step.gradientOutputs });
  add(`${name} loss`, Float64Array.of(loss));
  for (const [parameter, data] of step.gradientsOf(outputs)) add(`${name} gradient ${parameter}`, data);
  for (const [parameter, { data }] of await parameters.read()) add(`${name} moved ${parameter}`, data);
  for (const disposable of [step, optimizer, parameters]) disposable.dispose();
}

function add(name, data) {
  found.push([name, hashOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]);
}
