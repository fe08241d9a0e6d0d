import { type Context, open, type Tensor } from '@infnet/core';
import { mulScalar, relu } from '@infnet/nn';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkMidGraph,
  type Exact,
  type MidGraphCase,
  oddImages,
  spacedValues,
  uniformValues,
} from '../src/mid-graph/index.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

const shape = [2, 26, 13, 7];
const relus: MidGraphCase = {
  inputs: { x: spacedValues('x', shape) },
  operator: ({ x }) => [relu(x as Tensor)],
  reference: ({ x }) => [{ shape, data: (x as Exact).data.map((v) => Math.max(v, 0)) }],
};

describe('checkMidGraph', () => {
  it('passes for an operator that is right, whole or in a channel range', async () => {
    for (const inRange of [false, true]) {
      const rows = await checkMidGraph(context, { ...relus, inRange });
      expect(rows).toHaveLength(2);
      expect(Math.max(...rows.map(({ error }) => error))).toBeLessThan(5e-6);
    }
  });

  it('finds one wrong element of the output', async () => {
    const reference: MidGraphCase['reference'] = (values) =>
      relus.reference(values).map((y) => ({ ...y, data: y.data.map((v, i) => (i === 4000 ? v + 1e-3 : v)) }));
    await expect(checkMidGraph(context, { ...relus, reference })).rejects.toThrow(/output 0.*at \[4000\]/s);
  });

  it('finds one wrong element of the gradient among thousands, where the output is right', async () => {
    const x = relus.inputs['x']?.data as Float32Array;
    const at = x.findIndex((v, i) => i > 3000 && v > 0.5);
    // The same value at the point itself, one percent more slope around it.
    const reference: MidGraphCase['reference'] = (values) =>
      relus
        .reference(values)
        .map((y) => ({ ...y, data: y.data.map((v, i) => (i === at ? v + 0.01 * (v - (x[i] as number)) : v)) }));
    await expect(checkMidGraph(context, { ...relus, reference })).rejects.toThrow(/finite differences.*d_x/s);
  });

  it('finds a gradient that is missing, and an output of another shape', async () => {
    const inputs = { x: uniformValues('x', [1, 3, 5, 5]), z: uniformValues('z', [1, 3, 5, 5]) };
    const operator: MidGraphCase['operator'] = ({ x }) => [mulScalar(x as Tensor, 2)];
    const twice = ({ x }: Readonly<Record<string, Exact>>, to = [1, 3, 5, 5]): Exact[] => [
      { shape: to, data: (x as Exact).data.map((v) => 2 * v) },
    ];
    await expect(checkMidGraph(context, { inputs, operator, reference: (v) => twice(v) })).rejects.toThrow("of 'z'");
    await expect(
      checkMidGraph(context, { inputs, operator, reference: (v) => twice(v, [3, 5, 5]), wanted: ['x'] }),
    ).rejects.toThrow('the shapes [1, 3, 5, 5], expected [3, 5, 5]');
  });
});

describe('what is drawn', () => {
  it('keeps its gap inside every map', () => {
    const { data } = spacedValues('x', [2, 3, 5, 7]);
    for (let map = 0; map < 6; map++) {
      const sorted = data.slice(map * 35, (map + 1) * 35).sort();
      const gaps = [...sorted.slice(1)].map((v, i) => v - (sorted[i] as number));
      expect(Math.min(...gaps)).toBeGreaterThan(0.0199);
      expect(Math.min(...sorted.map(Math.abs))).toBeGreaterThan(0.0099);
    }
  });

  it('has every channel count, batches, and one pixel', () => {
    const drawn = fc.sample(oddImages(), { numRuns: 40, seed: 0x0dd });
    const seen = new Set(drawn.flatMap(([n, c, h, w]) => [`batch ${n}`, `channels ${c}`, `height ${h}`, `width ${w}`]));
    expect(seen.size).toBe(3 + 4 + 5 + 5);
  });
});
