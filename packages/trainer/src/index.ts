export { readJson, writeJson } from './json.js';
export { type BceAttributes, bce, bceOperator, bceWithLogits } from './loss/bce.js';
export { type BoundaryLossOptions, boundaryLoss } from './loss/boundary.js';
export {
  type ClassLossOptions,
  type CrossEntropyOptions,
  crossEntropy,
  type FocalLossOptions,
  focalLoss,
  type Reduction,
} from './loss/class-losses.js';
export {
  type ClassDiceLossOptions,
  classDiceLoss,
  type TverskyLossOptions,
  tverskyLoss,
} from './loss/class-overlap.js';
export { type CrossEntropyAttributes, crossEntropyOperator } from './loss/cross-entropy.js';
export { deepSupervision, deepSupervisionWeights } from './loss/deep-supervision.js';
export { type DiceLossAttributes, type DiceLossOptions, diceLoss, diceLossOperator } from './loss/dice-loss.js';
export {
  type InfNetLossVariant,
  type InfNetTargets,
  infNetLoss,
  type LossWithParts,
  type SupervisedMaps,
} from './loss/inf-net-loss.js';
export { type JointLossAttributes, type JointLossVariant, jointLoss, jointLossOperator } from './loss/joint-loss.js';
export { type OverlapLossAttributes, overlapLossOperator } from './loss/overlap-loss.js';
export { type PixelEntropyAttributes, pixelEntropyOperator } from './loss/pixel-entropy.js';
export { Adam, type AdamOptions, AdamW } from './optimizer/adam.js';
export { checkClip, clampGradients, clipGradientNorm, type GradientClip, noClip } from './optimizer/clip.js';
export {
  Optimizer,
  type OptimizerCheck,
  type OptimizerKernel,
  type OptimizerOptions,
  type OptimizerSettings,
  type OptimizerState,
  type ParameterSettings,
} from './optimizer/optimizer.js';
export { SGD, type SGDOptions } from './optimizer/sgd.js';
export type { BoundAfter, LargestMove, Magnitudes } from './optimizer/state-bounds.js';
export type { StepBatch } from './optimizer/step-turns.js';
export {
  constant,
  cosine,
  type LearningRateSchedule,
  type Progress,
  releasedStep,
  type StepOptions,
  stepDecay,
  warmUp,
} from './schedule.js';
export { type Confidence, entropyConfidence, lesionConfidence } from './semi/confidence.js';
export { type ConfidenceFilterOptions, confidenceFiltered } from './semi/confidence-filtered.js';
export type { EdgeOf } from './semi/hybrid-data.js';
export {
  encodeLabel,
  type LabelEncoding,
  labelHash,
  memoryLabelStore,
  type PseudoLabel,
  type PseudoLabelStore,
} from './semi/labels.js';
export { type MeanTeacherOptions, meanTeacher } from './semi/mean-teacher.js';
export type { PropagationEvent, PropagationOptions, PropagationProgress, PropagationResult } from './semi/options.js';
export { Propagation } from './semi/propagation.js';
export { type RandomSelectionOptions, randomSelection } from './semi/random-selection.js';
export {
  defaultStages,
  type PseudoStageOptions,
  releasedStages,
  type StageName,
  type StageOptions,
  type Stages,
  type StageTraining,
} from './semi/stages.js';
export { type PropagationProblem, type PropagationState, propagatedOn, type StageRecord } from './semi/state.js';
export { decodePropagationState, encodePropagationState } from './semi/state-file.js';
export type {
  Prediction,
  RoundContext,
  RoundPlan,
  RoundRecord,
  RoundTraining,
  SemiStrategy,
  Settings,
  TrainingContext,
  TrainingFigures,
} from './semi/strategy.js';
export type { UnlabelledData } from './semi/unlabelled.js';
export { scaledSize } from './step/multi-scale.js';
export { type BlockOf, numberedBlock } from './step/recompute.js';
export type { InputResize } from './step/resize-inputs.js';
export type { StepLoss } from './step/step-loss.js';
export { setTrainingMode, type TracedStep, type TraceStepOptions, traceStep } from './step/trace-step.js';
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
export { batchSizes } from './trainer/order.js';
export type { PrepareProgress, TrainingMemory } from './trainer/session.js';
export { type Best, continuedOn, type Position, type TrainerState } from './trainer/state.js';
export { decodeTrainerState, encodeTrainerState } from './trainer/state-file.js';
export { Trainer } from './trainer/trainer.js';
export { fits, largestSide, withFitting } from './what-fits.js';
