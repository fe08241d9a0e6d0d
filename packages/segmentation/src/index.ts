/** Segmentation tasks: what a slice becomes, what logits mean, and everything that follows from it. */
export { type ClassScores, ClassTable } from './class-table.js';
export { masksData, unlabelledSlices } from './data.js';
export { decideByLargest, decideByThreshold, probabilityOf } from './decide.js';
export { defineTask, NET_OPTIONS, netOptionsOf, TASK_NAME, type TaskDefinition } from './define.js';
export { requireFinite } from './finite.js';
export { inputNamed } from './inputs.js';
export { ClassScoring, MapScoring } from './scores.js';
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
  TrainingOptions,
  WeightsContent,
} from './task.js';
export { CHANNEL_ORDER, CHANNEL_ORDERS, CLASS_FORMATS, classes, isUNet } from './tasks/classes.js';
export { infection } from './tasks/infection.js';
export { type LoadedNet, loadNet } from './weights.js';
