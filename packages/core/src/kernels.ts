/** Kernels and their calls as data: the vocabulary of those who write or embed kernels, and what adapters do well. */
export { ADAPTER_TRAITS } from './context/adapters/index.js';
export {
  type AdapterTraits,
  readsAgain,
  type SubgroupTiles,
  sharesWorkgroupMemory,
  type WinogradWorth,
} from './context/adapters/traits.js';
export {
  chooseSubgroupMatrix,
  SUBGROUP_MATRIX_FEATURE,
  type SubgroupMatrix,
  type SubgroupMatrixConfig,
} from './context/subgroup-matrix.js';
export { fillOperator, sumDispatch, sumKernel, sumOperator } from './gradient/sum.js';
export { pointwiseDispatch } from './graph/pointwise.js';
export {
  broadcastShape,
  broadcastStrides,
  type Loop,
  type LoopOperand,
  mergeLoops,
  ownStrides,
} from './kernel/broadcast.js';
export {
  batchSize,
  itemSize,
  type LineCallFields,
  lineCall,
  type OperandRange,
  rangeElements,
  rangeParams,
  vectorWidth,
  wholeRange,
} from './kernel/call.js';
export { type Constants, expandSource } from './kernel/expand.js';
export {
  batchedLines,
  type CallBinding,
  type CallBuffers,
  type CallDescription,
  describeCall,
  dispatchLine,
  type Kernel,
  type KernelBinding,
  type KernelCall,
  type KernelParameter,
  type KernelVariant,
  kernelVariant,
  packParameters,
} from './kernel/kernel.js';
export { type SizedOperand, sizedCall } from './kernel/options.js';
export {
  alike,
  type OperandRanges,
  type PlacedCallFields,
  type PlacedOperands,
  placedCall,
  placeOperands,
  type RowsCallFields,
  rangeTable,
  rowsCall,
  type SumCalls,
} from './kernel/place.js';
export {
  checkProgram,
  type Expression,
  type PointwiseProgram,
  type PointwiseStep,
  programOf,
} from './kernel/pointwise.js';
export {
  type DealtRows,
  dealRows,
  type SumPartialsCallOptions,
  sumPartialsCall,
  sumPartialsKernel,
} from './kernel/sum-partials.js';
