/** One right use of every exported kernel call, from which the wrong ones are made: the arguments. */

export interface CallCase {
  readonly args: readonly unknown[];
  /** Hostile finite values that are values all the same, as `.path=value`; offsets of 0 always are. */
  readonly allows?: readonly string[];
}

const shape = [2, 3, 8, 8];
const any = (path: string): string[] => [-1, 0, 0.5].map((value) => `${path}=${value}`);
const pool = { kernel: [2, 2], stride: [2, 2], padding: [1, 1], dilation: [1, 1], ceilMode: false, shape };
const pooled = { args: [pool], allows: ['.0.padding.0=0', '.0.padding.1=0'] };
const convolution = { input: shape, weight: [4, 3, 3, 3], padding: 1, stride: 1, dilation: 1, groups: 1 };
const convolved = { args: [convolution], allows: ['.0.padding=0'] };
const range = { offset: 4, batchStride: 192 };
const strides = ['.0.x.batchStride=0', '.0.g.batchStride=0'];
const pair = { args: [{ a: shape, b: [3, 1, 1] }] };
const statistics = {
  eps: 1e-5,
  momentum: 0.1,
  offsets: { statistics: 1, runningMean: 1, runningVar: 1, newMean: 1, newVar: 1 },
};
const moving = ['.eps=0', '.eps=0.5', '.momentum=0', '.momentum=0.5'];

