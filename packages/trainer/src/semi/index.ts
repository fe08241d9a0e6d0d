export { type Confidence, entropyConfidence, lesionConfidence } from './confidence.js';
export { type ConfidenceFilterOptions, confidenceFiltered } from './confidence-filtered.js';
export type { EdgeOf } from './hybrid-data.js';
export {
  encodeLabel,
  type LabelEncoding,
  labelHash,
  memoryLabelStore,
  type PseudoLabel,
  type PseudoLabelStore,
} from './labels.js';
export { type MeanTeacherOptions, meanTeacher } from './mean-teacher.js';
export { movingAverageKernel } from './moving-average.js';
export type { PropagationEvent, PropagationOptions, PropagationProgress, PropagationResult } from './options.js';
export { Propagation } from './propagation.js';
export { type RandomSelectionOptions, randomSelection } from './random-selection.js';
export {
  defaultStages,
  type PseudoStageOptions,
  releasedStages,
  type StageName,
  type StageOptions,
  type Stages,
  type StageTraining,
} from './stages.js';
export { type PropagationProblem, type PropagationState, propagatedOn, type StageRecord } from './state.js';
export { decodePropagationState, encodePropagationState } from './state-file.js';
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
} from './strategy.js';
export type { UnlabelledData } from './unlabelled.js';
