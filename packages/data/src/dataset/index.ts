export {
  type Augmentable,
  type Augmentation,
  type AugmentationOptions,
  augment,
  drawAugmentation,
  itemSeed,
  MILD_AUGMENTATION,
  varied,
} from './augment.js';
export { Dataset, type DatasetStore, type Sample, type SampleOptions } from './dataset.js';
export type { DatasetItem } from './item-set.js';
export type { FolderLayout, ItemFiles, ListLayout } from './layout.js';
export type { LoadedSlice, LoadOptions, Slice } from './load.js';
export { type ForeignMask, looksInverted, type MaskContent, type MaskMode, type ReadMask, readMask } from './masks.js';
export {
  MultiClassDataset,
  type MultiClassSample,
  type MultiClassSampleOptions,
  type MultiClassSlice,
  type MultiClassStore,
  type PriorFunction,
  type PriorRequest,
  type StoredSlice,
} from './multi-class.js';
export { duplicateNote, isHidden, spelledOut, stemOf } from './names.js';
export { compareNames } from './natural-order.js';
export { type DatasetOptions, openDataset } from './open.js';
export { type MultiClassOptions, openMultiClassDataset } from './open-multi-class.js';
export { type PhantomSourceOptions, phantomSource } from './phantom-source.js';
export { describeProblems, type Problem, type ProblemEntry, type ProblemKind } from './problems.js';
export { DEFAULT_CACHE_BYTES, type ItemContent, type OpenProgress, type ReadOptions } from './read-all.js';
export { type DataSource, type FileLike, fileListSource, memorySource } from './source.js';
export { type DatasetSplit, everyFifth, type SplitOptions, type Splittable, split, splitUnits } from './split.js';
export {
  type DatasetTraining,
  type DatasetUnlabelled,
  type MultiClassTraining,
  multiClassTrainingData,
  trainingData,
  unlabelledData,
} from './training-data.js';
export { type OnGrid, onGridOf } from './volume-grid.js';
export { type ReadVolumeMask, readVolumeMask } from './volume-mask.js';
export { volumeSliceValues } from './volume-values.js';
