/** Every exported operator by itself, ours against onnxruntime's CPU provider. */
import { conv2d, convTranspose2d, linear, matmul } from '@infnet/conv';
import { stack } from '@infnet/conv-block';
import { type Context, open, type Shape, type Tensor, type TraceResult, trace } from '@infnet/core';
import {
  abs,
  add,
  addScalar,
  avgPool2d,
  batchNorm2d,
  broadcastTo,
  clamp,
  concat,
  cos,
  div,
  elu,
  equal,
  erf,
  exp,
  gelu,
  greater,
  greaterEqual,
  groupNorm,
  hardsigmoid,
  hardswish,
  instanceNorm2d,
  interpolate,
  layerNorm,
  layerNorm2d,
  leakyRelu,
  less,
  lessEqual,
  log,
  logSoftmax,
  max,
  maximum,
  maxPool2d,
  mean,
  min,
  minimum,
  mish,
  mul,
  mulScalar,
  narrow,
  notEqual,
  pad2d,
  pow,
  prelu,
  relu,
  relu6,
  reshape,
  rsqrt,
  sigmoid,
  silu,
  sin,
  slice,
  softmax,
  softplus,
  split,
  sqrt,
  sub,
  sum,
  tanh,
  variance,
  where,
} from '@infnet/nn';
import { placeInZeros, sumTo } from '@infnet/nn/kernels';
import { product } from '@infnet/partial-decoder';
import { addResized, reverseAttention } from '@infnet/reverse-attention';
import { afterAll, beforeAll, describe } from 'vitest';
import { compareWithOrt, hostTensor, itWithOrt } from './support/onnxruntime.js';

let context: Context;
beforeAll(async () => {
  context = await open({ onMessage: () => {} });
});
afterAll(() => context.dispose());

type Inputs = Readonly<Record<'a' | 'b' | 'c' | 'd' | 'e', Tensor>>;

/** A function of one to five inputs, and their shapes. */
function check(name: string, fn: (inputs: Inputs) => TraceResult, ...shapes: readonly Shape[]): void {
  itWithOrt(name, async () => {
    const names = ['a', 'b', 'c', 'd', 'e'] as const;
    const inputs = Object.fromEntries(shapes.map((shape, i) => [names[i] as string, hostTensor(shape, i + 1)]));
    const graph = trace(
      fn as (inputs: Readonly<Record<string, Tensor>>) => TraceResult,
      Object.fromEntries(Object.entries(inputs).map(([key, { shape }]) => [key, shape])),
    );
    await compareWithOrt(context, graph, inputs, new Map(), { within: 3e-6 });
  });
}

const MAP: Shape = [2, 6, 11, 9];

describe('convolution', () => {
  const conv = (name: string, weight: Shape, options: Parameters<typeof conv2d>[3]): void =>
    check(name, ({ a, b, c }) => conv2d(a, b, c, options), MAP, weight, [weight[0] as number]);
  conv('3x3, stride 2, padding', [4, 6, 3, 3], { stride: 2, padding: 1 });
  conv('1x7, padded along one side', [4, 6, 1, 7], { padding: [0, 3] });
  conv('2x4, same: more padding at the end', [4, 6, 2, 4], { padding: 'same' });
  conv('3x3, dilation 3 and 2, stride 1 and 2', [4, 6, 3, 3], { dilation: [3, 2], padding: [3, 2], stride: [1, 2] });
  conv('groups', [4, 3, 3, 3], { groups: 2, padding: 1 });
  conv('depthwise', [6, 1, 3, 3], { groups: 6 });
  check(
    'weights of two convolutions as one',
    ({ a, b, c }) => conv2d(a, stack([b, c])),
    MAP,
    [2, 6, 1, 1],
    [3, 6, 1, 1],
  );
});

describe('transposed convolution', () => {
  const conv = (name: string, weight: Shape, out: number, options: Parameters<typeof convTranspose2d>[3]): void =>
    check(name, ({ a, b, c }) => convTranspose2d(a, b, c, options), MAP, weight, [out]);
  conv('2x2, stride 2', [6, 4, 2, 2], 4, { stride: 2 });
  conv('3x2, uneven', [6, 2, 3, 2], 4, { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2], groups: 2 });
  conv('depthwise, dilation 3', [6, 1, 3, 3], 6, { dilation: 3, outputPadding: 2, padding: 1, groups: 6 });
});

