import { describe, expect, it } from 'vitest';
import { type LayerSamples, layerFigures, totals } from '../src/gradients/figures.js';

const shape: LayerSamples['shape'] = {
  input: [1, 1, 1, 1],
  weight: [1, 1, 1, 1],
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
};

const first: LayerSamples = {
  label: 'first',
  path: 'a',
  count: 1,
  flops: 2e9,
  shape,
  seconds: { forward: [1, 1, 3], weightGradient: [2, 2, 2] },
};
const second: LayerSamples = {
  label: 'second',
  path: 'b',
  count: 3,
  flops: 4e9,
  shape,
  seconds: { forward: [2, 2, 2], inputGradient: [4, 2, 4], weightGradient: [8, 8, 1] },
};

describe('figures of a layer', () => {
  it('are of the medians', () => {
    const { passes, gflop } = layerFigures(second);
    expect(gflop).toBe(4);
    expect(passes.forward).toMatchObject({ gflopsPerSecond: 2, ofForward: 1 });
    expect(passes.inputGradient).toMatchObject({ gflopsPerSecond: 1, ofForward: 0.5 });
    expect(passes.weightGradient?.milliseconds).toEqual({ median: 8000, smallest: 1000, largest: 8000, runs: 3 });
  });

  it('leave out a pass that the layer has not', () => {
    expect(Object.keys(layerFigures(first).passes)).toEqual(['forward', 'weightGradient']);
  });
});

describe('totals', () => {
  const { forward, inputGradient, weightGradient } = totals([first, second]);

  it('count every layer as often as it occurs', () => {
    expect(forward).toMatchObject({ gflop: 14, seconds: 7, gflopsPerSecond: 2, ofForward: 1 });
    expect(weightGradient).toMatchObject({ gflop: 14, seconds: 26 });
    expect(weightGradient.ofForward).toBeCloseTo(7 / 26);
  });

  it('leave a layer without an input gradient out of its FLOPs and its time', () => {
    expect(inputGradient).toMatchObject({ gflop: 12, seconds: 12, gflopsPerSecond: 1, ofForward: 0.5 });
  });

  it('compare round by round', () => {
    // Forward: 7, 7, 9 s; weight gradient: 26, 26, 5 s; of the same FLOPs.
    expect(weightGradient.ofForwardByRound.median).toBeCloseTo(7 / 26);
    expect(weightGradient.ofForwardByRound.largest).toBeCloseTo(9 / 5);
    // Input gradient: 12 GFLOP in 12, 6, 12 s.
    expect(inputGradient.ofForwardByRound).toMatchObject({ smallest: 0.5, largest: 1, runs: 3 });
  });
});
