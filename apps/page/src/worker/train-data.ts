/** The slices of a training. Runs in Node too. */
import { type DataSource, describeProblems, type MaskMode, phantomSource, split, watchPhantoms } from '@infnet/data';
import { InfnetError } from '@infnet/errors';
import type { TrainedOn } from '@infnet/inf-net';
import type { SegmentationTask, TaskData } from '@infnet/segmentation';
import type { Progress } from '../protocol.js';
import { ownFiles } from './own-files.js';
import type { SlicesReport, StoredFile, TrainData } from './train-protocol.js';

export interface OpenedData {
  readonly train: TaskData;
  readonly validation: TaskData | undefined;
  readonly unlabelled: TaskData | undefined;
  /** What its weights will say that they were trained on. */
  readonly trainedOn: TrainedOn;
}

/** Fewer labelled slices than this are all needed for training. */
const FEWEST_TO_SPLIT = 5;

/** @throws InfnetError `DATA_DATASET` with all that is wrong, by file */
export async function openTrainData(
  task: SegmentationTask,
  data: TrainData,
  seed: number,
  onProgress: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<OpenedData> {
  const open = (source: DataSource, what: string, labelled = true): Promise<TaskData> =>
    task.openData(source, {
      labelled,
      signal,
      // Few phantoms may all be healthy, or all be infected.
      oneClass: 'allow',
      onProgress: ({ done, total }) => onProgress({ what, done, total }),
    });
  if (data.kind === 'phantoms') {
    const phantoms = (count: number, offset: number, kind: PhantomKind) =>
      phantomSource({ count, seed: data.seed + offset, kind });
    const kind = phantomKind(task);
    const train = await open(phantoms(data.labelled, 0, kind), 'Making labelled phantoms');
    const validation =
      data.validation > 0 ? await open(phantoms(data.validation, 1, kind), 'Making phantoms to test on') : undefined;
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
  const options = { task, onProgress, signal, masks: data.masks ?? 'binary' };
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

type PhantomKind = NonNullable<Parameters<typeof phantomSource>[0]['kind']>;

/** Phantoms are drawn with infections, or with ground-glass and consolidation told apart. */
function phantomKind({ name, classes }: SegmentationTask): PhantomKind {
  if (classes.length === 2) return 'infection';
  if (classes.length === 3) return 'multi-class';
  throw new InfnetError({
    code: 'TRAIN_NO_PHANTOMS',
    message: `Phantoms have two or three classes, and ${name} has ${classes.length}.`,
    fix: 'Choose slices of your own.',
  });
}

/** Of a training on the phantoms that the page draws. */
export function phantomsOnly({ labelled, unlabelled }: TrainData & { readonly kind: 'phantoms' }): TrainedOn {
  return { slices: labelled, unlabelled, phantoms: labelled + unlabelled };
}

interface FilesOptions {
  readonly task: SegmentationTask;
  /** What the masks' values mean. */
  readonly masks: MaskMode;
  readonly onProgress: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
}

interface OpenedFiles {
  readonly dataset: TaskData;
  /** Names of slices that say that they are phantoms. */
  readonly phantoms: ReadonlySet<string>;
}

async function openFiles(files: readonly StoredFile[], labelled: boolean, options: FilesOptions): Promise<OpenedFiles> {
  const { task, masks, onProgress, signal } = options;
  const what = labelled ? 'slices with masks' : 'slices without masks';
  const { source: own, explain } = ownFiles(files, `the ${what}`, labelled);
  const { source, phantoms } = watchPhantoms(own);
  const dataset = await task
    .openData(source, {
      labelled,
      masks,
      signal,
      oneClass: 'allow',
      onProgress: ({ done, total }) => onProgress({ what: `Reading ${what}`, done, total }),
    })
    .catch(explain);
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