describe('products of matrices', () => {
  check('linear of rows', ({ a, b, c }) => linear(a, b, c), [6, 5], [3, 5], [3]);
  check('linear with more dimensions', ({ a, b, c }) => linear(a, b, c), [2, 6, 5], [3, 5], [3]);
  check('matmul', ({ a, b }) => matmul(a, b), [2, 3, 4], [2, 4, 5]);
  check('both transposed', ({ a, b }) => matmul(a, b, { transposeA: true, transposeB: true }), [2, 4, 3], [2, 5, 4]);
});

describe('resizing', () => {
  for (const alignCorners of [true, false]) {
    for (const size of [
      [22, 18],
      [5, 4],
      [23, 7],
      [1, 1],
      [11, 30],
    ] as const) {
      check(
        `to ${size.join(' x ')}, ${alignCorners ? 'corners aligned' : 'corners not aligned'}`,
        ({ a }) => interpolate(a, { size, alignCorners }),
        MAP,
      );
    }
    check(
      `by 2, ${alignCorners ? 'corners aligned' : 'corners not aligned'}`,
      ({ a }) => interpolate(a, { scaleFactor: 2, alignCorners }),
      MAP,
    );
  }
  check('by a factor that the sizes do not give back', ({ a }) => interpolate(a, { scaleFactor: 2.5 }), MAP);
  check('and adding', ({ a, b }) => addResized(a, b), MAP, [2, 6, 3, 4]);
  check('in reverse attention', ({ a, b }) => reverseAttention(a, b), MAP, [2, 1, 5, 4]);
  check('reverse attention at one size', ({ a, b }) => reverseAttention(a, b), MAP, [2, 1, 11, 9]);
});

describe('pooling', () => {
  for (const ceilMode of [false, true]) {
    for (const [kernel, stride, padding] of [
      [2, 2, 0],
      [3, 2, 1],
      [3, 1, 1],
      [3, 3, 1],
      [
        [3, 2],
        [2, 3],
        [1, 1],
      ],
    ] as const) {
      const title = `${[kernel].flat().join('x')}, stride ${stride}, padding ${padding}${ceilMode ? ', ceil mode' : ''}`;
      check(`maximum ${title}`, ({ a }) => maxPool2d(a, kernel, { stride, padding, ceilMode }), MAP);
      for (const countIncludePad of [true, false]) {
        check(
          `mean ${title}, padding ${countIncludePad ? 'counts' : 'does not count'}`,
          ({ a }) => avgPool2d(a, kernel, { stride, padding, ceilMode, countIncludePad }),
          MAP,
        );
      }
    }
  }
  for (const [dilation, stride, padding] of [
    [3, 4, 0],
    [3, 4, 1],
    [4, 3, 1],
    [[1, 4], [3, 5], 0],
  ] as const) {
    check(
      `maximum, dilation ${dilation}, stride ${stride}, padding ${padding}, ceil mode`,
      ({ a }) => maxPool2d(a, [3, 2], { dilation, stride, padding, ceilMode: true }),
      [2, 3, 12, 11],
    );
  }
  check('maximum, dilated', ({ a }) => maxPool2d(a, 3, { dilation: 2, stride: 2, padding: 1, ceilMode: true }), MAP);
});

describe('placement', () => {
  check('split and concat', ({ a }) => concat(split(a, [1, 3, 2]).toReversed()), MAP);
  check('split along rows, concat along columns', ({ a }) => split(a, [5, 6], 2).map((x) => concat([x, x], 3)), MAP);
  check('narrow and slice', ({ a }) => [narrow(a, 1, 2, 3), slice(a, 2, -4, -1)], MAP);
  check('padding and cropping', ({ a }) => pad2d(a, { top: 1, bottom: -2, left: -1, right: 3 }), MAP);
  check('reshape', ({ a }) => [reshape(a, [2, -1]), reshape(a, [12, 99])], MAP);
});

