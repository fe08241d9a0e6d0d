/** Which layers are measured, which passes they get, and that a wrong result is found. */
import { elementCount, open, preparePlan, schedule, type Tensor, trace } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { fill } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { distinctConvolutions, type Layer, layerLabel } from '../src/gradients/layers.js';
import { type LayerData, type LayerResults, sampleIndices, verify } from '../src/gradients/verify.js';
import { type LayerShape, PASSES } from '../src/peers/protocol.js';
import { layerFlops, layerOutput, tracePass } from '../src/peers/workloads.js';

const net = new InfNet({ width: 0.125 });
const graph = trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: [2, 3, 64, 64] });
const layers = distinctConvolutions(graph);
const stem = layers[0] as Layer;

describe('the distinct layers of a net', () => {
  it('are all of its convolutions, with all of its work', () => {
    const nodes = graph.nodes.filter(({ operator }) => operator.name === 'conv2d');
    const sum = (of: (layer: Layer) => number): number => layers.reduce((total, layer) => total + of(layer), 0);
    expect(sum(({ count }) => count)).toBe(nodes.length);
    expect(layers.length).toBeLessThan(nodes.length);
    expect(new Set(layers.map(layerLabel)).size).toBe(layers.length);
    const work = nodes.map(({ inputs, outputs }) => {
      const [, perGroup = 0, height = 0, width = 0] = inputs[1]?.shape ?? [];
      return 2 * elementCount(outputs[0]?.shape ?? []) * perGroup * height * width;
    });
    expect(sum((layer) => layer.count * layerFlops(layer))).toBe(work.reduce((a, b) => a + b, 0));
  });

  it('need an input gradient, except the one that reads the image', () => {
    expect(layers.filter(({ needsInputGradient }) => !needsInputGradient)).toEqual([stem]);
    expect(stem.input).toEqual([2, 3, 64, 64]);
    expect(layerLabel(stem)).toMatch(/^2x3x64x64 \* \d+x3x3x3 stride 2x2$/);
  });
});

describe('the passes of a layer', () => {
  it('are operators of their own, and give what they should', () => {
    for (const layer of layers) {
      const shapes = PASSES.map((name) => tracePass(layer, name).outputs.get('output')?.shape);
      expect(shapes).toEqual([layerOutput(layer), layer.input, layer.weight]);
    }
    const kernels = PASSES.map((name) => schedule(tracePass(stem, name)).nodes.map(({ operator }) => operator.name));
    expect(kernels).toEqual([['conv2d'], ['conv2dInputGradient'], ['conv2dWeightGradient']]);
  });
});

describe('the check of the results', () => {
  // One image, one channel, 3 x 3 pixels; a kernel of one tap, so that all three results are seen at once.
  const layer: LayerShape = {
    stride: [1, 1],
    padding: [0, 0, 0, 0],
    dilation: [1, 1],
    groups: 1,
    input: [1, 1, 3, 3],
    weight: [1, 1, 1, 1],
  };
  const data: LayerData = { x: fill('x', 9), w: Float32Array.of(0.5), g: fill('g', 9) };
  const right = (): { -readonly [K in keyof LayerResults]: Float32Array } => ({
    y: data.x.map((value) => 0.5 * value),
    dX: data.g.map((value) => 0.5 * value),
    dW: Float32Array.of(data.x.reduce((sum, value, i) => sum + value * (data.g[i] as number), 0)),
  });

  it('takes what is right', () => {
    verify(layer, data, right());
  });

  it('takes what an adapter computes of a layer with stride, padding, dilation and groups', async () => {
    using context = await open({ onMessage: () => {} });
    const odd: LayerShape = {
      stride: [2, 1],
      padding: [2, 1, 2, 1],
      dilation: [2, 1],
      groups: 2,
      input: [2, 4, 9, 7],
      weight: [6, 2, 3, 2],
    };
    const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b);
    const given = {
      x: fill('x', count(odd.input)),
      w: fill('w', count(odd.weight)),
      g: fill('g', count(layerOutput(odd))),
    };
    const found: Float32Array[] = [];
    for (const pass of PASSES) {
      const plan = await preparePlan(context, tracePass(odd, pass));
      found.push((await plan.run(given))['output'] as Float32Array);
    }
    const [y, dX, dW] = found as [Float32Array, Float32Array, Float32Array];
    verify(odd, given, { y, dX, dW });
    for (const bad of [y, dX, dW]) {
      bad[0] = (bad[0] as number) + 1;
      expect(() => verify(odd, given, { y, dX, dW })).toThrow('BENCH_WRONG');
      bad[0] = (bad[0] as number) - 1;
    }
  });

  it.each(['y', 'dX', 'dW'] as const)('finds a wrong value of %s, and a NaN', (name) => {
    for (const bad of [2, Number.NaN]) {
      const results = right();
      results[name][0] = bad;
      expect(() => verify(layer, data, results)).toThrow(/value 0 of the .*float64/);
    }
  });

  it('finds a wrong value between the samples, by the adjoint', () => {
    const large: LayerShape = { ...layer, input: [1, 1, 30, 30] };
    const [x, g] = [fill('x', 900), fill('g', 900)];
    const dX = g.map((value) => 0.5 * value);
    const dW = Float32Array.of(x.reduce((sum, value, i) => sum + value * (g[i] as number), 0));
    const results = { y: x.map((value) => 0.5 * value), dX, dW };
    verify(large, { x, w: data.w, g }, results);
    expect(sampleIndices(900)).not.toContain(1);
    dX[1] = 0.9;
    expect(() => verify(large, { x, w: data.w, g }, results)).toThrow('<x, dX>');
  });

  it('looks at the first and the last value', () => {
    expect(sampleIndices(3)).toEqual([0, 1, 2]);
    expect(sampleIndices(1)).toEqual([0]);
    const many = sampleIndices(1000);
    expect([many[0], many.at(-1), new Set(many).size]).toEqual([0, 999, 61]);
  });
});
