export { InfnetError, isInfnetError, type InfnetErrorFields } from '@infnet/errors';
export { expandSource, type Constants } from './kernel/expand.js';
export {
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
export {
  byteLength,
  type DType,
  elementCount,
  f32,
  formatShape,
  type Shape,
  sameShape,
  type TensorType,
} from './tensor/types.js';
export { DEFAULT_LIMITS, DEFAULT_PROFILE, type DeviceLimits, type DeviceProfile, profileDevice } from './context/device-profile.js';
export { Tensor } from './graph/tensor.js';
export { apply, applyOne, Graph, type GraphNode, graphOf, type TensorLike } from './graph/graph.js';
export type {
  Attributes,
  Dispatch,
  GradientContext,
  LowerContext,
  Operator,
  Placement,
  Precision,
  Replacement,
  RewriteContext,
  Storage,
  View,
} from './graph/operator.js';
export { type InputSpec, type TraceResult, trace } from './graph/trace.js';
export { Module, Sequential } from './module/module.js';
export { type Initializer, Parameter, type ParameterOptions } from './module/parameter.js';
