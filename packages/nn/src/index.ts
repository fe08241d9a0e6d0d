export {
  type BatchNormAttributes,
  type BatchNormOptions,
  batchNorm2d,
  batchNorm2dOperator,
  batchNorm2dTraining,
  type TrainingBatchNorm,
} from './batch-norm/batch-norm.js';
export { BatchNorm2d } from './batch-norm/module.js';
export {
  type DropoutAttributes,
  type DropPathOptions,
  dropout,
  dropout2d,
  dropoutOperator,
  dropPath,
} from './dropout/dropout.js';
export { Dropout, Dropout2d, DropPath } from './dropout/modules.js';
export { add, addOperator, div, divOperator, mul, mulOperator, sub, subOperator } from './elementwise/arithmetic.js';
export {
  equal,
  equalOperator,
  equalScalarOperator,
  greater,
  greaterEqual,
  greaterEqualOperator,
  greaterEqualScalarOperator,
  greaterOperator,
  greaterScalarOperator,
  less,
  lessEqual,
  lessEqualOperator,
  lessEqualScalarOperator,
  lessOperator,
  lessScalarOperator,
  maximum,
  maximumOperator,
  minimum,
  minimumOperator,
  notEqual,
  notEqualOperator,
  notEqualScalarOperator,
  where,
  whereOperator,
} from './elementwise/choose.js';
export {
  type Elementwise,
  type ElementwiseDefinition,
  elementwise,
} from './elementwise/elementwise.js';
export {
  abs,
  absOperator,
  type ClampOptions,
  clamp,
  clampMaxOperator,
  clampMinOperator,
  clampOperator,
  Hardsigmoid,
  Hardswish,
  hardsigmoid,
  hardsigmoidOperator,
  hardswish,
  hardswishOperator,
  ReLU6,
  relu6,
  relu6Operator,
} from './elementwise/piecewise.js';
export {
  cos,
  cosOperator,
  erf,
  erfOperator,
  exp,
  expOperator,
  log,
  logOperator,
  pow,
  powOperator,
  powScalarOperator,
  rsqrt,
  rsqrtOperator,
  sin,
  sinOperator,
  sqrt,
  sqrtOperator,
  squareOperator,
} from './elementwise/powers.js';
export { PReLU, prelu, preluOperator } from './elementwise/prelu.js';
export { LeakyReLU, leakyRelu, leakyReluOperator, ReLU, relu, reluOperator } from './elementwise/relu.js';
export { addScalar, addScalarOperator, mulScalar, mulScalarOperator } from './elementwise/scalar.js';
export { Sigmoid, sigmoid, sigmoidOperator } from './elementwise/sigmoid.js';
export {
  ELU,
  elu,
  eluOperator,
  GELU,
  type GeluOptions,
  gelu,
  geluOperator,
  geluTanhOperator,
  Mish,
  mish,
  mishOperator,
  SiLU,
  Softplus,
  type SoftplusOptions,
  silu,
  siluOperator,
  softplus,
  softplusOperator,
  Tanh,
  tanh,
  tanhOperator,
} from './elementwise/smooth.js';
export {
  type PermuteAttributes,
  PixelShuffle,
  PixelUnshuffle,
  permute,
  permuteOperator,
  pixelShuffle,
  pixelUnshuffle,
  transpose,
} from './layout/permute.js';
export { flip, type PickAttributes, pickOperator, type StepRange, sliceSteps } from './layout/pick.js';
export { type RollAttributes, roll, rollOperator, type TileAttributes, tile, tileOperator } from './layout/wrap.js';
export {
  groupNorm,
  instanceNorm2d,
  instanceNorm2dRunning,
  instanceNorm2dTraining,
  type NormOptions,
  type RunningInstanceNorm,
} from './norm/group-norm.js';
export type { NormOver } from './norm/grouping.js';
export { layerNorm, layerNorm2d } from './norm/layer-norm.js';
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm2d,
  type InstanceNormOptions,
  LayerNorm,
  LayerNorm2d,
  type LayerNormOptions,
} from './norm/modules.js';
export {
  groupNormOperator,
  layerNorm2dOperator,
  layerNormOperator,
  type NormAttributes,
  type NormOperator,
} from './norm/operators.js';
export { type ConcatAttributes, concat, concatOperator } from './placement/concat.js';
export { detach, detachOperator } from './placement/detach.js';
export { type NarrowAttributes, narrow, narrowOperator, slice } from './placement/narrow.js';
export { type PadAttributes, pad2d, pad2dOperator, ZeroPad2d } from './placement/pad.js';
export { reshape, reshapeOperator } from './placement/reshape.js';
export { type SplitAttributes, split, splitOperator } from './placement/split.js';
export {
  AvgPool2d,
  type AvgPoolAttributes,
  type AvgPoolOptions,
  avgPool2d,
  avgPool2dOperator,
} from './pool/avg-pool.js';
export { MaxPool2d, type MaxPoolOptions, maxPool2d, maxPool2dOperator } from './pool/max-pool.js';
export type { PoolAttributes, PoolOptions } from './pool/window.js';
export {
  type ArgAttributes,
  type ArgOptions,
  argmax,
  argmaxOperator,
  argmin,
  argminOperator,
  max,
  min,
  reduceMaxOperator,
  reduceMinOperator,
} from './reduce/extremes.js';
export {
  broadcastTo,
  broadcastToOperator,
  mean,
  type ReduceAttributes,
  type ReduceOptions,
  reduceMeanOperator,
  reduceSumOperator,
  sum,
} from './reduce/sum.js';
export { type VarianceAttributes, type VarianceOptions, variance, varianceOperator } from './reduce/variance.js';
export {
  type InterpolateAttributes,
  type InterpolateOptions,
  interpolate,
  interpolateOperator,
  Upsample,
} from './resize/interpolate.js';
export { type NearestAttributes, resizeNearest, resizeNearestOperator } from './resize/nearest.js';
export {
  LogSoftmax,
  logSoftmax,
  logSoftmaxOperator,
  Softmax,
  Softmax2d,
  type SoftmaxAttributes,
  type SoftmaxOptions,
  softmax,
  softmaxOperator,
} from './softmax/softmax.js';
