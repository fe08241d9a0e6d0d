/** Group, instance and layer norm in the middle of a graph, on odd shapes, against float64 and finite differences. */
import { gradients, type HostTensor, type Tensor } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import { checkMidGraph, forAllDrawn, uniformValues } from '@infnet/testing/mid-graph';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { groupNorm, instanceNorm2d, layerNorm, layerNorm2d, type NormOptions } from '../src/index.js';
import type { Array64 } from './reference/array.js';
import { type Membership, norm, ofChannels, ofPositions, ofRows } from './reference/norms.js';
import { type Host, random, run, type Tensors, useContext } from './support/harness.js';

const context = useContext();
const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

interface NormCase {
  readonly shape: readonly number[];
  readonly weightShape: readonly number[];
  readonly apply: (x: Tensor, options: NormOptions) => Tensor;
  readonly of: Membership;
}

const group = (shape: readonly number[], groups: number): NormCase => ({
  shape,
  weightShape: [shape[1] as number],
  apply: (x, options) => groupNorm(x, groups, options),
  of: ofChannels(shape, groups),
});
const instance = (shape: readonly number[]): NormCase => ({
  ...group(shape, shape[1] as number),
  apply: (x, options) => instanceNorm2d(x, options),
});
const layer = (shape: readonly number[], from: number): NormCase => {
  const weightShape = shape.slice(from);
  const size = weightShape.reduce((product, each) => product * each, 1);
  return { shape, weightShape, apply: (x, options) => layerNorm(x, weightShape, options), of: ofRows(size) };
};
const layer2d = (shape: readonly number[]): NormCase => ({
  shape,
  weightShape: [shape[1] as number],
  apply: (x, options) => layerNorm2d(x, options),
  of: ofPositions(shape),
});

async function check(given: NormCase, wanted: readonly string[], affine: readonly string[], inRange: boolean) {
  const { shape, weightShape, apply, of } = given;
  const parameters: Record<string, HostTensor> = {
    weight: uniformValues('weight', weightShape, 0.5, 1),
    bias: uniformValues('bias', weightShape),
  };
  const inputs = { x: uniformValues('x', shape, 2, 0.3), ...parameters };
  const here = (name: string): boolean => name === 'x' || affine.includes(name);
  await checkMidGraph(context(), {
    inputs: Object.fromEntries(Object.entries(inputs).filter(([name]) => here(name))) as typeof inputs,
    operator: ({ x, weight, bias }) => [apply(x as Tensor, { weight, bias, eps: 1e-3 })],
    reference: ({ x, weight, bias }) => [norm(x as Array64, of, weight as Array64, bias as Array64, 1e-3)],
    wanted: wanted.filter(here),
    inRange: inRange && weightShape.length === 1,
  });
}

const affines = fc.constantFrom<readonly string[]>(['weight', 'bias'], ['weight', 'bias'], ['weight'], ['bias'], []);
const wanted = fc.constantFrom<readonly string[]>(['x', 'weight', 'bias'], ['x'], ['x', 'bias'], ['x', 'weight']);
const options = { affine: affines, wanted, inRange: fc.boolean() };
const batch = fc.integer({ min: 1, max: 3 });
const side = fc.constantFrom(3, 4, 7, 9);

