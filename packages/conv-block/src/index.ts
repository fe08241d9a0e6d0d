export { BasicConv2d, type BasicConv2dOptions } from './basic-conv2d.js';
export { callSideBySide, type SideBySide } from './side-by-side.js';
export { type StackCallOptions, stack, stackCall, stackKernel, stackOperator, unstackOperator } from './stack.js';
