/** The slices of a training: opened, checked, and those set aside that it is validated on. */

import { InfnetError } from '@infnet/core';
import {
  type DataSource,
  describeProblems,
  everyFifth,
  MILD_AUGMENTATION,
  split,
  splitUnits,
  watchPhantoms,
} from '@infnet/data';
import type { SegmentationTask, TaskData, TaskDataOptions } from '../task.js';
import { type PartContent, watchContent } from './content.js';
import { TRAIN_OPTIONS, type TrainSettings } from './options.js';

export interface TrainingSlices {
  readonly train: TaskData;
  /** Undefined: nothing is validated. */
  readonly validation: TaskData | undefined;
  /** Whether that is because there is nothing to draw a share from, when none was asked for. */
  readonly isAlone: boolean;
  /** Lines about what was left out or needs attention. */
  readonly warnings: string;
  /** Slices to train on that are phantoms. */
  readonly phantoms: number;
  /** What the slices are, by their bytes. */
  readonly content: { readonly train: PartContent; readonly validation?: PartContent };
}

export type ReadProgress = Pick<TaskDataOptions, 'oneClass' | 'onProgress' | 'signal'>;

/** @throws InfnetError `DATA_DATASET` with all that is wrong, by file; `DATA_ARGUMENT`, `TRAIN_VALIDATE`, `FILE_...` */
export async function openTrainingSlices(
  task: SegmentationTask,
  from: DataSource,
  settings: TrainSettings,
  reading: ReadProgress,
): Promise<TrainingSlices> {
  const { edges, masks, emptyMasks, validate, seed } = settings;
  const watched = watchContent(from);
  const { source, phantoms } = watchPhantoms(watched.source);
  const all = await task.openData(source, {
    edges,
    emptyMasks,
    ...(masks === 'binary' ? {} : { masks }),
    ...decoding(settings, reading),
  });
  const of = (train: TaskData, validation: TaskData | undefined, isAlone = false): TrainingSlices => ({
    train,
    validation,
    isAlone,
    warnings: describeProblems(all.warnings),
    phantoms: phantomsAmong(train, phantoms),
    content: {
      train: watched.of(train),
      ...(validation === undefined || validation === train ? {} : { validation: watched.of(validation) }),
    },
  });
  if (validate === 'none') return of(all, undefined);
  if (validate === 'train') return of(all, all);
  if (validate === TRAIN_OPTIONS.validate.default && splitUnits(all).length === 1) return of(all, undefined, true);
  const aside = heldOut(validate, all);
  if (aside === undefined) {
    const fix = 'Give a share like 0.2, positions like 4,9,14, every-fifth, train or none.';
    throw new InfnetError({ code: 'TRAIN_VALIDATE', message: `validate is ${validate}`, fix });
  }
  const parts = split(all, { validate: aside, seed });
  return of(parts.train, parts.validation);
}

/**
 * Slices without masks for a semi-supervised training.
 *
 * @throws InfnetError `DATA_DATASET` with all that is wrong, by file
 */
export async function openUnlabelledSlices(
  task: SegmentationTask,
  from: DataSource,
  settings: TrainSettings,
  reading: ReadProgress,
): Promise<Pick<TrainingSlices, 'warnings' | 'phantoms'> & { readonly data: TaskData; readonly content: PartContent }> {
  const watched = watchContent(from);
  const { source, phantoms } = watchPhantoms(watched.source);
  const data = await task.openData(source, { labelled: false, ...decoding(settings, reading) });
  return {
    data,
    warnings: describeProblems(data.warnings),
    phantoms: phantomsAmong(data, phantoms),
    content: watched.of(data),
  };
}

/** How files become slices, and how much is kept of them. */
function decoding(
  { range, window, orient, cache, skipBad }: TrainSettings,
  { onProgress, signal, oneClass }: ReadProgress,
): TaskDataOptions {
  return {
    range,
    window,
    orient,
    signal,
    oneClass,
    onProgress,
    cacheBytes: cache * 2 ** 20,
    onProblem: skipBad ? 'skip' : 'error',
  };
}

function phantomsAmong({ names }: TaskData, phantoms: ReadonlySet<string>): number {
  return names.filter((name) => phantoms.has(name)).length;
}

/** What a text says of the slices to set aside: a share or positions; undefined where it says nothing of them. */
export function heldOut(text: string, dataset: Parameters<typeof everyFifth>[0]): number | number[] | undefined {
  if (text === 'every-fifth') return everyFifth(dataset);
  if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map(Number);
  const share = Number(text);
  return text.trim() !== '' && share > 0 && share < 1 ? share : undefined;
}

export function augmentationOf({ augment }: TrainSettings): typeof MILD_AUGMENTATION | undefined {
  return augment === 'mild' ? MILD_AUGMENTATION : undefined;
}