describe('values', () => {
  check(
    'norms of groups',
    ({ a, b }) => {
      const affine = { weight: b, bias: b };
      return [groupNorm(a, 3, affine), groupNorm(a, 2), groupNorm(a, 1, { bias: b }), instanceNorm2d(a, affine)];
    },
    MAP,
    [6],
  );
  check('plain instance norm', ({ a }) => instanceNorm2d(a), MAP);
  check('group norm of vectors', ({ a, b }) => groupNorm(a, 2, { weight: b }), [3, 6], [6]);
  check(
    'layer norms',
    ({ a, b, c }) => [
      layerNorm(a, [11, 9], { weight: b, bias: b }),
      layerNorm(a, [6, 11, 9]),
      layerNorm(a, 9, { eps: 0.1 }),
      layerNorm2d(a, { weight: c, bias: c }),
      layerNorm2d(a),
    ],
    MAP,
    [11, 9],
    [6],
  );
  check('activations', ({ a }) => [relu(a), sigmoid(a), leakyRelu(a, 0.2), softmax(a)], MAP);
  check('smooth activations', ({ a }) => [silu(a), gelu(a), mish(a), softplus(a), elu(a, 0.5), tanh(a), erf(a)], MAP);
  check('gelu by tanh', ({ a }) => gelu(a, { approximate: 'tanh' }), MAP);
  check('softplus of a beta', ({ a }) => softplus(a, { beta: 2.5 }), MAP);
  check(
    'activations of pieces',
    ({ a }) => [relu6(mulScalar(a, 9)), hardsigmoid(mulScalar(a, 5)), hardswish(mulScalar(a, 5)), abs(a)],
    MAP,
  );
  check('clamp', ({ a }) => [clamp(a, { min: -0.5, max: 0.25 }), clamp(a, { min: 0.1 }), clamp(a, { max: 0.1 })], MAP);
  check(
    'powers and angles',
    ({ a, b }) => [exp(a), log(abs(a)), sqrt(abs(a)), rsqrt(addScalar(a, 2)), pow(a, 2), pow(a, 3), pow(abs(a), b)],
    MAP,
    MAP,
  );
  check('sin and cos', ({ a }) => [sin(mulScalar(a, 20)), cos(mulScalar(a, 20))], MAP);
  check('prelu', ({ a, b }) => prelu(a, b), MAP, [6]);
  check(
    'choices',
    ({ a, b }) => [minimum(a, b), maximum(a, b), where(greater(a, 0), a, b), where(notEqual(a, b), b, a)],
    MAP,
    [6, 1, 9],
  );
  check(
    'comparisons',
    ({ a, b }) => [equal(a, a), notEqual(a, 0), less(a, b), lessEqual(a, 0.25), greater(a, b), greaterEqual(a, b)],
    MAP,
    MAP,
  );
  check(
    'arithmetic',
    ({ a, b }) => [add(a, b), sub(a, b), mul(a, b), div(b, addScalar(mulScalar(a, 0.5), 2))],
    MAP,
    MAP,
  );
  check('broadcasting to more dimensions', ({ a, b }) => [add(a, b), sub(b, a), div(a, b)], [5, 3], [2, 1, 3]);
  check('a sum to a smaller shape', ({ a }) => [sumTo(a, [6, 1, 9], 0.5), sumTo(a, MAP), sumTo(a, [1, 6, 11, 1])], MAP);
  check('repeating', ({ a }) => [broadcastTo(a, MAP, 2), broadcastTo(a, [6, 11, 9])], [6, 1, 9]);
  check('placing among zeros', ({ a }) => [placeInZeros(a, 1, 2, 10), placeInZeros(a, 3, 0, 12)], MAP);
  check('broadcasting', ({ a, b }) => [add(a, b), mul(b, a)], MAP, [1, 6, 1, 1]);
  check('products', ({ a, b, c }) => [product([a, b]), product([a, b, c])], MAP, MAP, MAP);
  check(
    'largest and smallest',
    ({ a }) => [max(a), min(a, { axes: [1, 3] }), max(a, { axes: [2], keepDims: true })],
    MAP,
  );
  check('variance', ({ a }) => [variance(a), variance(a, { axes: [1, 3], correction: 0, keepDims: true })], MAP);
  check(
    'softmax along any dimension',
    ({ a }) => [softmax(a, { axis: 3 }), logSoftmax(a), logSoftmax(a, { axis: 0 })],
    MAP,
  );
  check('reductions', ({ a }) => [sum(a), mean(a, { axes: [2, 3] }), sum(a, { axes: [1], keepDims: true })], MAP);
  check(
    'batch norm',
    ({ a, b, c, d, e }) => batchNorm2d(a, b, c, d, addScalar(e, 1.5), { eps: 0.1 }),
    MAP,
    [6],
    [6],
    [6],
    [6],
  );
});
