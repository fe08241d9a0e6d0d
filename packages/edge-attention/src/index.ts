export { EdgeBranch, type EdgeBranchOptions, type EdgeBranchResult } from './edge-branch.js';
export {
  type EdgeLossCallOptions,
  type EdgeLossGradientCallOptions,
  edgeLossCalls,
  edgeLossGradientCall,
  edgeLossGradientKernel,
  edgeLossKernel,
  type MaskEdgeCallOptions,
  maskEdgeCall,
  maskEdgeKernel,
} from './edge-calls.js';
export { edgeLoss, edgeLossGradientOperator, edgeLossOperator, maskEdge, maskEdgeOperator } from './edge-loss.js';
