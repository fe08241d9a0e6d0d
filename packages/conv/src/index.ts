/** Convolution on WebGPU: kernels, the operator, the module. */
export type { OperandRange } from '@infnet/core';
export { type Conv2dCallOptions, conv2dCall } from './conv2d-call.js';
export type { ConvolutionAlgorithm } from './forward/algorithm.js';
export {
  directKernel,
  type Epilogue,
  type GatherKernel,
  gemmKernel,
  gemmMatrixKernel,
  gemmSubgroupKernel,
  gemmTiledKernel,
} from './forward/call.js';
export {
  type WinogradTile,
  winogradInputKernel,
  winogradOutputKernel,
  winogradWeightKernel,
} from './forward/winograd.js';
export {
  type Conv2dGeometry,
  type Conv2dOptions,
  type Conv2dSettings,
  conv2dFlops,
  conv2dGeometry,
  conv2dSettings,
  type Pair,
} from './geometry.js';
export { biasGradientKernel } from './gradient/bias-call.js';
export {
  type Conv2dGradientCallOptions,
  conv2dBiasGradientCalls,
  conv2dInputGradientCall,
  conv2dWeightGradientCalls,
} from './gradient/calls.js';
export {
  conv2dBiasGradientOperator,
  conv2dInputGradientOperator,
  conv2dWeightGradientOperator,
  type InputGradientAttributes,
  type WeightGradientAttributes,
} from './gradient/operators.js';
export {
  padKernel,
  sumSplitsKernel,
  type WeightGradientAlgorithm,
  type WeightGradientCalls,
  weightGradientKernel,
  weightGradientSubgroupKernel,
  weightGradientTiledKernel,
} from './gradient/weight-call.js';
export { conv2d, conv2dOperator } from './operator/conv2d.js';
export { foldBatchNormCall, foldBatchNormKernel, foldBatchNormOperator } from './operator/fold-batch-norm.js';
export { type FusedConv2dAttributes, fusedConv2dOperator } from './operator/fuse.js';
export { halfWeightKernel, halfWeightOperator } from './operator/half-weight.js';
export type { Conv2dAttributes, OperandRole } from './operator/lower.js';
export { Conv2d, type Conv2dModuleOptions } from './operator/module.js';
export { winogradWeightOperator } from './operator/winograd-weight.js';
