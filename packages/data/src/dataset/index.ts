export {
  type Augmentation,
  type AugmentationOptions,
  augment,
  drawAugmentation,
  itemSeed,
  MILD_AUGMENTATION,
} from './augment.js';
export { Dataset, type DatasetItem, type DatasetStore, type Sample, type SampleOptions } from './dataset.js';
export type { FolderLayout, ItemFiles, ListLayout } from './layout.js';
export type { LoadedSlice, LoadOptions, Slice } from './load.js';
export type { MaskContent, MaskMode } from './masks.js';
export { compareNames } from './natural-order.js';
export { type DatasetOptions, DEFAULT_CACHE_BYTES, type OpenProgress, openDataset } from './open.js';
export { type PhantomSourceOptions, phantomSource } from './phantom-source.js';
export { describeProblems, type Problem, type ProblemKind } from './problems.js';
export { type DataSource, type FileLike, fileListSource, memorySource } from './source.js';
export { type DatasetSplit, everyFifth, type SplitOptions, split } from './split.js';
export { type DatasetTraining, trainingData } from './training-data.js';
