/** The slices of a training. Runs in Node too. */
import {
  type DataSource,
  type Dataset,
  type DatasetTraining,
  describeProblems,
  type MaskMode,
  MILD_AUGMENTATION,
  openDataset,
  phantomSource,
  split,
  trainingData,
  watchPhantoms,
} from '@infnet/data';
import { InfnetError } from '@infnet/errors';
import type { TrainedOn } from '@infnet/inf-net';
import type { Progress } from '../protocol.js';
import { ownFiles } from './own-files.js';
import type { SlicesReport, StoredFile, TrainData, TrainSettings } from './train-protocol.js';

export interface OpenedData {
  readonly train: Dataset;
  readonly validation: Dataset | undefined;
  readonly unlabelled: Dataset | undefined;
  /** What its weights will say that they were trained on. */
  readonly trainedOn: TrainedOn;
}

/** Fewer labelled slices than this are all needed for training. */
const FEWEST_TO_SPLIT = 5;

/** @throws InfnetError `DATA_DATASET` with all that is wrong, by file */
export async function openTrainData(
  data: TrainData,
  seed: number,
  onProgress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<OpenedData> {
  const open = (source: DataSource, what: string, labelled = true): Promise<Dataset> =>
    openDataset(source, {
      labelled,
      signal,
      // Few phantoms may all be healthy, or all be infected.
      oneClass: 'allow',
      onProgress: ({ done, total }) => onProgress({ what, done, total }),
    });
  if (data.kind === 'phantoms') {
    const phantoms = (count: number, offset: number, kind: 'infection' | 'unlabelled') =>
      phantomSource({ count, seed: data.seed + offset, kind });
    const train = await open(phantoms(data.labelled, 0, 'infection'), 'Making labelled phantoms');
    const validation =
      data.validation > 0
        ? await open(phantoms(data.validation, 1, 'infection'), 'Making phantoms to test on')
        : undefined;
    const unlabelled =
      data.unlabelled > 0
        ? await open(phantoms(data.unlabelled, 2, 'unlabelled'), 'Making unlabelled phantoms', false)
        : undefined;
    return { train, validation, unlabelled, trainedOn: phantomsOnly(data) };
  }
  if (data.labelled.length === 0) {
    throw new InfnetError({
      code: 'TRAIN_NO_SLICES',
      message: 'There are no labelled slices.',
      fix: 'Drop a folder with Imgs and GT in it: slices, and their masks under the same names.',
    });
  }
  const options = { onProgress, signal, masks: data.masks ?? 'binary' };
  const { dataset: all, phantoms } = await openFiles(data.labelled, true, options);
  const more = data.unlabelled.length > 0 ? await openFiles(data.unlabelled, false, options) : undefined;
  const unlabelled = more?.dataset;
  const parts = all.length < FEWEST_TO_SPLIT ? { train: all, validation: all } : split(all, { validate: 0.2, seed });
  const among = (names: readonly string[], of: ReadonlySet<string> = new Set()): number =>
    names.filter((name) => of.has(name)).length;
  const trainedOn: TrainedOn = {
    slices: parts.train.length,
    phantoms: among(parts.train.names, phantoms) + among(unlabelled?.names ?? [], more?.phantoms),
    unlabelled: unlabelled?.length ?? 0,
  };
  return { ...parts, unlabelled, trainedOn };
}

/** Of a training on the phantoms that the page draws. */
export function phantomsOnly({ labelled, unlabelled }: TrainData & { readonly kind: 'phantoms' }): TrainedOn {
  return { slices: labelled, unlabelled, phantoms: labelled + unlabelled };
}

export function trainerData(dataset: Dataset, { size, augment }: TrainSettings): DatasetTraining {
  return trainingData(dataset, { size, ...(augment ? { augmentation: MILD_AUGMENTATION } : {}) });
}

interface FilesOptions {
  /** What the masks' values mean. */
  readonly masks: MaskMode;
  readonly onProgress: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
}

interface OpenedFiles {
  readonly dataset: Dataset;
  /** Names of slices that say that they are phantoms. */
  readonly phantoms: ReadonlySet<string>;
}

async function openFiles(files: readonly StoredFile[], labelled: boolean, options: FilesOptions): Promise<OpenedFiles> {
  const { masks, onProgress, signal } = options;
  const what = labelled ? 'slices with masks' : 'slices without masks';
  const { source: own, explain } = ownFiles(files, `the ${what}`, labelled);
  const { source, phantoms } = watchPhantoms(own);
  const dataset = await openDataset(source, {
    labelled,
    masks,
    signal,
    oneClass: 'allow',
    onProgress: ({ done, total }) => onProgress({ what: `Reading ${what}`, done, total }),
  }).catch(explain);
  return { dataset, phantoms };
}

/** Reads all of them once, as a training will. @throws InfnetError `DATA_DATASET` with all that is wrong, by file */
export async function checkFiles(
  files: readonly StoredFile[],
  labelled: boolean,
  options: FilesOptions,
): Promise<SlicesReport> {
  const { leftOut, renamed } = ownFiles(files, '', labelled);
  const { dataset } = await openFiles(files, labelled, options);
  const ignored = dataset.warnings.flatMap(({ kind, count }) => (kind === 'ignored' ? [count] : []))[0] ?? 0;
  const notes = describeProblems(
    renamed(dataset.warnings.filter(({ kind }) => kind !== 'ignored' && kind !== 'edgeDerived')),
  );
  return { count: dataset.length, leftOut: leftOut.length + ignored, notes: notes.trim() };
}
