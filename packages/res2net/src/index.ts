/** Res2Net blocks and backbones. */
export { Res2NetBlock, type Res2NetBlockOptions } from './block.js';
export { UnusedClassifier } from './classifier.js';
export { HeConv2d } from './he-conv2d.js';
export type { PerLayer, Res2NetOptions } from './options.js';
export { Res2Net, type Res2NetFeatures, res2net50, res2net101 } from './res2net.js';
export {
  type SplitStepCallOptions,
  splitStep,
  splitStepCall,
  splitStepKernel,
  splitStepOperator,
} from './split-step.js';
