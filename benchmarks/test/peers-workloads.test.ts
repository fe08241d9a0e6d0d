/** The workloads: the same for every peer, with the FLOPs they say they have. */
import { describe, expect, it } from 'vitest';
import { forwardCases, gradientCases, layerCases, overheadCases, publicCases, stepCases } from '../src/peers/cases.js';
import type { LayerShape, Workload } from '../src/peers/protocol.js';
import { layerBytes, layerFlops, layerOutput, traceWorkload, workloadFlops } from '../src/peers/workloads.js';

const LAYER: LayerShape = {
  input: [2, 6, 9, 8],
  weight: [4, 3, 3, 1],
  stride: [2, 1],
  padding: [1, 0, 1, 0],
  dilation: [2, 1],
  groups: 2,
};

describe('layers', () => {
  it('have the sizes and the work of the operator', () => {
    const { graph } = traceWorkload({ kind: 'layer', copies: 3, ...LAYER });
    const shape = graph.outputs.get('output')?.shape;
    expect(layerOutput(LAYER)).toEqual(shape);
    expect(shape).toEqual([2, 4, 4, 8]);
    expect(layerFlops(LAYER)).toBe(2 * (2 * 4 * 4 * 8) * 9);
    expect(workloadFlops({ kind: 'layer', copies: 3, ...LAYER })).toBe(3 * layerFlops(LAYER));
    expect(workloadFlops({ kind: 'gradients', ...LAYER })).toBe(3 * layerFlops(LAYER));
    expect(layerBytes(LAYER)).toBe(4 * (2 * 6 * 72 + 36 + 2 * 4 * 32));
    expect(graph.outputs.get('rows')?.shape).toEqual([2, 12, 1, 8]);
  });

  it('have different weights in every copy, and the same in every process', () => {
    const one = traceWorkload({ kind: 'layer', copies: 2, ...LAYER });
    const two = traceWorkload({ kind: 'layer', copies: 2, ...LAYER });
    expect(one.state().get('weight0')?.data).not.toEqual(one.state().get('weight1')?.data);
    expect(two.state().get('weight1')?.data).toEqual(one.state().get('weight1')?.data);
    expect(two.inputs).toEqual(one.inputs);
  });

  it('with gradients: all three for us, the convolution alone for who differentiates himself', () => {
    const layer = { ...LAYER, groups: 1, weight: [4, 6, 3, 1] };
    const outputs = (forwardOnly: boolean): string[] => [
      ...traceWorkload({ kind: 'gradients', ...layer }, { forwardOnly }).graph.outputs.keys(),
    ];
    expect(outputs(false)).toEqual(['y', 'dX', 'dW', 'row0', 'row1', 'row2']);
    expect(outputs(true)).toEqual(['y']);
  });
});

describe('nets', () => {
  it('have the published work', () => {
    const flops = workloadFlops({ kind: 'forward', net: 'inf-net', batch: 1, size: 352 });
    expect(flops / 2e9).toBeCloseTo(13.843, 1);
    const step = workloadFlops({ kind: 'step', net: 'inf-net', batch: 2, size: 352 });
    expect(step / flops).toBeCloseTo(6, 12);
  });

  it('in a step move their running statistics', () => {
    const { graph } = traceWorkload({ kind: 'step', net: 'res2net50', batch: 2, size: 64 });
    expect([...graph.outputs.keys()]).toEqual(['loss']);
    expect(graph.outputs.get('loss')?.shape).toEqual([]);
    expect([...graph.updates.keys()].some(({ name }) => name === 'bn1.running_var')).toBe(true);
  });
});

describe('cases', () => {
  const full = { size: 352, batch: 1, quick: false };
  const quick = { size: 96, batch: 1, quick: true };

  it('are distinct, and few where it is to be quick', () => {
    for (const make of [forwardCases, layerCases, publicCases, gradientCases, stepCases, overheadCases]) {
      const [all, few] = [make(full), make(quick)];
      expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
      expect(few.length).toBeLessThanOrEqual(4);
      expect(few.length).toBeGreaterThan(0);
    }
  });

  it('have the public shapes, and a dilated convolution among the gradients of a quick run', () => {
    const second = '1x128x512x512 * 128x128x3x3';
    const titles = [
      '1x64x256x256 * 128x64x3x3',
      second,
      '1x64x256x256 * 128x64x3x3 and gradients',
      `${second} and gradients`,
    ];
    expect(publicCases(full).map(({ title }) => title)).toEqual(titles);
    expect(workloadFlops(publicCases(full)[1]?.workload as Workload) / 1e9).toBeCloseTo(77.3, 1);
    expect(layerCases(full).length).toBeGreaterThan(60);
    expect(gradientCases(quick).at(-1)?.title).toMatch(/dilation \d/);
  });
});
