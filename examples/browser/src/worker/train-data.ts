/** The slices of a training. Runs in Node too. */
import {
  type DataSource,
  type Dataset,
  type DatasetTraining,
  MILD_AUGMENTATION,
  openDataset,
  phantomSource,
  split,
  trainingData,
} from '@infnet/data';
import { InfnetError } from '@infnet/errors';
import type { Progress } from '../protocol.js';
import type { StoredFile, TrainData, TrainSettings } from './train-protocol.js';

export interface OpenedData {
  readonly train: Dataset;
  readonly validation: Dataset | undefined;
  readonly unlabelled: Dataset | undefined;
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
    return { train, validation, unlabelled };
  }
  if (data.labelled.length === 0) {
    throw new InfnetError({
      code: 'TRAIN_NO_SLICES',
      message: 'There are no labelled slices.',
      fix: 'Drop a folder with Imgs and GT in it: slices, and their masks under the same names.',
    });
  }
  const all = await open(filesSource(data.labelled, 'the labelled slices'), 'Reading labelled slices');
  const unlabelled =
    data.unlabelled.length > 0
      ? await open(filesSource(data.unlabelled, 'the unlabelled slices'), 'Reading unlabelled slices', false)
      : undefined;
  if (all.length < FEWEST_TO_SPLIT) return { train: all, validation: all, unlabelled };
  return { ...split(all, { validate: 0.2, seed }), unlabelled };
}

export function trainerData(dataset: Dataset, { size, augment }: TrainSettings): DatasetTraining {
  return trainingData(dataset, { size, ...(augment ? { augmentation: MILD_AUGMENTATION } : {}) });
}

/** Loose pictures are unlabelled slices; a data set has its folders. */
function filesSource(files: readonly StoredFile[], name: string): DataSource {
  const byPath = new Map(files.map(({ path, file }) => [withFolder(path), file]));
  return {
    name,
    list: () => [...byPath.keys()],
    async read(path) {
      const file = byPath.get(path);
      if (file === undefined) throw new InfnetError({ code: 'FILE_MISSING', message: `There is no file ${path}.` });
      return new Uint8Array(await file.arrayBuffer());
    },
  };
}

function withFolder(path: string): string {
  return path.includes('/') ? path : `Imgs/${path}`;
}
