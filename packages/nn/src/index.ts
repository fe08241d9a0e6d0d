export * from './batch-norm/batch-norm.js';
export * from './batch-norm/gradient.js';
export * from './batch-norm/module.js';
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
export * from './elementwise/arithmetic.js';
export { type BinaryCallOptions, type BinaryFunction, binaryCall, binaryKernel } from './elementwise/binary.js';
export { broadcastShape } from './elementwise/broadcast.js';
export {
  LeakyReLU,
  leakyRelu,
  leakyReluGradientOperator,
  leakyReluOperator,
  ReLU,
  relu,
  reluCall,
  reluGradient,
  reluGradientCall,
  reluGradientOperator,
  reluOperator,
} from './elementwise/relu.js';
export * from './elementwise/scalar.js';
export * from './elementwise/sigmoid.js';
export { type UnaryCallOptions, type UnaryFunction, unaryCall, unaryKernel } from './elementwise/unary.js';
export * from './placement/concat.js';
export { type CopyCallOptions, copyCall, copyKernel, type RowPlaces } from './placement/copy.js';
export * from './placement/detach.js';
export { type JoinFlatAttributes, joinFlat, joinFlatOperator } from './placement/join-flat.js';
export * from './placement/narrow.js';
export {
  type Pad2dCallOptions,
  type PadAttributes,
  pad2d,
  pad2dCall,
  pad2dOperator,
  padKernel,
  ZeroPad2d,
} from './placement/pad.js';
export * from './placement/reshape.js';
export * from './placement/split.js';
export * from './pool/avg-pool.js';
export * from './pool/max-pool.js';
export { type PoolCallOptions, poolKernel } from './pool/pool.js';
export { type PoolAttributes, type PoolOptions, windowCount } from './pool/window.js';
export { type ReduceCallOptions, type ReductionLoops, reduceCall, reduceKernel } from './reduce/reduce.js';
export * from './reduce/sum.js';
export * from './resize/interpolate.js';
export * from './resize/nearest.js';
export * from './softmax/softmax.js';