describe('mid-graph, on any shape, with the gradients of finite differences', () => {
  it('groupNorm', async () => {
    const sizes = fc.constantFrom<readonly [number, number]>(
      [26, 2],
      [26, 13],
      [52, 4],
      [3, 1],
      [3, 3],
      [8, 2],
      [26, 1],
    );
    const cases = fc.record({ n: batch, sizes, h: side, w: side, ...options });
    await forAllDrawn(cases, async ({ n, sizes: [c, groups], h, w, wanted, affine, inRange }) => {
      await check(group([n, c, h, w], groups), wanted, affine, inRange);
    });
  });

  it('instanceNorm2d', async () => {
    const cases = fc.record({ n: batch, c: fc.constantFrom(1, 3, 26), h: side, w: side, ...options });
    await forAllDrawn(cases, async ({ n, c, h, w, wanted, affine, inRange }) => {
      await check(instance([n, c, h, w]), wanted, affine, inRange);
    });
  });

  it('layerNorm', async () => {
    const shapes = fc.constantFrom([3, 5, 26], [2, 3, 7, 5], [7, 52], [2, 4, 64], [1, 3, 4, 8], [2, 3, 130], [29]);
    const cases = fc.record({ shape: shapes, from: fc.integer({ min: 1, max: 3 }), ...options });
    await forAllDrawn(cases, async ({ shape, from, wanted, affine, inRange }) => {
      await check(layer(shape, Math.min(from, shape.length - 1)), wanted, affine, inRange);
    });
  });

  it('layerNorm2d', async () => {
    const cases = fc.record({ n: batch, c: fc.constantFrom(3, 26, 52), h: side, w: side, ...options });
    await forAllDrawn(cases, async ({ n, c, h, w, wanted, affine, inRange }) => {
      await check(layer2d([n, c, h, w]), wanted, affine, inRange);
    });
  });

  it('where groups, planes, rows and weights are long, in several steps', async () => {
    const all = ['x', 'weight', 'bias'];
    for (const given of [
      group([2, 4, 61, 53], 2),
      instance([1, 2, 83, 79]),
      layer([3, 2, 5003], 2),
      layer([5, 1009, 6], 2),
      layer2d([1, 3, 79, 61]),
      layer2d([2, 2050, 1, 1]),
      layer2d([2, 1100, 2, 3]),
      group([3, 6], 2),
    ]) {
      await check(given, all, all, false);
    }
  });
});

describe('digits', () => {
  it.each([
    ['groupNorm', group([2, 6, 32, 33], 3)],
    ['instanceNorm2d', instance([2, 3, 64, 64])],
    ['layerNorm', layer([2, 9, 515], 2)],
    ['layerNorm2d', layer2d([2, 96, 9, 8])],
  ] as const)('%s keeps them around a mean of 1000', async (_, { shape, weightShape, apply, of }) => {
    const noise = random('x', shape, Math.sqrt(3));
    const x = { shape, data: noise.data.map((v) => 1000 + v) };
    const [weight, g] = [random('weight', weightShape), random('g', shape)];
    const found = await run(
      (i) => {
        const y = apply(t(i, 'x'), { weight: t(i, 'weight') });
        const [dx] = gradients([{ output: y, gradient: t(i, 'g') }], [t(i, 'x')]) as [Tensor];
        return { y, dx };
      },
      { x, weight, g },
    );
    const exact = (host: Host): Array64 => ({ shape: host.shape, data: Float64Array.from(host.data) });
    const y = norm(exact(x), of, exact(weight));
    expectClose(found['y']?.data as Float32Array, y.data, { maxAbsOfMax: 1e-6 }, 'y');
    expectClose(
      found['dx']?.data as Float32Array,
      gradientOf(exact(x), of, exact(weight), g),
      { maxAbsOfMax: 3e-6 },
      'dx',
    );
  });
});

/** i (w g - mean of w g - h mean of w g h), group by group. */
function gradientOf(x: Array64, of: Membership, weight: Array64, g: Host): Float64Array {
  const one = norm(x, of);
  const groups = new Map<number, number[]>();
  for (const i of x.data.keys()) groups.set(of(i)[0], [...(groups.get(of(i)[0]) ?? []), i]);
  const d = new Float64Array(x.data.length);
  for (const indices of groups.values()) {
    const mean = (f: (i: number) => number): number => indices.reduce((sum, i) => sum + f(i), 0) / indices.length;
    const center = mean((i) => x.data[i] as number);
    const inverse = 1 / Math.sqrt(mean((i) => ((x.data[i] as number) - center) ** 2) + 1e-5);
    const v = (i: number): number => (g.data[i] as number) * (weight.data[of(i)[1]] as number);
    const [plain, steep] = [mean(v), mean((i) => v(i) * (one.data[i] as number))];
    for (const i of indices) d[i] = inverse * (v(i) - plain - (one.data[i] as number) * steep);
  }
  return d;
}
