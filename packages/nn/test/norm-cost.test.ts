/**
 * Group, instance and layer norm take at most batch norm's dispatches and bytes, by the plans for GPUs and for CPU
 * adapters. Figures of each group and of each plane are moved beside x, where batch norm has those of channels: they
 * are allowed for.
 */
import { type DeviceProfile, gradients, schedule, type Tensor, trace } from '@infnet/core';
import type { KernelCall } from '@infnet/core/kernels';
import { expectClose } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { batchNorm2dTraining, groupNorm, instanceNorm2d, layerNorm, layerNorm2d } from '../src/index.js';
import { norm, ofChannels, ofRows } from './reference/norms.js';
import { exact, random, type Tensors, useContext } from './support/harness.js';
import { runCall } from './support/run-call.js';

const context = useContext();

type Shape = readonly number[];
type Norm = (x: Tensor, weight: Tensor, bias: Tensor) => Tensor;

const batchNorm: Norm = (x, weight, bias) => batchNorm2dTraining(x, weight, bias, weight, bias).y;

interface Cost {
  readonly dispatches: number;
  /** Bytes moved, in those of x. */
  readonly passes: number;
}

/** Forward, and what a gradient adds. */
function costs(norm: Norm, shape: Shape, weight: Shape, device: DeviceProfile): readonly [Cost, Cost] {
  const shapes = { x: shape, weight, bias: weight, g: shape };
  const t = (i: Tensors, name: string): Tensor => i[name] as Tensor;
  const forward = (i: Tensors): Tensor => norm(t(i, 'x'), t(i, 'weight'), t(i, 'bias'));
  const both = (i: Tensors): Record<string, Tensor> => {
    const y = forward(i);
    const targets = ['x', 'weight', 'bias'].map((name) => t(i, name));
    const [d, dw, db] = gradients([{ output: y, gradient: t(i, 'g') }], targets) as [Tensor, Tensor, Tensor];
    return { y, d, dw, db };
  };
  const [alone, all] = [forward, both].map((fn) => {
    const { dispatches } = schedule(trace(fn, shapes), { device });
    const bytes = dispatches.reduce((sum, dispatch) => sum + dispatch.bytes, 0);
    return { dispatches: dispatches.length, passes: bytes / (4 * shape.reduce((product, size) => product * size, 1)) };
  }) as [Cost, Cost];
  return [alone, { dispatches: all.dispatches - alone.dispatches, passes: all.passes - alone.passes }];
}

const SHAPES: readonly Shape[] = [
  [1, 32, 256, 256],
  [2, 64, 88, 88],
  [8, 96, 56, 56],
  [4, 320, 14, 14],
  [2, 6, 7, 9],
  [16, 24, 20, 20],
  [1, 512, 32, 32],
];

/** GPUs: a dispatch costs nothing beside its work. CPU adapters: as much as 2048 values of an invocation. */
const deviceOf = (dispatchCost: number): DeviceProfile => {
  const { profile } = context();
  return { ...profile, traits: { ...profile.traits, dispatchCost } };
};

const show = (cost: readonly Cost[]): string =>
  cost.map(({ dispatches, passes }) => `${dispatches} dispatches, ${passes.toFixed(2)} passes`).join('; ');

describe.each([
  ['GPU', 0],
  ['CPU', 2048],
] as const)('forward; backward, on a %s', (_, dispatchCost) => {
  it.each(SHAPES.map((shape) => [shape]))('%j', (shape) => {
    const device = deviceOf(dispatchCost);
    const [n = 1, c = 1, h = 1, w = 1] = shape;
    // The same values with channels last, as transformers have them.
    const rows = [n * h * w, c];
    const norms: [name: string, groups: number, norm: Norm, shape: Shape][] = [
      ['groupNorm, 2', 2 * n, (x, weight, bias) => groupNorm(x, 2, { weight, bias }), shape],
      ['groupNorm, C/2', (n * c) / 2, (x, weight, bias) => groupNorm(x, c / 2, { weight, bias }), shape],
      ['instanceNorm2d', n * c, (x, weight, bias) => instanceNorm2d(x, { weight, bias }), shape],
      ['layerNorm2d', n * h * w, (x, weight, bias) => layerNorm2d(x, { weight, bias }), shape],
      ['layerNorm', n * h * w, (x, weight, bias) => layerNorm(x, c, { weight, bias }), rows],
    ];
    for (const [name, groups, norm, own] of norms) {
      const most = costs(batchNorm, own, [c], device);
      const found = costs(norm, own, [c], device);
      const figures = (10 * groups + 16 * n * c) / (n * c * h * w);
      for (const [i, { dispatches, passes }] of found.entries()) {
        expect(dispatches, `${name}: ${show(found)}; batch norm: ${show(most)}`).toBeLessThanOrEqual(
          most[i]?.dispatches as number,
        );
        expect(passes, `${name}: ${show(found)}; batch norm: ${show(most)}`).toBeLessThanOrEqual(
          (most[i]?.passes as number) + figures,
        );
      }
    }
  });
});

/** On CPU adapters short groups are an invocation's: here are those that GPUs run, with lanes that have no value. */
describe('a workgroup makes a group of any size', () => {
  it.each([
    [[2, 4, 3, 3], 2],
    [[1, 6, 1, 5], 6],
    [[3, 8, 9, 7], 2],
    [[1, 2, 40, 41], 1],
  ] as const)('%j in %d', async (shape, groups) => {
    const [x, weight, bias] = [random('x', shape), random('weight', [shape[1]]), random('bias', [shape[1]])];
    const graph = trace(({ x, weight, bias }) => groupNorm(x as Tensor, groups, { weight, bias }), {
      x: shape,
      weight: [shape[1]],
      bias: [shape[1]],
    });
    const { dispatches } = schedule(graph, { device: deviceOf(0) });
    expect(dispatches.map(({ kernel }) => kernel.name)).toEqual(['nn/norm']);
    const operands = { x: x.data, weight: weight.data, bias: bias.data, y: x.data.length, statistics: 3 * 64 };
    const y = await runCall(context(), dispatches[0] as KernelCall, operands, 'y');
    expectClose(y, norm(exact(x), ofChannels(shape, groups), exact(weight), exact(bias)).data, { maxAbsOfMax: 2e-6 });
  });

  it('rows too', async () => {
    const [x, weight] = [random('x', [5, 3, 70]), random('weight', [70])];
    const graph = trace(({ x, weight }) => layerNorm(x as Tensor, 70, { weight }), { x: x.shape, weight: [70] });
    const { dispatches } = schedule(graph, { device: deviceOf(0) });
    const operands = { x: x.data, weight: weight.data, y: x.data.length, statistics: 45 };
    const y = await runCall(context(), dispatches[0] as KernelCall, operands, 'y');
    expectClose(y, norm(exact(x), ofRows(70), exact(weight)).data, { maxAbsOfMax: 2e-6 });
  });
});
