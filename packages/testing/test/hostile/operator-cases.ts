/** One right use of every exported operator that takes something else than images of one shape: wrong ones follow. */
import type { Attributes, TensorType } from '@infnet/core';

export interface OperatorCase {
  readonly types: readonly TensorType[];
  readonly attributes?: Attributes;
  /** Operands that may have any element type. */
  readonly anyType?: readonly number[];
  /** `operand.dimension` whose size no other operand decides. */
  readonly free?: readonly string[];
  /** Hostile finite values that are values all the same, as `.path=value`. */
  readonly allows?: readonly string[];
}

const f = (...shape: number[]): TensorType => ({ shape, dtype: 'f32' });
const u = (...shape: number[]): TensorType => ({ shape, dtype: 'u32' });

const map = f(2, 3, 8, 8);
const channels = f(3);
/** All sizes of an image. */
const EVERY = ['0.0', '0.1', '0.2', '0.3'] as const;
const scalar = f();
const anyNumber = (path: string): string[] => [-1, 0, 0.5].map((value) => `${path}=${value}`);

const convolution = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
const paddings = ['.padding.0=0', '.padding.1=0', '.padding.2=0', '.padding.3=0'];
/** Below and to the right a convolution may leave rows and columns out. */
const cuts = ['.padding.2=-1', '.padding.3=-1'];
const pool = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], dilation: [1, 1], ceilMode: false };
const batchNorm = { eps: 1e-5, momentum: 0.1, training: true };
const bnAllows = ['.eps=0', '.eps=0.5', '.momentum=0', '.momentum=0.5'];
const norm = (over: unknown): Attributes => ({ over, eps: 1e-5, weight: true, bias: true });
const eps = { allows: ['.eps=0', '.eps=0.5'] };
const ofNorm = { free: ['0.0', '0.2', '0.3'], ...eps };
const interpolated = { size: [5, 6], mode: 'bilinear', alignCorners: false, ratio: undefined };

/** A right use of an operator that is not listed: so many inputs, images of one shape, and no attributes. */
export const imagesOf = (count: number): OperatorCase => ({ types: Array.from({ length: count }, () => map) });

const pixelEntropy = {
  attributes: { ignoreIndex: 255, weights: [1, 2, 0.5], labelSmoothing: 0.25, gamma: 0, byWeight: true },
  allows: [
    '.ignoreIndex=-1',
    '.ignoreIndex=0',
    '.labelSmoothing=0',
    '.labelSmoothing=0.5',
    '.gamma=0',
    ...[0, 1, 2].flatMap((c) => [`.weights.${c}=0`, `.weights.${c}=0.5`]),
  ],
};

const overlap = {
  attributes: {
    alpha: 0.3,
    beta: 0.7,
    smooth: 1,
    squared: true,
    batch: false,
    background: true,
    ignoreIndex: 255,
  },
  allows: [
    ...['.alpha', '.beta', '.smooth'].flatMap((name) => [`${name}=0`, `${name}=0.5`]),
    '.ignoreIndex=-1',
    '.ignoreIndex=0',
  ],
};

