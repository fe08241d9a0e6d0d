/** Trains the net on phantoms and shows where the time goes: `node examples/custom-net/dist/main.js`. */
import { open, ParameterStore, preparePlan, trace } from '@infnet/core';
import { CustomNet } from './net.js';
import { phantoms, training } from './training.js';

const SIZE = 96;
const net = new CustomNet();
const data = phantoms(16, SIZE);
const { state } = await training(net, {
  epochs: 10,
  data,
  open: () => open(),
  onEpoch: ({ epoch, epochs, loss, parts, seconds }) => {
    const dice = (1 - (parts['dice'] ?? 0)).toFixed(3);
    console.log(`epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)}, soft Dice ${dice}, ${seconds.toFixed(1)} s`);
  },
}).run();

const context = await open({ onMessage: () => {} });
const parameters = new ParameterStore(context, net.eval());
parameters.load(state.parameters);
const graph = trace(({ image }) => ({ map: net.call(image).final }), { image: [1, 1, SIZE, SIZE] });
const plan = await preparePlan(context, graph, { parameters });
const { image } = await data.batch([{ index: 0, epoch: 0, seed: 0 }]);
const profile = await plan.profile({ image: image as Float32Array });
console.log(profile.table('scope', 2));
context.dispose();
