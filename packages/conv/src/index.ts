/** Convolution on WebGPU: kernels, the operator, the module. */
export { conv2dCall, type Conv2dCallOptions } from './conv2d-call.js';
export type { ConvolutionAlgorithm } from './forward/algorithm.js';
export {
  directKernel,
  type Epilogue,
  gemmKernel,
  gemmSubgroupKernel,
  gemmTiledKernel,
  type GatherKernel,
  type OperandRange,
} from './forward/call.js';
export { winogradInputKernel, winogradOutputKernel, type WinogradTile, winogradWeightKernel } from './forward/winograd.js';
export { type Conv2dGeometry, type Conv2dOptions, type Conv2dSettings, type Pair, conv2dFlops, conv2dGeometry, conv2dSettings } from './geometry.js';
export {
  conv2dBiasGradientOperator,
  conv2dInputGradientOperator,
  conv2dWeightGradientOperator,
  type InputGradientAttributes,
  type WeightGradientAttributes,
} from './gradient/operators.js';
export { biasGradientKernel } from './gradient/bias-call.js';
export {
  sumSplitsKernel,
  type WeightGradientAlgorithm,
  weightGradientKernel,
  weightGradientSubgroupKernel,
  weightGradientTiledKernel,
} from './gradient/weight-call.js';
export { conv2d, conv2dOperator } from './operator/conv2d.js';
export { foldBatchNormCall, foldBatchNormKernel, foldBatchNormOperator } from './operator/fold-batch-norm.js';
export { fusedConv2dOperator, type FusedConv2dAttributes } from './operator/fuse.js';
export type { Conv2dAttributes, OperandRole } from './operator/lower.js';
export { Conv2d, type Conv2dModuleOptions } from './operator/module.js';
export { winogradWeightOperator } from './operator/winograd-weight.js';
