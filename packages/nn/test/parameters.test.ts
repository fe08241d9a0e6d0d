/** Numbers that an operator hands to its kernel are finite, wherever they come from. */
import { fill, schedule, type Tensor, trace } from '@infnet/core';
import { describe, expect, it } from 'vitest';
import {
  addScalar,
  batchNorm2d,
  batchNorm2dTraining,
  broadcastTo,
  groupNorm,
  instanceNorm2d,
  instanceNorm2dTraining,
  layerNorm,
  layerNorm2d,
  leakyRelu,
  mulScalar,
} from '../src/index.js';
import { sumTo } from '../src/kernels.js';

type Body = (x: Tensor, perChannel: readonly [Tensor, Tensor, Tensor, Tensor], value: number) => Tensor;

const BODIES: Readonly<Record<string, Body>> = {
  mulScalar: (x, _, value) => mulScalar(x, value),
  addScalar: (x, _, value) => addScalar(x, value),
  leakyRelu: (x, _, value) => leakyRelu(x, value),
  fill: (x, _, value) => fill(x.graph, [1, 3, 2, 2], value),
  sumTo: (x, _, value) => sumTo(x, [1, 3, 1, 1], value),
  broadcastTo: (_, [c], value) => broadcastTo(sumTo(c, [1]), [3], value),
  batchNorm2d: (x, given, eps) => batchNorm2d(x, ...given, { eps }),
  'batchNorm2d in training': (x, given, eps) => batchNorm2dTraining(x, ...given, { eps }).y,
  groupNorm: (x, _, eps) => groupNorm(x, 1, { eps }),
  layerNorm: (x, _, eps) => layerNorm(x, 2, { eps }),
  layerNorm2d: (x, _, eps) => layerNorm2d(x, { eps }),
  instanceNorm2d: (x, _, eps) => instanceNorm2d(x, { eps }),
  'momentum of instanceNorm2d': (x, [runningMean, runningVar], momentum) =>
    instanceNorm2dTraining(x, { runningMean, runningVar, momentum }).runningMean,
  'momentum of batchNorm2d': (x, given, momentum) => batchNorm2dTraining(x, ...given, { momentum }).runningMean,
};

describe.each(Object.entries(BODIES))('%s', (_, body) => {
  const graph = (value: number) =>
    trace(({ x, a, b, c, d }) => body(x, [a, b, c, d], value), { x: [2, 3, 2, 2], a: [3], b: [3], c: [3], d: [3] });

  it('takes a number', () => {
    expect(() => schedule(graph(0.5))).not.toThrow();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39, '1' as never, null as never])(
    'refuses %s',
    (value) => {
      const code = expect.stringMatching(/^(KERNEL_PARAMETERS|OPTION_INVALID|SHAPE_ATTRIBUTE)$/);
      expect(() => schedule(graph(value))).toThrow(expect.objectContaining({ code }));
    },
  );
});
