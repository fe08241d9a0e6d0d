/** Segmentation tasks: what a slice becomes, what logits mean, and everything that follows from it. */
export { assertTask } from './check.js';
export { type ClassScores, ClassTable } from './class-table.js';
export { masksData, unlabelledSlices } from './data.js';
export { decideByLargest, decideByThreshold, probabilityOf } from './decide.js';
export { defineTask, NET_OPTIONS, TASK_NAME, type TaskDefinition } from './define.js';
export { requireFinite } from './finite.js';
export { inputNamed } from './inputs.js';
export { type PseudoLabel, type PseudoLabelOptions, pseudoLabels } from './label/pseudo-label.js';
export { VolumeLabel } from './label/volume-label.js';
export {
  type Answered,
  type EachOptions,
  eachSlice,
  type Network,
  type NetworkOptions,
  type NetworkSize,
  type OnItsWay,
  openNetwork,
  predictorOf,
} from './network.js';
export { bestOf, figuresText } from './run/figures.js';
export {
  type Checkpoint,
  checkpointFile,
  FILES,
  readSettings,
  writeSettings,
} from './run/folder.js';
export { Keeper, type KeeperOptions, type Reason, type WeightsOrigin } from './run/keeper.js';
export { labelStore, PSEUDO_LABELS } from './run/labels.js';
export { RunLog } from './run/log.js';
export type { EpochLine, LogLine, NoteLine, StepLine } from './run/log-lines.js';
export type { RunParts, RunProgress, RunResult } from './run/parts.js';
export { RecordedRun } from './run/recorder.js';
export { figure, type RunReport, trainingReport } from './run/report.js';
export { epochKey, isPictured, type Sample, type SampleSource, Samples } from './run/samples.js';
export { type PropagationDocument, propagationDocument, type RoundDocument, semiReport } from './run/semi-report.js';
export { hadState, readState, type StoredState } from './run/state.js';
export type { OpenFile, RunStore } from './run/store.js';
export { type Described, weightsFile } from './run/weights.js';
export { ClassScoring, MapScoring } from './scores.js';
export type {
  CompanionSource,
  Named,
  Reports,
  ResultFile,
  SegmentFile,
  SegmentHost,
  SegmentJob,
  SegmentOptions,
} from './segment/job.js';
export { cut } from './segment/job.js';
export { type DonePicture, pictureNames, segmentPictures } from './segment/pictures.js';
export { type DoneVolume, type DoneVolumeSlice, segmentVolume, segmentVolumes, volumeNames } from './segment/volume.js';
export { SharedContext } from './shared-context.js';
export type {
  Figures,
  Interpretation,
  InterpretOptions,
  NetOption,
  NetOptions,
  Recognised,
  Scores,
  SegmentationTask,
  TaskClass,
  TaskData,
  TaskDataOptions,
  TaskMap,
  TaskNet,
  TaskSlice,
  TaskTraining,
  TrainingOptions,
  ValidationText,
  WeightsContent,
} from './task.js';
export { CHANNEL_ORDER, CHANNEL_ORDERS, CLASS_FORMATS, classes, isUNet } from './tasks/classes.js';
export { infection } from './tasks/infection.js';
export { type PartContent, type SlicesContent, watchContent } from './train/content.js';
export {
  heldOut,
  openTrainingSlices,
  openUnlabelledSlices,
  type ReadProgress,
  type TrainingSlices,
} from './train/data.js';
export { lastBatchOf, lossOf } from './train/method.js';
export type {
  Place,
  SessionEnd,
  SessionEpoch,
  SessionEvents,
  SessionParts,
  SessionState,
  TrainingSession,
  Validating,
} from './train/session.js';
export { type Untrainable, untrainable } from './train/trainable.js';
export { trainingSession } from './train/training-session.js';
export { type Validated, Validator, type ValidatorOptions } from './train/validator.js';
export { type LoadedNet, loadNet } from './weights.js';
