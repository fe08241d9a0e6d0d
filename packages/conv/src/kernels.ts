/**
 * Convolution below its operator: kernels, calls for your own buffers, gradients, and what only the planner applies.
 */
export { type Conv2dCallOptions, conv2dCall } from './conv2d-call.js';
export type { GatherKernel } from './forward/algorithm.js';
export { directKernel } from './forward/direct.js';
export type { Epilogue } from './forward/epilogue.js';
export { gemmKernel } from './forward/gemm.js';
export { gemmMatrixKernel } from './forward/gemm-matrix.js';
export { gemmSubgroupKernel } from './forward/gemm-subgroup.js';
export { gemmTiledKernel } from './forward/gemm-tiled.js';
export {
  type WinogradTile,
  winogradInputKernel,
  winogradOutputKernel,
  winogradWeightKernel,
} from './forward/winograd-calls.js';
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
export type { WeightGradientAlgorithm } from './gradient/weight-algorithm.js';
export { padKernel, sumSplitsKernel, type WeightGradientCalls } from './gradient/weight-calls.js';
export { weightGradientKernel } from './gradient/weight-plain.js';
export { weightGradientSubgroupKernel } from './gradient/weight-subgroup.js';
export { weightGradientTiledKernel } from './gradient/weight-tiled.js';
export { foldBatchNormCall, foldBatchNormKernel, foldBatchNormOperator } from './operator/fold-batch-norm.js';
export { type FusedConv2dAttributes, fusedConv2dOperator } from './operator/fuse.js';
export { halfWeightKernel, halfWeightOperator } from './operator/half-weight.js';
export type { OperandRole } from './operator/lower.js';
export { winogradWeightOperator } from './operator/winograd-weight.js';
export { linearBiasGradientOperator, linearWeightGradientOperator } from './product/linear.js';