export const callCases: Readonly<Record<string, CallCase>> = {
  'nn/batchNorm2dCall': { args: [{ shape, eps: 1e-5, x: range }], allows: ['.0.eps=0', '.0.eps=0.5', ...strides] },
  'nn/batchStatisticsCall': { args: [shape] },
  'nn/wholeStatisticsCall': { args: [shape, statistics], allows: moving.map((path) => `.1${path}`) },
  'nn/finalStatisticsCall': {
    args: [{ channels: 3, parts: 4, ...statistics }],
    allows: moving.map((path) => `.0${path}`),
  },
  'nn/mergeStatisticsCall': { args: [3, 100, 32] },
  'nn/mergeSumsCall': { args: [3, 100, 32] },
  'nn/finalSumsCall': { args: [3, 4] },
  'nn/batchNormGradientSumsCall': { args: [{ shape, eps: 1e-5, parts: 2 }], allows: ['.0.eps=0', '.0.eps=0.5'] },
  'nn/batchNormGradientInputCall': { args: [{ shape, eps: 1e-5, batch: false }], allows: ['.0.eps=0', '.0.eps=0.5'] },
  'nn/binaryCall': { args: ['leakyGradient', { a: shape, b: shape, alpha: 0.1 }], allows: any('.1.alpha') },
  'nn/reluCall': { args: [{ shape, x: range }], allows: strides },
  'nn/reluGradientCall': { args: [{ a: shape, b: shape }] },
  'nn/unaryCall': { args: ['affine', { shape, alpha: 2, beta: 1 }], allows: [...any('.1.alpha'), ...any('.1.beta')] },
  'nn/affineCall': { args: [{ shape, alpha: 2, beta: 1 }], allows: [...any('.0.alpha'), ...any('.0.beta')] },
  'nn/sigmoidCall': { args: [{ shape }] },
  'nn/addCall': pair,
  'nn/subCall': pair,
  'nn/mulCall': pair,
  'nn/divCall': pair,
  'nn/copyCall': {
    args: [
      {
        batch: 2,
        rows: 3,
        length: 8,
        x: { offset: 1, batchStride: 24, rowStride: 8 },
        y: { offset: 1, batchStride: 24, rowStride: 8 },
      },
    ],
    allows: ['x', 'y'].flatMap((name) => [`.0.${name}.batchStride=0`, `.0.${name}.rowStride=0`]),
  },
  'nn/pad2dCall': {
    args: [{ shape, top: 1, bottom: 1, left: 2, right: 2 }],
    allows: ['top', 'bottom', 'left', 'right'].flatMap((side) => [`.0.${side}=0`, `.0.${side}=-1`]),
  },
  'nn/reduceCall': {
    args: [
      {
        kept: [{ size: 3, strides: [8, 8, 1] }],
        reduced: [{ size: 8, strides: [1, 1] }],
        product: true,
        scale: 0.5,
        parts: 1,
        yPart: 1,
        offsets: { x: 1, z: 1, y: 1 },
      },
    ],
    allows: [
      ...any('.0.scale'),
      '.0.yPart=0',
      ...['.0.kept.0.strides', '.0.reduced.0.strides'].flatMap((path) => [0, 1, 2].map((i) => `${path}.${i}=0`)),
    ],
  },
  'nn/avgPool2dCall': { ...pooled, args: [{ ...pool, countIncludePad: true }] },
  'nn/avgPool2dGradientCall': { ...pooled, args: [{ ...pool, countIncludePad: true }] },
  'nn/maxPool2dCall': pooled,
  'nn/maxPoolWinnerCall': pooled,
  'nn/maxPoolGradientCall': pooled,
  'nn/interpolateCall': { args: [{ shape, size: [5, 6], alignCorners: false, ratio: undefined }] },
  'nn/resizeNearestCall': { args: [{ shape, size: [5, 6], alignCorners: false }] },
  'nn/linearGradientCall': {
    args: [{ batch: 2, planes: 3, input: 8, output: 5, inner: 8, scale: 1.6, half: 0.5, g: range, d: range }],
    allows: ['.0.scale=0', '.0.scale=0.5', '.0.half=0', '.0.half=0.5', '.0.g.batchStride=0', '.0.d.batchStride=0'],
  },
  'nn/softmaxCall': { args: [{ shape }] },

  'conv/conv2dCall': convolved,
  'conv/conv2dInputGradientCall': convolved,
  'conv/conv2dWeightGradientCalls': convolved,
  'conv/conv2dBiasGradientCalls': { args: [[2, 4, 8, 8]] },
  'conv/foldBatchNormCall': { args: [4, 1e-5, false], allows: ['.1=0', '.1=0.5'] },

  'conv-block/stackCall': { args: [{ sizes: [3, 4] }] },
  'res2net/splitStepCall': { args: [{ shape, ranges: { part: range } }], allows: ['.0.ranges.part.batchStride=0'] },
  'partial-decoder/productCall': { args: [{ shape, factors: 2 }] },
  'partial-decoder/productGradientCall': { args: [{ shape, factors: 3 }] },
  'reverse-attention/addResizedCall': { args: [{ x: shape, coarse: [2, 3, 4, 4] }] },
  'reverse-attention/reverseAttentionCall': {
    args: [{ features: shape, logits: [2, 1, 4, 4], normalize: { eps: 1e-5 } }],
    allows: ['.0.normalize.eps=0', '.0.normalize.eps=0.5'],
  },
  'reverse-attention/reverseAttentionGradientCall': { args: [{ features: shape, logits: [2, 1, 4, 4], split: 8 }] },
  'edge-attention/edgeLossCalls': { args: [{ shape }] },
  'edge-attention/edgeLossGradientCall': { args: [{ shape }] },
  'edge-attention/maskEdgeCall': { args: [{ shape }] },

  'trainer/bceCalls': { args: [{ shape, logits: true }] },
  'trainer/bceGradientCall': { args: [{ shape, logits: true }] },
  'trainer/crossEntropyCalls': {
    args: [{ shape, classes: true, ignoreIndex: 255 }],
    allows: ['.0.ignoreIndex=0', '.0.ignoreIndex=-1'],
  },
  'trainer/crossEntropyGradientCall': {
    args: [{ shape, classes: true, ignoreIndex: 255 }],
    allows: ['.0.ignoreIndex=0', '.0.ignoreIndex=-1'],
  },
  'trainer/diceLossCalls': {
    args: [{ shape, sigmoid: true, smooth: 1 }],
    allows: ['.0.smooth=0', '.0.smooth=0.5'],
  },
  'trainer/diceLossGradientCall': { args: [{ shape, sigmoid: true }] },
  'trainer/jointLossCalls': { args: [{ shape, variant: 'paper' }] },
  'trainer/jointLossGradientCall': { args: [{ shape, variant: 'paper' }] },
};
