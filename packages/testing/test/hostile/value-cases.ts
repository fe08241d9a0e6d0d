/** What a case of values.ts is computed with here, by the case's name up to a number or what follows. */
import { conv2d, convTranspose2d, linear, matmul } from '@infnet/conv';
import { applyOne, type Operator, type Shape, type Tensor } from '@infnet/core';
import { fillOperator } from '@infnet/core/kernels';
import * as nn from '@infnet/nn';
import { product } from '@infnet/partial-decoder';
import { addResized, reverseAttention } from '@infnet/reverse-attention';
import {
  bce,
  bceWithLogits,
  boundaryLoss,
  classDiceLoss,
  crossEntropy,
  diceLoss,
  focalLoss,
  jointLoss,
  tverskyLoss,
} from '@infnet/trainer';

export type Inputs = Readonly<Record<string, Tensor>>;
type Compute = (inputs: Inputs) => Tensor;

const of = (inputs: Inputs, name: string): Tensor => inputs[name] as Tensor;
const x =
  (compute: (x: Tensor) => Tensor): Compute =>
  (inputs) =>
    compute(of(inputs, 'x'));
const ab =
  (compute: (a: Tensor, b: Tensor) => Tensor): Compute =>
  (i) =>
    compute(of(i, 'a'), of(i, 'b'));
const xt =
  (compute: (x: Tensor, t: Tensor) => Tensor): Compute =>
  (i) =>
    compute(of(i, 'x'), of(i, 't'));
const trained: Compute = (i) =>
  nn.batchNorm2d(of(i, 'x'), of(i, 'w'), of(i, 'b'), of(i, 'b'), of(i, 'w'), { training: true });
const norm =
  (apply: (x: Tensor, options: nn.NormOptions) => Tensor): Compute =>
  (i) =>
    apply(of(i, 'x'), { weight: of(i, 'w'), bias: of(i, 'b') });
const running: Compute = (i) => nn.batchNorm2d(of(i, 'x'), of(i, 'w'), of(i, 'b'), of(i, 'm'), of(i, 'v'));

