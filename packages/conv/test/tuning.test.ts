/**
 * A tuner's choices: every candidate computes the same, what is chosen is what runs, and nonsense in a table is
 * ignored.
 */
import {
  type Context,
  DEFAULT_PROFILE,
  type DeviceProfile,
  type Graph,
  gradients,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { tune } from '@infnet/core/tune';
import { relL2 } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conv2d } from '../src/index.js';
import { compute, openQuietly, random, weights } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

const shapes = [
  { name: '3 x 3, odd sizes', input: [2, 26, 9, 7], weight: [19, 26, 3, 3], options: { padding: 1 } },
  { name: '1 x 1', input: [1, 52, 5, 6], weight: [33, 52, 1, 1], options: {} },
  {
    name: 'strided, two groups',
    input: [1, 6, 11, 8],
    weight: [8, 3, 3, 3],
    options: { padding: 1, stride: 2, groups: 2 },
  },
] as const;

/** conv2d(x, w), and its gradients for the upstream gradient g. */
function passes({ options }: (typeof shapes)[number]) {
  return ({ x, w, g }: Readonly<Record<string, Tensor>>): Record<string, Tensor> => {
    const y = conv2d(x as Tensor, w as Tensor, undefined, options);
    const [dx, dw] = gradients([{ output: y, gradient: g }], [x as Tensor, w as Tensor]);
    return { y, dx: dx as Tensor, dw: dw as Tensor };
  };
}

describe.each(shapes)('$name', (shape) => {
  const { input, weight, options } = shape;
  const graph = (device?: Partial<DeviceProfile>) => {
    const made = trace(({ x, w }) => conv2d(x, w, undefined, options), { x: input, w: weight });
    return { made, schedule: schedule(made, { precision: 'exact', device: { ...DEFAULT_PROFILE, ...device } }) };
  };

  it('every candidate of forward and gradients computes what the own choice computes', async () => {
    const [g] = graph().made.outputs.values();
    const values = { x: random('x', input), w: weights('w', weight), g: random('g', g?.shape ?? []) };
    const traced = trace(passes(shape), { x: input, w: weight, g: g?.shape ?? [] });
    let tried = 0;
    for (const node of traced.nodes) {
      const { operator, attributes, inputs } = node;
      const types = inputs.map(({ type }) => type);
      const candidates = operator.candidates?.({
        attributes,
        inputs: types,
        device: context.profile,
        precision: 'fast',
      });
      if (candidates === undefined) continue;
      const { key, names } = candidates;
      expect(new Set(names).size).toBe(names.length);
      const output = { conv2d: 'y', conv2dInputGradient: 'dx', conv2dWeightGradient: 'dw' }[operator.name] as string;
      const run = (name: string) =>
        compute(context, (tensors) => passes(shape)(tensors)[output] as Tensor, values, {
          precision: 'fast',
          tuning: { [key]: name },
        });
      const expected = await run(names[0] as string);
      for (const name of names.slice(1)) {
        const actual = await run(name);
        expect(relL2(actual, expected), `${key}: ${name}`).toBeLessThan(1e-5);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(6);
  });

  it('the choice is the kernel that runs', () => {
    const device = { subgroupSize: 32 };
    const { made } = graph();
    const node = made.nodes[0] as Graph['nodes'][number];
    const { attributes, inputs } = node;
    const types = inputs.map(({ type }) => type);
    const profile = { ...DEFAULT_PROFILE, ...device };
    const { key } =
      node.operator.candidates?.({ attributes, inputs: types, device: profile, precision: 'exact' }) ?? {};
    const kernels = (name: string) =>
      graph({ ...device, tuning: { [key as string]: name } }).schedule.dispatches.map((dispatch) => [
        dispatch.kernel.name,
        dispatch.constants?.['CHANNELS'] ?? dispatch.constants?.['TILE_M'],
      ]);
    expect(kernels('gemm-subgroup/16x2x1')).toEqual([['conv/gemm-subgroup', 16]]);
    expect(kernels('gemm-tiled/128x64x8')).toEqual([['conv/gemm-tiled', 128]]);
    const own = graph(device).schedule.dispatches.map(({ kernel }) => kernel.name);
    for (const nonsense of ['gemm-subgroup/3x99x1', 'winograd4', 'faster']) {
      expect(kernels(nonsense).map(([name]) => name)).toEqual(own);
    }
  });
});

it('tune measures every distinct shape once, and keeps choices that hold for the whole', async () => {
  const net = trace(
    ({ x, w, v }) => conv2d(conv2d(conv2d(x, w, undefined, { padding: 1 }), w, undefined, { padding: 1 }), v),
    { x: [1, 16, 8, 8], w: [16, 16, 3, 3], v: [8, 16, 1, 1] },
  );
  const tuning = await tune(context, net, { rounds: 2, wholeRounds: 2 });
  expect(tuning.layers.map(({ count }) => count)).toEqual([2, 1]);
  for (const { own, seconds, refused } of tuning.layers) {
    expect(refused).toEqual({});
    expect(Object.keys(seconds).length).toBeGreaterThan(3);
    expect(seconds).toHaveProperty([own]);
  }
  for (const [key, name] of Object.entries(tuning.choices)) {
    const layer = tuning.layers.find((each) => each.key === key);
    expect(layer?.seconds[name]).toBeLessThan(layer?.seconds[layer.own] as number);
  }
});
