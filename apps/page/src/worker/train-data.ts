/** The slices of a training. Runs in Node too. */

import { InfnetError } from '@infnet/core';
import { describeProblems, phantomSource } from '@infnet/data';
import type { TrainedOn } from '@infnet/inf-net';
import {
  openTrainingSlices,
  openUnlabelledSlices,
  type ReadProgress,
  type SegmentationTask,
  type TaskData,
} from '@infnet/segmentation';
import type { Progress } from '../protocol.js';
import { ownFiles } from './own-files.js';
import type { SlicesReport, StoredFile, TrainData, TrainSettings } from './train-protocol.js';

export interface OpenedData {
  readonly train: TaskData;
  readonly validation: TaskData | undefined;
  readonly unlabelled: TaskData | undefined;
  /** What its weights will say that they were trained on. */
  readonly trainedOn: TrainedOn;
}

export interface OpenOptions {
  readonly task: SegmentationTask;
  readonly settings: TrainSettings;
  readonly onProgress: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Fewer labelled slices than this are all needed for training. */
const FEWEST_TO_SPLIT = 5;

/** @throws InfnetError `DATA_DATASET` with all that is wrong, by file; `TRAIN_NO_SLICES`, `TRAIN_NO_PHANTOMS` */
export async function openTrainData(data: TrainData, options: OpenOptions): Promise<OpenedData> {
  return data.kind === 'phantoms' ? openPhantoms(data, options) : openOwn(data, options);
}

/** Few phantoms, or slices, may all be healthy, or all be infected. */
function reading({ onProgress, signal }: Pick<OpenOptions, 'onProgress' | 'signal'>, what: string): ReadProgress {
  return { oneClass: 'allow', signal, onProgress: ({ done, total }) => onProgress({ what, done, total }) };
}

type Phantoms = TrainData & { readonly kind: 'phantoms' };

async function openPhantoms(data: Phantoms, { task, settings, ...told }: OpenOptions): Promise<OpenedData> {
  const kind = phantomKind(task);
  const labelled = async (count: number, seed: number, what: string): Promise<TaskData> => {
    const all = { ...settings, validate: 'none' };
    return (await openTrainingSlices(task, phantomSource({ count, seed, kind }), all, reading(told, what))).train;
  };
  const { seed } = data;
  const train = await labelled(data.labelled, seed, 'Making labelled phantoms');
  const validation =
    data.validation > 0 ? await labelled(data.validation, seed + 1, 'Making phantoms to test on') : undefined;
  if (data.unlabelled === 0) return { train, validation, unlabelled: undefined, trainedOn: phantomsOnly(data) };
  const source = phantomSource({ count: data.unlabelled, seed: seed + 2, kind: 'unlabelled' });
  const more = await openUnlabelledSlices(task, source, settings, reading(told, 'Making unlabelled phantoms'));
  return { train, validation, unlabelled: more.data, trainedOn: phantomsOnly(data) };
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
export function phantomsOnly({ labelled, unlabelled }: Phantoms): TrainedOn {
  return { slices: labelled, unlabelled, phantoms: labelled + unlabelled };
}

async function openOwn(data: TrainData & { readonly kind: 'files' }, options: OpenOptions): Promise<OpenedData> {
  if (data.labelled.length === 0) {
    throw new InfnetError({
      code: 'TRAIN_NO_SLICES',
      message: 'There are no labelled slices.',
      fix: 'Drop a folder with Imgs and GT in it: slices, and their masks under the same names.',
    });
  }
  const drawn = await openLabelled(data.labelled, options);
  const count = drawn.train.length + (drawn.validation?.length ?? 0);
  const hasTooFew = count < FEWEST_TO_SPLIT || drawn.isAlone;
  const slices = hasTooFew ? await openLabelled(data.labelled, options, 'train') : drawn;
  const more = data.unlabelled.length > 0 ? await openUnlabelled(data.unlabelled, options) : undefined;
  const trainedOn: TrainedOn = {
    slices: slices.train.length,
    phantoms: slices.phantoms + (more?.phantoms ?? 0),
    unlabelled: more?.data.length ?? 0,
  };
  return { train: slices.train, validation: slices.validation, unlabelled: more?.data, trainedOn };
}

function openLabelled(
  files: readonly StoredFile[],
  { task, settings, ...told }: OpenOptions,
  validate: string = settings.validate,
): ReturnType<typeof openTrainingSlices> {
  const { source, explain } = ownFiles(files, 'the slices with masks', true);
  const read = reading(told, 'Reading slices with masks');
  return openTrainingSlices(task, source, { ...settings, validate }, read).catch(explain);
}

function openUnlabelled(
  files: readonly StoredFile[],
  { task, settings, ...told }: OpenOptions,
): ReturnType<typeof openUnlabelledSlices> {
  const { source, explain } = ownFiles(files, 'the slices without masks', false);
  return openUnlabelledSlices(task, source, settings, reading(told, 'Reading slices without masks')).catch(explain);
}

/** Reads all of them once, as a training will. @throws InfnetError `DATA_DATASET` with all that is wrong, by file */
export async function checkFiles(
  files: readonly StoredFile[],
  labelled: boolean,
  options: OpenOptions,
): Promise<SlicesReport> {
  const { leftOut, renamed } = ownFiles(files, '', labelled);
  const { length, warnings } = labelled
    ? (await openLabelled(files, options, 'none')).train
    : (await openUnlabelled(files, options)).data;
  const ignored = warnings.flatMap(({ kind, count }) => (kind === 'ignored' ? [count] : []))[0] ?? 0;
  const notes = describeProblems(renamed(warnings.filter(({ kind }) => kind !== 'ignored' && kind !== 'edgeDerived')));
  return { count: length, leftOut: leftOut.length + ignored, notes: notes.trim() };
}
