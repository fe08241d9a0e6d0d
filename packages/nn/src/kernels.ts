/** Below the operators: kernels, calls for your own buffers, and what gradient rules and the planner apply. */

export { broadcastShape } from '@infnet/core/kernels';
export { type FusedBatchNormAttributes, fusedBatchNorm2dOperator } from './batch-norm/batch-norm.js';
export { type BatchNormGradientAttributes, batchNorm2dGradientOperator } from './batch-norm/gradient.js';
export {
  type BatchNormGradientInputCallOptions,
  type BatchNormGradientSumsCallOptions,
  batchNormGradientInputCall,
  batchNormGradientInputKernel,
  batchNormGradientSumsCall,
  batchNormGradientSumsKernel,
  finalSumsCall,
  mergeSumsCall,
  mergeSumsKernel,
} from './batch-norm/gradient-calls.js';
export {
  type BatchNorm2dCallOptions,
  batchNorm2dCall,
  type ChannelOffsets,
  normalizeKernel,
} from './batch-norm/normalize.js';
export {
  batchStatisticsCall,
  batchStatisticsKernel,
  type FinalStatisticsOptions,
  finalStatisticsCall,
  mergeStatisticsCall,
  mergeStatisticsKernel,
  wholeStatisticsCall,
} from './batch-norm/statistics.js';
export { type DropoutCallOptions, dropoutCall, dropoutKernel } from './dropout/dropout.js';
export { addCall, addReluOperator, divCall, mulCall, subCall } from './elementwise/arithmetic.js';
export { type BinaryCallOptions, type BinaryFunction, binaryCall, binaryKernel } from './elementwise/binary.js';
export { elementwiseOperator } from './elementwise/elementwise.js';
export { ERF, EXP, LOG, MISH, POW, SIGMOID, SIN_COS, SOFTPLUS, TANH } from './elementwise/functions.js';
export {
  leakyReluGradientOperator,
  reluCall,
  reluGradient,
  reluGradientCall,
  reluGradientOperator,
} from './elementwise/relu.js';
export { affineCall } from './elementwise/scalar.js';
export { sigmoidCall, sigmoidGradientOperator } from './elementwise/sigmoid.js';
export { type UnaryCallOptions, type UnaryFunction, unaryCall, unaryKernel } from './elementwise/unary.js';
export { spreadOperator } from './layout/pick.js';
export { rearrangeKernel } from './layout/rearrange.js';
export { requireAlike, requireKept, requireMaps, requireScalar, SCALAR } from './loss-operands.js';
export { type NormCallOptions, normCall, normKernel } from './norm/forward.js';
export { type NormGradientAttributes, normGradientOperator } from './norm/gradient.js';
export { groupGradientKernel, groupSumsKernel } from './norm/group-gradient.js';
export { layerGradientKernel } from './norm/layer-gradient.js';
export { type FusedNormAttributes, fusedNormOperator } from './norm/operators.js';
export { type InstanceRunningAttributes, instanceRunningKernel, instanceRunningOperator } from './norm/running.js';
export { type CopyCallOptions, copyCall, copyKernel, type RowPlaces } from './placement/copy.js';
export { refuseTargetGradient } from './placement/detach.js';
export { type JoinFlatAttributes, joinFlat, joinFlatOperator } from './placement/join-flat.js';
export { placeInZeros, placeInZerosOperator } from './placement/narrow.js';
export { type Pad2dCallOptions, pad2dCall, padKernel } from './placement/pad.js';
export {
  type AvgPoolGradientCallOptions,
  avgPool2dCall,
  avgPool2dGradientCall,
  avgPool2dGradientOperator,
  avgPoolGradientKernel,
} from './pool/avg-pool.js';
export {
  type MaxPoolGradientCallOptions,
  maxPool2dCall,
  maxPool2dGradientOperator,
  maxPoolGradientCall,
  maxPoolGradientKernel,
  maxPoolWinnerCall,
  maxPoolWinnerKernel,
} from './pool/max-pool.js';
export { type PoolCallOptions, poolKernel } from './pool/pool.js';
export { windowCount } from './pool/window.js';
export { extremeGradientKernel, extremeKernel } from './reduce/extreme.js';
export { extremeGradientOperator } from './reduce/extremes.js';
export {
  type ReduceCallOptions,
  type ReduceTerm,
  type ReductionLoops,
  reduceCall,
  reduceKernel,
} from './reduce/reduce.js';
export { sumProductTo, sumProductToOperator, sumTo, sumToOperator } from './reduce/sum.js';
export {
  bilinearGradientKernel,
  bilinearKernel,
  type InterpolateCallOptions,
  interpolateCall,
  interpolateGradientOperator,
  type LinearGradientCallOptions,
  linearGradientCall,
  type Positions,
  positions,
} from './resize/interpolate.js';
export { nearestKernel, type ResizeNearestCallOptions, resizeNearestCall } from './resize/nearest.js';
export {
  logSoftmaxGradientOperator,
  type SoftmaxCallOptions,
  softmaxCall,
  softmaxGradientOperator,
  softmaxKernel,
} from './softmax/softmax.js';
