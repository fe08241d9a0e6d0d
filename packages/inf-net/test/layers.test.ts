/**
 * Every convolution, every batch norm and every block of the four nets against the statistics of the reference's run,
 * in the order in which they run, planned operator by operator. The first line of a failure is the first layer that
 * differs.
 */
import {
  type Context,
  type Graph,
  type Module,
  open,
  ParameterStore,
  preparePlan,
  type Tensor,
  type TraceResult,
  trace,
} from '@infnet/core';
import { hasFixture, image, loadGolden, longNote, projection, readFixtureJson } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InfNet, UNet } from '../src/index.js';
import { type NetSidecar, recipeState } from './support.js';

interface Statistics {
  readonly type: string;
  readonly shape: readonly number[];
  readonly l2: number;
  readonly proj: number;
  readonly max_abs: number;
  readonly first8: readonly number[];
}

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const NETS: Readonly<Record<string, () => Module<readonly [Tensor], TraceResult>>> = {
  inf_net_res2net_1x3x64x64: () => new InfNet(),
  inf_net_resnet50_1x3x96x96: () => new InfNet({ backbone: 'resnet50' }),
  inf_net_vgg16_1x3x96x96: () => new InfNet({ backbone: 'vgg16' }),
  inf_net_unet_1x6x96x96: () => new UNet(),
};

const TYPES = new Set(['Conv2d', 'BatchNorm2d', 'Bottle2neck', 'Bottleneck', 'RFB_modified', 'aggregation']);
const OPERATORS = new Set(['conv2d', 'batchNorm2d', 'relu']);
const TOLERANCE = 2e-5;

/**
 * Modules whose own result is nowhere: a receptive-field block computes its five 1x1 convolutions as one, and a
 * reverse-attention branch weights the result of its first convolution instead of the features. What follows is
 * compared.
 */
const COMPUTED_OTHERWISE = /^rfb\d_1\.(branch\d\.0|conv_res)\.|^ra\d_conv1\.conv$/;

/** The tensor that each module returned: the last one made under its path. */
function results(graph: Graph): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  for (const { operator, scope, outputs } of graph.nodes) {
    if (OPERATORS.has(operator.name)) found.set(scope, outputs[0] as Tensor);
  }
  return found;
}

function difference(name: string, data: Float32Array, { l2, proj, first8, max_abs }: Statistics): string | undefined {
  const norm = Math.sqrt(data.reduce((sum, v) => sum + v * v, 0));
  const wrong =
    Math.abs(norm - l2) > TOLERANCE * l2 ||
    Math.abs(projection(data) - proj) > 5 * TOLERANCE * l2 ||
    first8.some((v, i) => Math.abs(v - (data[i] as number)) > 5 * TOLERANCE * max_abs);
  return wrong ? `${name}: norm ${norm}, not ${l2}; projection ${projection(data)}, not ${proj}` : undefined;
}

describe('every layer gives the numbers of the reference', () => {
  for (const [name, make] of Object.entries(NETS)) {
    const file = `golden/nets/${name}.trace.json`;
    // The paper's net each time, the others in the long run.
    const later = name === 'inf_net_res2net_1x3x64x64' ? '' : longNote;
    const why = hasFixture(file) ? later : ` (skipped: ../shared/${file} is not here)`;
    it.skipIf(why !== '')(`${name}${why}`, async () => {
      const { modules } = await readFixtureJson<{ modules: Record<string, Statistics> }>(file);
      const { json } = await loadGolden<NetSidecar>(`nets/${name}`);
      const net = make();
      const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: json.input.shape });
      graph.outputs.clear();
      const expected = Object.entries(modules).filter(
        ([key, { type }]) => TYPES.has(type) && !COMPUTED_OTHERWISE.test(key),
      );
      const found = results(graph);
      // The decoder's result is that of its last convolution.
      for (const [key] of expected)
        graph.outputs.set(key, found.get(key === 'ParDec' ? 'ParDec.conv5' : key) as Tensor);
      expect([...graph.outputs].filter(([, tensor]) => tensor === undefined).map(([key]) => key)).toEqual([]);
      expect([...graph.outputs].map(([key, { shape }]) => [key, shape])).toEqual(
        expected.map(([key, { shape }]) => [key, shape]),
      );

      using parameters = new ParameterStore(context, net);
      parameters.load(recipeState(net, json.gain));
      using plan = await preparePlan(context, graph, { parameters, fusion: false });
      const values = await plan.run({ x: image(json.input.name, json.input.shape) });
      const wrong = expected.flatMap(
        ([key, statistics]) => difference(key, values[key] as Float32Array, statistics) ?? [],
      );
      expect(wrong).toEqual([]);
    });
  }
});
