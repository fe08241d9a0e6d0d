export {
  type AddResizedCallOptions,
  addResized,
  addResizedCall,
  addResizedKernel,
  addResizedOperator,
} from './add-resized.js';
export { ReverseAttentionBranch, type ReverseAttentionBranchOptions, type ReverseAttentionResult } from './branch.js';
export {
  type ReverseAttentionAttributes,
  reverseAttention,
  reverseAttentionGradientOperator,
  reverseAttentionOperator,
} from './reverse-attention.js';
export {
  type NormalizeRanges,
  type ReverseAttentionCallOptions,
  type ReverseAttentionGradientCallOptions,
  reverseAttentionCall,
  reverseAttentionGradientCall,
  reverseAttentionGradientKernel,
  reverseAttentionKernel,
} from './reverse-attention-call.js';
