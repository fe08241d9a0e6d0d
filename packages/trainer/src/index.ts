export { readJson, writeJson } from './json.js';
export * from './loss/bce.js';
export * from './loss/cross-entropy.js';
export * from './loss/dice-loss.js';
export * from './loss/inf-net-loss.js';
export * from './loss/joint-loss.js';
export * from './optimizer/adam.js';
export * from './optimizer/clip.js';
export {
  accumulateKernel,
  gradientStatisticsKernel,
  gradientStatisticsTotalKernel,
  stepControlKernel,
  stepVerdictKernel,
  storeValuesKernel,
} from './optimizer/operators.js';
export {
  Optimizer,
  type OptimizerCheck,
  type OptimizerKernel,
  type OptimizerOptions,
  type OptimizerSettings,
  type OptimizerState,
  type ParameterSettings,
} from './optimizer/optimizer.js';
export * from './optimizer/sgd.js';
export type { BoundAfter, LargestMove, Magnitudes } from './optimizer/state-bounds.js';
export type { StepBatch } from './optimizer/step-turns.js';
export * from './schedule.js';
export * from './semi/index.js';
export { scaledSize } from './step/multi-scale.js';
export { type BlockOf, numberedBlock } from './step/recompute.js';
export type { InputResize } from './step/resize-inputs.js';
export type { StepLoss } from './step/step-loss.js';
export { type TracedStep, type TraceStepOptions, traceStep } from './step/trace-step.js';
export {
  type GradientFigures,
  type StepReport,
  TrainingStep,
  type TrainingStepOptions,
  type TrainingStepRun,
  trainingStep,
} from './step/training-step.js';
export type { CompanionSetting, TrainerCompanion } from './trainer/companion.js';
export type { ItemRequest, TrainingData } from './trainer/data.js';
export type { EpochEvent, StepEvent, TrainerEvents, Validation } from './trainer/events.js';
export type { TrainerOptions, TrainingResult } from './trainer/options.js';
export type { PrepareProgress, TrainingMemory } from './trainer/session.js';
export type { Best, Position, TrainerState } from './trainer/state.js';
export { decodeTrainerState, encodeTrainerState } from './trainer/state-file.js';
export { Trainer } from './trainer/trainer.js';
