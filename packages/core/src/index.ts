/**
 * Context, tensors, tracing, gradients, planning, prediction, profiling; and errors, for all that stands on this
 * package. Kernels and their calls: `@infnet/core/kernels`.
 */
export * from '@infnet/errors';
export type { AdapterDescription } from './context/adapter.js';
export type { MemoryUse } from './context/buffers.js';
export { Context, type ContextStatus } from './context/context.js';
export {
  DEFAULT_LIMITS,
  DEFAULT_PROFILE,
  type DeviceLimits,
  type DeviceProfile,
  profileDevice,
} from './context/device-profile.js';
export { fromDevice, type OpenOptions, open } from './context/open.js';
export type { PlatformOptions } from './context/platform.js';
export type { Precision } from './context/precision.js';
export type { ExperimentalOptions } from './context/subgroup-matrix.js';
export type { Tuning } from './context/tuning.js';
export type { WrappedBuffer } from './context/wrapped-buffer.js';
export { gradients, type Upstream } from './gradient/gradients.js';
export { fill, sumTensors } from './gradient/sum.js';
export {
  applyNamed,
  defineOperator,
  type NamedCandidateContext,
  type NamedGradientContext,
  type NamedLowerContext,
  type NamedNode,
  type NamedOperator,
  type OperatorDefinition,
  replaceBy,
} from './graph/define-operator.js';
export { dispatch } from './graph/dispatch.js';
export { apply, applyOne, Graph, type GraphNode, graphOf, type InputCheck, type TensorLike } from './graph/graph.js';
export type { GivenGradients, GivenOperands, OperandCounts, Operands } from './graph/operands.js';
export type {
  Attributes,
  CandidateContext,
  Candidates,
  Dispatch,
  GradientContext,
  LowerContext,
  Operator,
  Placement,
  Probe,
  Replacement,
  RewriteContext,
  Storage,
  View,
} from './graph/operator.js';
export { nextRandom, RANDOM_KEY, type RandomKey, randomKey } from './graph/random.js';
export { standardName, standardOperator } from './graph/standard.js';
export { Tensor } from './graph/tensor.js';
export { type InputSpec, type TraceResult, trace } from './graph/trace.js';
export { checkNames, checkOptions, type OptionKind, type OptionTable } from './kernel/options.js';
export { initialValues, seededRandom } from './module/initialize.js';
export { Module, Sequential } from './module/module.js';
export { type Initializer, Parameter, type ParameterOptions, ParameterSlab } from './module/parameter.js';
export {
  type ParameterSlot,
  ParameterStore,
  type ParameterStoreOptions,
  type StoredTensor,
} from './module/parameter-store.js';
export type { LoadableState, LoadableTensor, StateDict } from './module/state-dict.js';
export { BufferArena } from './plan/arena.js';
export { assertFits, assertRoom, isTooLarge } from './plan/fit.js';
export { type BatchedPlan, planInBatches } from './plan/in-batches.js';
export type { RunInputs } from './plan/inputs.js';
export type { ScheduledDispatch } from './plan/lowering.js';
export type { PlanOptions, PlanProgress, RunOptions, ScheduleOptions } from './plan/options.js';
export { type Plan, preparePlan } from './plan/plan.js';
export type { PlanMemory } from './plan/plan-memory.js';
export { type Schedule, schedule } from './plan/schedule.js';
export { unlessAborted } from './predictor/abort.js';
export type { Predictable } from './predictor/batches.js';
export type { BatchSize, ItemInputs, ItemOutputs } from './predictor/items.js';
export {
  type PredictEachOptions,
  type Predicted,
  type PredictOptions,
  Predictor,
  type PredictorOptions,
  type PredictorProgress,
  type PresentParameters,
} from './predictor/predictor.js';
export { Profile, type ProfileEntry } from './profile/profile.js';
export type { ProfileRow } from './profile/table.js';
export { evaluate, type HostTensor } from './run/evaluate.js';
export type { TensorData } from './tensor/host-data.js';
export { operandAt, operandNamed } from './tensor/operand-at.js';
export {
  axisOf,
  type ImageShape,
  imageShape,
  inferSame,
  MOST_EPS,
  type Pair,
  pair,
  requireAxis,
  requireBetween,
  requireInteger,
  requireShape,
  requireSizes,
  requireType,
  shapeError,
} from './tensor/shape.js';
export {
  byteLength,
  type DType,
  elementCount,
  f32,
  formatShape,
  type HostDType,
  type Shape,
  sameShape,
  type TensorType,
} from './tensor/types.js';
