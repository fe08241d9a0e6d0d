/**
 * A misspelt option would leave its default in place without a word: each function and module says that there is none.
 */
import { fromDevice, open, Parameter, ParameterStore, preparePlan, type Tensor, trace } from '@infnet/core';
import { tune } from '@infnet/core/tune';
import { describe, expect, it } from 'vitest';
import {
  AvgPool2d,
  argmax,
  argmin,
  avgPool2d,
  BatchNorm2d,
  batchNorm2d,
  batchNorm2dTraining,
  GroupNorm,
  groupNorm,
  InstanceNorm2d,
  instanceNorm2d,
  instanceNorm2dRunning,
  instanceNorm2dTraining,
  interpolate,
  LayerNorm,
  LayerNorm2d,
  layerNorm,
  layerNorm2d,
  logSoftmax,
  MaxPool2d,
  max,
  maxPool2d,
  mean,
  min,
  pad2d,
  resizeNearest,
  softmax,
  sum,
  Upsample,
  variance,
  ZeroPad2d,
} from '../src/index.js';
import { useContext } from './support/harness.js';

const context = useContext();
const wrong = (name: string, more: object = {}): never => ({ ...more, [name]: 1 }) as never;
const graphOf = (fn: (x: Tensor) => Tensor) => trace(({ x }) => fn(x), { x: [1, 4, 8, 8] });

describe('a misspelt option is refused by', () => {
  it.each<[string, (x: Tensor) => unknown]>([
    ['interpolate', (x) => interpolate(x, wrong('align_corners', { scaleFactor: 2 }))],
    ['resizeNearest', (x) => resizeNearest(x, [4, 4], wrong('aligncorners'))],
    ['sum', (x) => sum(x, wrong('axis'))],
    ['mean', (x) => mean(x, wrong('keepdims'))],
    ['max', (x) => max(x, wrong('axis'))],
    ['min', (x) => min(x, wrong('dim'))],
    ['argmax', (x) => argmax(x, wrong('axes'))],
    ['argmin', (x) => argmin(x, wrong('keepdims'))],
    ['variance', (x) => variance(x, wrong('unbiased'))],
    ['softmax', (x) => softmax(x, wrong('dim'))],
    ['logSoftmax', (x) => logSoftmax(x, wrong('axes'))],
    ['avgPool2d', (x) => avgPool2d(x, 2, wrong('count_include_pad'))],
    ['maxPool2d', (x) => maxPool2d(x, 2, wrong('ceil_mode'))],
    ['pad2d', (x) => pad2d(x, wrong('rigth'))],
    ['batchNorm2d', (x) => batchNorm2d(x, x, x, x, x, wrong('epsilon'))],
    ['batchNorm2d in training', (x) => batchNorm2d(x, x, x, x, x, wrong('epsilon', { training: true }))],
    ['batchNorm2dTraining', (x) => batchNorm2dTraining(x, x, x, x, x, wrong('momentun'))],
    ['groupNorm', (x) => groupNorm(x, 2, wrong('epsilon'))],
    ['instanceNorm2d', (x) => instanceNorm2d(x, wrong('momentum'))],
    ['instanceNorm2dTraining', (x) => instanceNorm2dTraining(x, wrong('mean', { runningMean: x, runningVar: x }))],
    ['instanceNorm2dRunning', (x) => instanceNorm2dRunning(x, wrong('momentum', { runningMean: x, runningVar: x }))],
    ['layerNorm', (x) => layerNorm(x, 8, wrong('elementwiseAffine'))],
    ['layerNorm2d', (x) => layerNorm2d(x, wrong('epsilon'))],
    ['GroupNorm', () => new GroupNorm(2, 4, wrong('epsilon'))],
    ['InstanceNorm2d', () => new InstanceNorm2d(4, wrong('track'))],
    ['LayerNorm', () => new LayerNorm(4, wrong('affine'))],
    ['LayerNorm2d', () => new LayerNorm2d(4, wrong('affine'))],
    ['Upsample', () => new Upsample(wrong('scale', { size: [2, 2] }))],
    ['ZeroPad2d', () => new ZeroPad2d(wrong('up'))],
    ['AvgPool2d', () => new AvgPool2d(2, wrong('pad'))],
    ['MaxPool2d', () => new MaxPool2d(2, wrong('strides'))],
    ['BatchNorm2d', () => new BatchNorm2d(4, wrong('epsilon'))],
    ['Parameter', () => new Parameter([4], wrong('roles'))],
    ['ParameterStore', () => new ParameterStore(context(), [], wrong('value'))],
    ['wrapBuffer', () => context().wrapBuffer({} as never, wrong('offest', { shape: [1] }))],
    ['fromDevice', () => fromDevice(context().device, wrong('onMesage'))],
    ['fromDevice, of what is experimental', () => fromDevice(context().device, { experimental: wrong('subgroups') })],
  ])('%s', (_, make) => {
    const attempt = (): unknown =>
      trace(
        ({ x }) => {
          make(x);
          return x;
        },
        { x: [1, 4, 8, 8] },
      );
    expect(attempt).toThrow(/OPTION_UNKNOWN.*There are:/s);
  });

  it('open, tune, Plan.run and Plan.profile', async () => {
    await expect(open(wrong('adaptor'))).rejects.toThrow(/OPTION_UNKNOWN/);
    const graph = graphOf((x) => sum(x));
    await expect(tune(context(), graph, wrong('round'))).rejects.toThrow(/OPTION_UNKNOWN/);
    using plan = await preparePlan(context(), graph);
    const x = new Float32Array(256);
    for (const nothing of [null, 5, 'x', []]) {
      await expect(plan.run({ x }, nothing as never)).rejects.toThrow(/OPTION_INVALID/);
      await expect(preparePlan(context(), graph, nothing as never)).rejects.toThrow(/OPTION_INVALID/);
      expect(() => new BatchNorm2d(4, nothing as never)).toThrow(/OPTION_INVALID/);
    }
    await expect(plan.run({ x }, wrong('reads'))).rejects.toThrow(/OPTION_UNKNOWN/);
    await expect(plan.profile({ x }, wrong('signal'))).rejects.toThrow(/OPTION_UNKNOWN/);
  });
});

it('a word that is none of those that there are is refused by parameters and stores', () => {
  expect(() => new Parameter([1], { role: 'bufer' as never })).toThrow(/OPTION_INVALID.*"bufer"/);
  expect(() => new Parameter([1], { dtype: 'f64' as never })).toThrow(/OPTION_INVALID/);
  expect(() => new ParameterStore(context(), [], { values: 'zero' as never })).toThrow(/OPTION_INVALID/);
});