export const computations: Readonly<Record<string, Compute>> = {
  relu: x(nn.relu),
  leakyRelu: x((v) => nn.leakyRelu(v, 0.125)),
  sigmoid: x(nn.sigmoid),
  softmax: x((v) => nn.softmax(v)),
  'softmax of a row': x((v) => nn.softmax(v, { axis: -1 })),
  logSoftmax: x((v) => nn.logSoftmax(v)),
  max: x((v) => nn.max(v, { axes: [2, 3] })),
  min: x((v) => nn.min(v, { axes: [1], keepDims: true })),
  argmax: x((v) => nn.argmax(v, { axis: 3 })),
  argmin: x((v) => nn.argmin(v)),
  variance: x((v) => nn.variance(v, { axes: [3] })),
  add: ab(nn.add),
  sub: ab(nn.sub),
  mul: ab(nn.mul),
  div: ab(nn.div),
  addRelu: ab((a, b) => nn.relu(nn.add(a, b))),
  addScalar: x((v) => nn.addScalar(v, 2.5)),
  mulScalar: x((v) => nn.mulScalar(v, 0)),
  silu: x(nn.silu),
  gelu: x(nn.gelu),
  'gelu tanh': x((v) => nn.gelu(v, { approximate: 'tanh' })),
  mish: x(nn.mish),
  softplus: x(nn.softplus),
  elu: x((v) => nn.elu(v, 0.75)),
  tanh: x(nn.tanh),
  relu6: x(nn.relu6),
  hardsigmoid: x(nn.hardsigmoid),
  hardswish: x(nn.hardswish),
  clamp: x((v) => nn.clamp(v, { min: -0.5, max: 1.5 })),
  'clamp min': x((v) => nn.clamp(v, { min: 0.25 })),
  'clamp max': x((v) => nn.clamp(v, { max: 0.25 })),
  abs: x(nn.abs),
  exp: x(nn.exp),
  log: x(nn.log),
  sqrt: x(nn.sqrt),
  rsqrt: x(nn.rsqrt),
  sin: x(nn.sin),
  cos: x(nn.cos),
  erf: x(nn.erf),
  square: x((v) => nn.pow(v, 2)),
  'pow 3': x((v) => nn.pow(v, 3)),
  'pow -2': x((v) => nn.pow(v, -2)),
  'pow 2.5': x((v) => nn.pow(v, 2.5)),
  'pow 0': x((v) => nn.pow(v, 0)),
  minimum: ab(nn.minimum),
  'minimum with ties': ab(nn.minimum),
  maximum: ab(nn.maximum),
  'maximum with ties': ab(nn.maximum),
  pow: ab(nn.pow),
  'pow with ties': ab(nn.pow),
  equal: ab(nn.equal),
  'equal 1.5': (i) => nn.equal(of(i, 'a'), 1.5),
  notEqual: ab(nn.notEqual),
  'notEqual 1.5': (i) => nn.notEqual(of(i, 'a'), 1.5),
  less: ab(nn.less),
  'less 1.5': (i) => nn.less(of(i, 'a'), 1.5),
  lessEqual: ab(nn.lessEqual),
  'lessEqual 1.5': (i) => nn.lessEqual(of(i, 'a'), 1.5),
  greater: ab(nn.greater),
  'greater 1.5': (i) => nn.greater(of(i, 'a'), 1.5),
  greaterEqual: ab(nn.greaterEqual),
  'greaterEqual 1.5': (i) => nn.greaterEqual(of(i, 'a'), 1.5),
  where: (i) => nn.where(of(i, 'c'), of(i, 'a'), of(i, 'b')),
  prelu: ab(nn.prelu),
  sum: x((v) => nn.sum(v, { axes: [2, 3] })),
  mean: x((v) => nn.mean(v, { axes: [1], keepDims: true })),

  'maxPool2d 2 1': x((v) => nn.maxPool2d(v, 2, { stride: 1 })),
  'maxPool2d 3 1 1': x((v) => nn.maxPool2d(v, 3, { stride: 1, padding: 1 })),
  'maxPool2d 3 2 1 ceil': x((v) => nn.maxPool2d(v, 3, { stride: 2, padding: 1, ceilMode: true })),
  'maxPool2d 2 1 dilated': x((v) => nn.maxPool2d(v, 2, { stride: 1, dilation: 2 })),
  'maxPool2d row': x((v) => nn.maxPool2d(v, [1, 5], { stride: 1, padding: [0, 2] })),
  'maxPool2d column': x((v) => nn.maxPool2d(v, [3, 1], { stride: 1 })),
  'maxPool2d 5 1 2': x((v) => nn.maxPool2d(v, 5, { stride: 1, padding: 2 })),
  'maxPool2d of -Infinity': x((v) => nn.maxPool2d(v, 2)),
  'avgPool2d 2 2': x((v) => nn.avgPool2d(v, 2)),
  'avgPool2d 3 1 1 without padding': x((v) => nn.avgPool2d(v, 3, { stride: 1, padding: 1, countIncludePad: false })),
  'avgPool2d 5 1 2': x((v) => nn.avgPool2d(v, 5, { stride: 1, padding: 2 })),

  'interpolate 2': x((v) => nn.interpolate(v, { scaleFactor: 2 })),
  'interpolate same': x((v) => nn.interpolate(v, { size: [3, 4] })),
  'interpolate wider': x((v) => nn.interpolate(v, { size: [3, 7] })),
  'interpolate taller, aligned': x((v) => nn.interpolate(v, { size: [5, 4], alignCorners: true })),
  'interpolate smaller': x((v) => nn.interpolate(v, { size: [2, 2] })),
  'interpolate by 1.1 of 5': x((v) => nn.interpolate(v, { scaleFactor: 1.1 })),

  'batchNorm2d in training': trained,
  'batchNorm2d in training, relu': (i) => nn.relu(trained(i)),
  batchNorm2d: running,
  'batchNorm2d, residual, relu': (i) => nn.relu(nn.add(running(i), of(i, 'r'))),

  groupNorm: norm((x, options) => nn.groupNorm(x, 2, options)),
  'groupNorm, relu': (i) => nn.relu(nn.groupNorm(of(i, 'x'), 2, { weight: of(i, 'w'), bias: of(i, 'b') })),
  instanceNorm2d: norm(nn.instanceNorm2d),
  layerNorm: norm((x, options) => nn.layerNorm(x, [3, 3], options)),
  layerNorm2d: norm(nn.layerNorm2d),

  conv2d: (i) => conv2d(of(i, 'x'), of(i, 'w'), of(i, 'b'), { padding: 1 }),
  'conv2d, relu': (i) => nn.relu(conv2d(of(i, 'x'), of(i, 'w'), of(i, 'b'), { padding: 1 })),
  'conv2d 1x1, relu': (i) => nn.relu(conv2d(of(i, 'x'), of(i, 'w'), of(i, 'b'))),
  'conv2d depthwise, relu': (i) => nn.relu(conv2d(of(i, 'x'), of(i, 'w'), of(i, 'b'), { padding: 1, groups: 4 })),
  'conv2d stride 2 with a residual, relu': (i) =>
    nn.relu(nn.add(conv2d(of(i, 'x'), of(i, 'w'), undefined, { padding: 1, stride: 2 }), of(i, 'r'))),
  convTranspose2d: (i) => convTranspose2d(of(i, 'x'), of(i, 'w'), of(i, 'b'), { stride: 2, padding: 1 }),
  'convTranspose2d of groups, relu': (i) => nn.relu(convTranspose2d(of(i, 'x'), of(i, 'w'), of(i, 'b'), { groups: 2 })),
  linear: (i) => linear(of(i, 'x'), of(i, 'w'), of(i, 'b')),
  matmul: ab(matmul),
  'matmul of transposed': ab((a, b) => matmul(a, b, { transposeA: true, transposeB: true })),

  'product of 2': ab((a, b) => product([a, b])),
  'product of 3': (i) => product([of(i, 'a'), of(i, 'b'), of(i, 'c')]),
  reverseAttention: (i) => reverseAttention(of(i, 'x'), of(i, 'z')),
  'reverseAttention resized': (i) => reverseAttention(of(i, 'x'), of(i, 'z')),
  addResized: (i) => addResized(of(i, 'x'), of(i, 'z')),

  bceWithLogits: xt(bceWithLogits),
  bce: xt((p, t) => bce(p, nn.detach(t))),
  crossEntropy: x((v) => crossEntropy(v, labelsOf(v))),
  pixelEntropy: x((v) => crossEntropy(v, labelsOf(v), { weights: [0.5, 2, 1], labelSmoothing: 0.3 })),
  focalLoss: x((v) => focalLoss(v, labelsOf(v))),
  'crossEntropy of a distribution': xt(crossEntropy),
  boundaryLoss: xt((p, t) => boundaryLoss(p, t)),
  classDiceLoss: x((v) => classDiceLoss(v, labelsOf(v), { smooth: 1 })),
  tverskyLoss: x((v) => tverskyLoss(v, labelsOf(v), { alpha: 0.3, beta: 0.7, smooth: 1, squared: true })),
  diceLoss: xt((p, t) => diceLoss(p, t)),
  jointLoss: xt((p, t) => jointLoss(p, nn.detach(t))),
};

/** Class 0 everywhere, as in the script: a constant of the graph. */
function labelsOf(v: Tensor): Tensor {
  const [n = 1, , ...size] = v.shape;
  return applyOne(zeroLabels, [v], { shape: [n, ...size] });
}

/** 0 in all 32 bits is label 0. */
const zeroLabels: Operator<{ readonly shape: Shape }> = {
  name: 'zeroLabels',
  infer: (_inputs, { shape }) => [{ shape, dtype: 'u32' }],
  lower: (context) =>
    fillOperator.lower({
      ...context,
      inputs: [],
      attributes: { ...context.attributes, value: 0 },
    } as never),
  stopsGradient: true,
};
