/** Convolution, its transpose and products of matrices on WebGPU: kernels, operators, modules. */
export type { ConvolutionAlgorithm } from './forward/algorithm.js';
export {
  type Conv2dGeometry,
  type Conv2dOptions,
  type Conv2dSettings,
  conv2dFlops,
  conv2dGeometry,
  conv2dSettings,
  type Pair,
} from './geometry.js';
export { conv2d, conv2dOperator } from './operator/conv2d.js';
export type { Conv2dAttributes } from './operator/lower.js';
export { Conv2d, type Conv2dModuleOptions } from './operator/module.js';
export { Linear, type LinearAttributes, linear, linearOperator } from './product/linear.js';
export { type MatmulAttributes, type MatmulOptions, matmul, matmulOperator } from './product/matmul.js';
export {
  type ConvTranspose2dOptions,
  type ConvTranspose2dSettings,
  convTranspose2dSettings,
} from './transpose/geometry.js';
export { ConvTranspose2d, type ConvTranspose2dModuleOptions } from './transpose/module.js';
export { type ConvTranspose2dAttributes, convTranspose2d, convTranspose2dOperator } from './transpose/operator.js';
