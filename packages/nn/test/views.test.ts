/**
 * Every operator reads channel ranges of larger tensors and writes into them, so that joins and splits cost nothing.
 */
import { schedule, type Tensor, trace } from '@infnet/core';
import { expectClose } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  add,
  avgPool2d,
  batchNorm2d,
  broadcastTo,
  concat,
  groupNorm,
  instanceNorm2d,
  interpolate,
  layerNorm,
  layerNorm2d,
  leakyRelu,
  logSoftmax,
  max,
  maxPool2d,
  mean,
  min,
  mul,
  mulScalar,
  narrow,
  pad2d,
  relu,
  sigmoid,
  softmax,
  variance,
} from '../src/index.js';
import { sumTo } from '../src/kernels.js';
import { type Host, random, runWithGradients, type Tensors, useContext } from './support/harness.js';

useContext();

const t = (inputs: Tensors, name: string): Tensor => inputs[name] as Tensor;

/** Operators of a tensor [N, 3, H, W] and of per-channel figures c [3], d [3]. */
const OPERATORS: Readonly<Record<string, (x: Tensor, c: Tensor, d: Tensor) => Tensor>> = {
  relu,
  leakyRelu: (x) => leakyRelu(x, 0.3),
  sigmoid,
  mulScalar: (x) => mulScalar(x, -2),
  add: (x) => add(x, sigmoid(x)),
  'mul by a channel': (x) => mul(x, narrow(x, 1, 1, 1)),
  'mul by a row': (x) => mul(x, mean(x, { axes: [2], keepDims: true })),
  'batchNorm2d in inference': (x, c, d) => batchNorm2d(x, c, d, c, d),
  'batchNorm2d in training': (x, c, d) => batchNorm2d(x, c, d, c, d, { training: true }),
  'groupNorm of one group': (x, c, d) => groupNorm(x, 1, { weight: c, bias: d }),
  instanceNorm2d: (x, c) => instanceNorm2d(x, { weight: c }),
  layerNorm: (x) => layerNorm(x, x.shape.slice(2)),
  layerNorm2d: (x, c, d) => layerNorm2d(x, { weight: c, bias: d }),
  maxPool2d: (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }),
  avgPool2d: (x) => avgPool2d(x, 2, { stride: 1, padding: 1 }),
  'avgPool2d in two passes': (x) => avgPool2d(x, 5, { stride: 1, padding: 2, countIncludePad: false }),
  'interpolate up': (x) => interpolate(x, { scaleFactor: 2 }),
  'interpolate down': (x) => interpolate(x, { size: [3, 2], alignCorners: true }),
  pad2d: (x) => pad2d(x, { top: 1, left: -1 }),
  softmax: (x) => softmax(x),
  'softmax along rows': (x) => softmax(x, { axis: 3 }),
  'logSoftmax along the batch': (x) => logSoftmax(x, { axis: 0 }),
  max: (x) => max(x, { axes: [2], keepDims: true }),
  'min of two dimensions': (x) => min(x, { axes: [1, 3], keepDims: true }),
  variance: (x) => variance(x, { axes: [3], keepDims: true }),
  sumTo: (x) => sumTo(x, [2, 1, x.shape[2] as number, 1]),
  broadcastTo: (x) => broadcastTo(narrow(x, 1, 0, 1), x.shape, 2),
};

/** Areas that are and are not multiples of four. */
const SIZES = [
  [4, 8],
  [3, 5],
] as const;

describe.each(Object.entries(OPERATORS))('%s', (_name, operator) => {
  it.each(SIZES)('from a channel range into a join, with gradients, at %i x %i', async (h, w) => {
    const [wide, c, d] = [random('wide', [2, 5, h, w]), positive('c'), positive('d')];

    const x = { shape: [2, 3, h, w], data: wide.data.filter((_, i) => inRange(i, h * w)) };
    const alone = (i: Tensors): Tensor => operator(t(i, 'x'), t(i, 'c'), t(i, 'd'));
    // A pass before and after keeps inputs and outputs of the plan out of the way: they are never placed.
    const placed = (i: Tensors): Tensor => {
      const before = mulScalar(t(i, 'wide'), 1);
      const y = operator(narrow(before, 1, 1, 3), t(i, 'c'), t(i, 'd'));
      const other = operator(narrow(before, 1, 0, 3), t(i, 'c'), t(i, 'd'));
      const joined = concat([other, y], 1);
      return narrow(mulScalar(joined, 1), 1, y.shape[1] as number, y.shape[1] as number);
    };
    const graph = trace(placed, { wide: wide.shape, c: [3], d: [3] });
    const { dispatches } = schedule(graph, { fusion: false });
    expect(dispatches.filter((dispatch) => dispatch.operator === 'concat')).toHaveLength(0);

    const shape = trace(alone, { x: x.shape, c: [3], d: [3] }).outputs.get('output')?.shape as number[];
    const g = random('g', shape);
    const expected = await runWithGradients(alone, { x, c, d }, g, ['x']);
    const result = await runWithGradients(placed, { wide, c, d }, g, ['wide']);
    expectClose(result['y']?.data as Float32Array, (expected['y'] as Host).data, { maxAbs: 0 }, 'y');
    const dx = (result['d_wide'] as Host).data;
    expectClose(
      dx.filter((_, i) => inRange(i, h * w)),
      (expected['d_x'] as Host).data,
      { maxAbsOfMax: 1e-6 },
      'd_x',
    );
    expect(dx.filter((_, i) => !inRange(i, h * w)).every((v) => v === 0)).toBe(true);
  });
});

/** Whether value i of [2, 5, area] lies in channels 1 to 3. */
function inRange(i: number, area: number): boolean {
  const channel = Math.floor(i / area) % 5;
  return channel >= 1 && channel <= 3;
}

/** Three figures between 1 and 3. */
function positive(name: string): Host {
  return { shape: [3], data: random(name, [3]).data.map((v) => v + 2) };
}
