import { InfnetError, initialValues, type Tensor, trace } from '@infnet/core';
import { itWithGolden } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { Res2Net, res2net50, res2net101 } from '../src/index.js';
import { specOf } from './support.js';

const count = (net: Res2Net): number =>
  net
    .parameters()
    .filter(({ role }) => role === 'parameter')
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

describe('Res2Net', () => {
  itWithGolden<{ params: Record<string, readonly number[]> }>(
    'res2net50 has the reference state dict, key by key',
    'nets/inf_net_res2net_1x3x64x64',
    ({ json }) => {
      const expected = Object.entries(json.params)
        .filter(([name]) => name.startsWith('resnet.'))
        .map(([name, shape]) => [name.slice('resnet.'.length), shape]);
      expect(specOf(res2net50())).toEqual(expected);
    },
  );

  it('has as many parameters as the reference: 25.7 M, and 17 blocks of 1.15 M more at depth 101', () => {
    expect(count(res2net50())).toBe(25_718_352);
    const block = 2 * 1024 * 416 + 2 * 416 + 3 * (104 * 104 * 9 + 2 * 104) + 2 * 1024;
    expect(count(res2net101())).toBe(25_718_352 + 17 * block);
  });

  it('gives maps of four sizes', () => {
    const shapes = (net: Res2Net, size: number): (readonly number[])[] => {
      const graph = trace(({ x }: { readonly x: Tensor }) => ({ ...net.call(x) }), { x: [2, 3, size, size] });
      return [...graph.outputs.values()].map(({ shape }) => shape);
    };
    expect(shapes(res2net50(), 96)).toEqual([
      [2, 256, 24, 24],
      [2, 512, 12, 12],
      [2, 1024, 6, 6],
      [2, 2048, 3, 3],
    ]);
    expect(shapes(res2net101({ width: 0.25 }), 64)).toEqual([
      [2, 64, 16, 16],
      [2, 128, 8, 8],
      [2, 256, 4, 4],
      [2, 512, 2, 2],
    ]);
  });

  it('starts from He weights in the backbone and ones and zeros in batch norm', () => {
    const parameters = new Map(
      res2net50()
        .parameters()
        .map((parameter) => [parameter.name, parameter]),
    );
    const weight = initialValues(parameters.get('layer1.1.convs.0.weight') as never, 7);
    const deviation = Math.sqrt(weight.reduce((sum, v) => sum + v * v, 0) / weight.length);
    expect(deviation / Math.sqrt(2 / (26 * 9))).toBeCloseTo(1, 1);
    expect(new Set(initialValues(parameters.get('layer1.1.bn1.weight') as never, 7))).toEqual(new Set([1]));
    expect(new Set(initialValues(parameters.get('layer1.1.bn1.bias') as never, 7))).toEqual(new Set([0]));
  });

  it('says which options there are', () => {
    for (const options of [{ depth: 34 }, { width: 0 }, { width: Number.NaN }, { scale: 1 }]) {
      expect(() => new Res2Net(options as never)).toThrow(InfnetError);
    }
    expect(() => new Res2Net({ depth: 34 as never })).toThrow('Use 50 or 101.');
  });
});
