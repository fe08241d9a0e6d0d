/** Kernels of losses and optimisers, their calls for your own buffers, and gradients of losses. */

export {
  type BceCallOptions,
  type BceGradientCallOptions,
  bceCalls,
  bceGradientCall,
  bceGradientKernel,
  bceGradientOperator,
  bceKernel,
} from './loss/bce.js';
export {
  type CrossEntropyCallOptions,
  type CrossEntropyGradientCallOptions,
  crossEntropyCalls,
  crossEntropyGradientCall,
  crossEntropyGradientKernel,
  crossEntropyGradientOperator,
  crossEntropyKernel,
  crossEntropyTargetGradientOperator,
  crossEntropyTotalKernel,
} from './loss/cross-entropy.js';
export {
  type DiceLossCallOptions,
  type DiceLossGradientCallOptions,
  diceLossCalls,
  diceLossGradientCall,
  diceLossGradientKernel,
  diceLossGradientOperator,
  diceLossKernel,
  diceLossTotalKernel,
} from './loss/dice-loss.js';
export {
  type JointLossCallOptions,
  type JointLossGradientCallOptions,
  jointLossCalls,
  jointLossGradientCall,
  jointLossGradientKernel,
  jointLossGradientOperator,
  jointLossKernel,
  jointLossTotalKernel,
} from './loss/joint-loss.js';
export {
  type OverlapLossCallOptions,
  type OverlapLossGradientCallOptions,
  overlapLossCalls,
  overlapLossGradientCall,
  overlapLossGradientKernel,
  overlapLossGradientOperator,
  overlapLossKernel,
  overlapLossTotalKernel,
} from './loss/overlap-loss.js';
export {
  type PixelEntropyCallOptions,
  type PixelEntropyGradientCallOptions,
  pixelEntropyCall,
  pixelEntropyGradientCall,
  pixelEntropyGradientKernel,
  pixelEntropyGradientOperator,
  pixelEntropyKernel,
} from './loss/pixel-entropy.js';
export { adamCheckKernel, adamKernel } from './optimizer/adam.js';
export {
  accumulateKernel,
  gradientStatisticsKernel,
  gradientStatisticsTotalKernel,
  stepControlKernel,
  stepVerdictKernel,
  storeValuesKernel,
} from './optimizer/operators.js';
export { sgdCheckKernel, sgdKernel } from './optimizer/sgd.js';
export { movingAverageKernel } from './semi/moving-average.js';