export const operatorCases: Readonly<Record<string, OperatorCase>> = {
  'core/fillOperator': { types: [], attributes: { shape: [2, 3], value: 1 }, allows: anyNumber('.value') },

  'nn/dropoutOperator': {
    types: [map, u(3)],
    attributes: { rate: 0.3, span: 1, scaled: true, place: 1 },
    free: [...EVERY],
    allows: ['.rate=0', '.rate=0.5', '.place=0'],
  },
  'nn/leakyReluOperator': { types: [map], attributes: { slope: 0.1 }, allows: anyNumber('.slope') },
  'nn/leakyReluGradientOperator': { types: [map, map], attributes: { slope: 0.1 }, allows: anyNumber('.slope') },
  'nn/clampOperator': {
    types: [map],
    attributes: { low: -1, high: 2 },
    allows: [...anyNumber('.low'), ...anyNumber('.high')],
  },
  'nn/clampMinOperator': { types: [map], attributes: { low: 1 }, allows: anyNumber('.low') },
  'nn/clampMaxOperator': { types: [map], attributes: { high: 1 }, allows: anyNumber('.high') },
  'nn/eluOperator': { types: [map], attributes: { alpha: 1 }, allows: anyNumber('.alpha') },
  'nn/softplusOperator': {
    types: [map],
    attributes: { beta: 1, threshold: 20 },
    allows: [...anyNumber('.beta'), ...anyNumber('.threshold')],
  },
  'nn/powScalarOperator': { types: [map], attributes: { exponent: 3 }, allows: anyNumber('.exponent') },
  ...Object.fromEntries(
    ['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'].map((name) => [
      `nn/${name}ScalarOperator`,
      { types: [map], attributes: { value: 1 }, allows: anyNumber('.value') },
    ]),
  ),
  'nn/pad2dOperator': {
    types: [map],
    anyType: [0],
    attributes: { top: 1, bottom: 2, left: 3, right: 1 },
    // Negative figures cut off.
    allows: ['top', 'bottom', 'left', 'right'].flatMap((side) => [`.${side}=0`, `.${side}=-1`]),
  },
  'nn/batchNorm2dOperator': {
    types: [map, channels, channels, channels, channels],
    attributes: batchNorm,
    free: ['0.0', '0.2', '0.3'],
    allows: bnAllows,
  },
  'nn/fusedBatchNorm2dOperator': {
    types: [map, channels, channels, channels, channels, map],
    attributes: { ...batchNorm, relu: true },
    allows: bnAllows,
  },
  'nn/batchNorm2dGradientOperator': {
    types: [map, map, channels, f(3, 3)],
    attributes: { eps: 1e-5, batch: true, ofInput: true, ofParameters: true },
    allows: ['.eps=0', '.eps=0.5'],
  },
  'nn/groupNormOperator': { types: [map, channels, channels], attributes: norm({ groups: 3 }), ...ofNorm },
  'nn/layerNormOperator': {
    types: [map, f(8, 8), f(8, 8)],
    attributes: norm({ axis: 2 }),
    free: ['0.0', '0.1'],
    ...eps,
  },
  'nn/layerNorm2dOperator': { types: [map, channels, channels], attributes: norm('channels'), ...ofNorm },
  'nn/fusedNormOperator': {
    types: [map, channels, channels, map],
    attributes: { ...norm({ groups: 3 }), residual: true, slope: 0.1 },
    allows: [...eps.allows, '.slope=0', '.slope=0.5'],
  },
  'nn/normGradientOperator': {
    types: [map, map, f(3, 6), channels, map],
    attributes: { over: { groups: 3 }, weight: true, ofInput: true, ofWeight: true, ofBias: true, slope: 0.1 },
    allows: ['.slope=0', '.slope=0.5'],
  },
  'nn/instanceRunningOperator': {
    types: [f(3, 6), channels, channels],
    attributes: { eps: 1e-5, momentum: 0.1, size: 64 },
    allows: bnAllows,
  },
  'nn/addScalarOperator': { types: [map], attributes: { value: 2 }, allows: anyNumber('.value') },
  'nn/mulScalarOperator': { types: [map], attributes: { value: 2 }, allows: anyNumber('.value') },
  'nn/concatOperator': {
    types: [map, map],
    attributes: { axis: 1 },
    free: ['0.1', '1.1'],
    allows: ['.axis=0'],
  },
  'nn/detachOperator': { types: [map], anyType: [0] },
  'nn/joinFlatOperator': {
    types: [map, channels],
    attributes: { starts: [0, 384], length: 400 },
    free: ['1.0'],
    allows: ['.starts.0=0', '.starts.1=0'],
  },
  'nn/narrowOperator': {
    types: [map],
    anyType: [0],
    attributes: { axis: 1, start: 1, length: 1 },
    allows: ['.axis=0', '.start=0'],
  },
  'nn/placeInZerosOperator': {
    types: [map],
    anyType: [0],
    attributes: { axis: 1, start: 1, total: 5 },
    allows: ['.start=0', '.axis=0'],
  },
  'nn/permuteOperator': { types: [map], anyType: [0], attributes: { axes: [0, 2, 3, 1] }, free: [...EVERY] },
  'nn/pickOperator': {
    types: [map],
    anyType: [0],
    attributes: { starts: [0, 2, 1, 0], steps: [1, -1, 3, 2], sizes: [2, 3, 2, 4] },
    free: [...EVERY],
    allows: ['.starts.0=0', '.starts.2=0', '.starts.3=0', '.steps.1=-1', '.steps.2=-1'],
  },
  'nn/spreadOperator': {
    types: [f(2, 3, 2, 4)],
    anyType: [0],
    attributes: { starts: [0, 2, 1, 0], steps: [1, -1, 3, 2], sizes: [2, 3, 8, 8] },
    allows: ['.starts.0=0', '.starts.2=0', '.starts.3=0', '.steps.1=-1', '.steps.2=-1'],
  },
  'nn/rollOperator': {
    types: [map],
    anyType: [0],
    attributes: { shifts: [0, 1, 2, 3] },
    free: [...EVERY],
    allows: [0, 1, 2, 3].map((d) => `.shifts.${d}=0`),
  },
  'nn/tileOperator': { types: [map], anyType: [0], attributes: { repeats: [1, 2, 1, 3] }, free: [...EVERY] },
  'nn/reshapeOperator': { types: [map], anyType: [0], attributes: { shape: [6, 64] } },
  'nn/splitOperator': { types: [map], anyType: [0], attributes: { axis: 1, sizes: [1, 2] } },
  'nn/avgPool2dOperator': { types: [map], attributes: { ...pool, countIncludePad: true }, allows: [] },
  'nn/avgPool2dGradientOperator': {
    types: [f(2, 3, 4, 4)],
    attributes: { ...pool, countIncludePad: true, height: 8, width: 8 },
  },
  'nn/maxPool2dOperator': { types: [map], attributes: pool },
  'nn/maxPool2dGradientOperator': { types: [map, f(2, 3, 4, 4)], attributes: pool, free: ['0.2', '0.3'] },
  'nn/reduceSumOperator': { types: [map], attributes: { axes: [2], keepDims: false }, allows: ['.axes.0=0'] },
  'nn/reduceMeanOperator': { types: [map], attributes: { axes: [2], keepDims: false }, allows: ['.axes.0=0'] },
  'nn/reduceMaxOperator': { types: [map], attributes: { axes: [2], keepDims: false }, allows: ['.axes.0=0'] },
  'nn/reduceMinOperator': { types: [map], attributes: { axes: [2], keepDims: false }, allows: ['.axes.0=0'] },
  'nn/extremeGradientOperator': { types: [map, f(2, 3, 1, 8), f(2, 3, 1, 8)], free: ['0.2'] },
  'nn/argmaxOperator': { types: [map], attributes: { axis: 2, keepDims: false }, allows: ['.axis=0'] },
  'nn/argminOperator': { types: [map], attributes: { axis: 2, keepDims: true }, allows: ['.axis=0'] },
  'nn/varianceOperator': {
    types: [map],
    attributes: { axes: [2], keepDims: false, correction: 1 },
    allows: ['.axes.0=0', '.correction=0', '.correction=0.5'],
  },
  'nn/softmaxOperator': { types: [map], attributes: { axis: 2 }, allows: ['.axis=0'] },
  'nn/softmaxGradientOperator': { types: [map, map], attributes: { axis: 2 }, allows: ['.axis=0'] },
  'nn/logSoftmaxOperator': { types: [map], attributes: { axis: 2 }, allows: ['.axis=0'] },
  'nn/logSoftmaxGradientOperator': { types: [map, map], attributes: { axis: 2 }, allows: ['.axis=0'] },
  'nn/sumToOperator': { types: [map], attributes: { shape: [3, 1, 1], scale: 2 }, allows: anyNumber('.scale') },
  'nn/sumProductToOperator': { types: [map, map], attributes: { shape: [3, 1, 1] } },
  'nn/broadcastToOperator': { types: [channels], attributes: { shape: [4, 3], scale: 2 }, allows: anyNumber('.scale') },
  'nn/interpolateOperator': { types: [map], attributes: interpolated },
  'nn/interpolateGradientOperator': { types: [f(2, 3, 5, 6)], attributes: { ...interpolated, height: 8, width: 8 } },
  'nn/resizeNearestOperator': { types: [map], anyType: [0], attributes: { size: [5, 6], alignCorners: true } },

  'conv/conv2dOperator': {
    types: [map, f(4, 3, 3, 3), f(4)],
    attributes: convolution,
    free: ['0.0', '0.2', '0.3', '1.2', '1.3'],
    allows: [...paddings, ...cuts],
  },
  'conv/convTranspose2dOperator': {
    types: [map, f(3, 2, 3, 3), f(2)],
    attributes: { stride: [2, 3], padding: [1, 2], outputPadding: [1, 2], dilation: [1, 1], groups: 1 },
    free: ['0.0', '0.2', '0.3', '1.2', '1.3'],
    allows: ['.padding.0=0', '.padding.1=0', '.outputPadding.0=0', '.outputPadding.1=0'],
  },
  'conv/linearOperator': {
    types: [f(2, 3, 4), f(5, 4), f(5)],
    attributes: { transposed: false },
    free: ['0.0', '0.1'],
  },
  'conv/linearWeightGradientOperator': { types: [f(2, 3, 4), f(2, 3, 5)], free: ['0.2', '1.2'] },
  'conv/linearBiasGradientOperator': { types: [f(2, 3, 4)] },
  'conv/matmulOperator': {
    types: [f(2, 3, 4), f(2, 4, 5)],
    attributes: { transposeA: false, transposeB: false },
    free: ['0.1', '1.2'],
  },
  'conv/fusedConv2dOperator': {
    types: [map, f(4, 3, 3, 3)],
    attributes: { ...convolution, operands: ['x', 'weight'], relu: true },
    free: ['0.0', '0.2', '0.3', '1.0', '1.2', '1.3'],
    allows: [...paddings, ...cuts],
  },
  'conv/conv2dInputGradientOperator': {
    types: [f(2, 4, 8, 8), f(4, 3, 3, 3)],
    attributes: { ...convolution, inputShape: [2, 3, 8, 8] },
  },
  'conv/conv2dWeightGradientOperator': {
    types: [f(2, 4, 8, 8), map],
    attributes: { ...convolution, weightShape: [4, 3, 3, 3] },
  },
  'conv/foldBatchNormOperator': {
    types: [channels, channels, channels, channels],
    attributes: { eps: 1e-5 },
    allows: ['.eps=0', '.eps=0.5'],
  },
  'conv/halfWeightOperator': { types: [f(4, 3, 3, 3)] },
  'conv/winogradWeightOperator': { types: [f(4, 3, 3, 3)], attributes: { tile: 2 } },

  'conv-block/stackOperator': { types: [map, map], free: ['0.0', '1.0'] },
  'conv-block/unstackOperator': { types: [f(3, 4)], attributes: { sizes: [1, 2] } },

  'partial-decoder/productOperator': { types: [map, map] },
  'partial-decoder/productGradientOperator': { types: [map, map, map] },
  'reverse-attention/reverseAttentionOperator': {
    types: [map, f(2, 1, 4, 4)],
    free: ['0.1', '0.2', '0.3', '1.2', '1.3'],
  },
  'reverse-attention/reverseAttentionGradientOperator': {
    types: [map, map, f(2, 1, 4, 4)],
    attributes: { input: true },
    free: ['2.2', '2.3'],
  },
  'reverse-attention/addResizedOperator': { types: [map, f(2, 3, 4, 4)], free: ['0.2', '0.3', '1.2', '1.3'] },
  'edge-attention/edgeLossGradientOperator': { types: [scalar, map, map] },

  'trainer/bceOperator': { types: [map, map], attributes: { logits: true } },
  'trainer/bceGradientOperator': { types: [scalar, map, map], attributes: { logits: true } },
  'trainer/crossEntropyOperator': {
    types: [map, u(2, 8, 8)],
    free: ['0.1'],
    attributes: { ignoreIndex: 255 },
    allows: ['.ignoreIndex=-1', '.ignoreIndex=0'],
  },
  'trainer/crossEntropyGradientOperator': {
    types: [scalar, map, u(2, 8, 8), scalar],
    free: ['1.1'],
    attributes: { ignoreIndex: 255 },
    allows: ['.ignoreIndex=-1', '.ignoreIndex=0'],
  },
  'trainer/crossEntropyTargetGradientOperator': { types: [scalar, map], free: ['1.0', '1.1', '1.2', '1.3'] },
  'trainer/overlapLossOperator': { types: [map, u(2, 8, 8)], free: ['0.1'], ...overlap },
  'trainer/overlapLossGradientOperator': { types: [scalar, map, u(2, 8, 8), f(6, 2)], ...overlap },
  'trainer/pixelEntropyOperator': { types: [map, u(2, 8, 8)], ...pixelEntropy },
  'trainer/pixelEntropyGradientOperator': { types: [f(2, 8, 8), map, u(2, 8, 8)], ...pixelEntropy },
  'trainer/diceLossOperator': {
    types: [map, map],
    attributes: { sigmoid: true, smooth: 1 },
    allows: ['.smooth=0', '.smooth=0.5'],
  },
  'trainer/diceLossGradientOperator': {
    types: [scalar, map, map, f(6, 2)],
    attributes: { sigmoid: true, smooth: 1 },
    allows: ['.smooth=0', '.smooth=0.5'],
  },
  'trainer/jointLossOperator': { types: [map, map, map], attributes: { variant: 'paper' } },
  'trainer/jointLossGradientOperator': { types: [scalar, map, map, map, f(2, 4)], attributes: { variant: 'paper' } },
};
