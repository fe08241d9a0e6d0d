/** A training that is settled: everything that can be wrong with the request was found. */
import { InfnetError, isInfnetError } from '@infnet/core';
import { trainingMetadata } from '@infnet/inf-net';
import { folderSource } from '@infnet/node';
import {
  lastBatchOf,
  lossOf,
  openTrainingSlices,
  openUnlabelledSlices,
  type ReadProgress,
  type RunParts,
  type SegmentationTask,
  type TaskData,
  type TaskNet,
  untrainable,
} from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';
import { adviceInFlags } from '../../advice.js';
import { cliError, reasonOf } from '../../errors.js';
import { requireCompanions } from './companions.js';
import { makeNet } from './net.js';

/** The parts of a run that follow from its settings. */
export interface Prepared
  extends Pick<RunParts, 'task' | 'net' | 'initial' | 'settings' | 'data' | 'content' | 'describe'> {
  /** Lines about weights and data. */
  readonly warnings: readonly string[];
}

export interface Preparing {
  readonly task: SegmentationTask;
  readonly asked: TrainSettings;
  /** Names of the options that were given on the command line. */
  readonly given: readonly string[];
  readonly resumed: boolean;
  /** How the reading of something is told. */
  readonly reading: (what: string) => ReadProgress;
}

/** @throws InfnetError of settings, weights and data */
export async function prepare({ task, asked, given, resumed, reading }: Preparing): Promise<Prepared> {
  const { net, initial, settings, trained, notes } = await makeNet(task, asked, given, resumed);
  const { size, batch, data: folder, startedFrom, semi } = settings;
  const slices = await openTrainingSlices(task, folderSource(folder), settings, reading('reading slices'));
  requireCompanions(task, slices.train, folder);
  if (task.name === 'classes' && settings.loss === 'as-released') await checkReleasedLabels(slices.train, net, size);
  const more = semi
    ? await openUnlabelledSlices(
        task,
        folderSource(settings.unlabelled ?? ''),
        settings,
        reading('reading unlabelled slices'),
      )
    : undefined;
  const { train, validation } = slices;
  if (semi && batch > train.length && lastBatchOf(size, net) === 'drop') {
    const message = `--batch ${batch} is more than the ${train.length} slices to train on, and at --size ${size} a smaller batch is left out.`;
    throw cliError('CLI_USAGE', message, `Give --batch ${train.length}, or a larger --size.`);
  }
  refuseUntrainable(task, net, settings, train.length);
  const origin = trainingMetadata({
    slices: train.length,
    phantoms: slices.phantoms + (more?.phantoms ?? 0),
    unlabelled: more?.data.length ?? 0,
    startedFrom,
  });
  return {
    task,
    net,
    initial,
    settings,
    data: { train, validation, unlabelled: more?.data },
    content: { ...slices.content, ...(more === undefined ? {} : { unlabelled: more.content }) },
    describe: { made_by: 'infnet train', ...task.training.describe(net, size, { trained, ...origin }) },
    warnings: [
      ...notes.map((note) => `  ${note}`),
      adviceInFlags(slices.warnings),
      slices.isAlone ? alone(train) : '',
      adviceInFlags(more?.warnings ?? ''),
    ],
  };
}

/** @throws InfnetError `CLI_USAGE` where a batch has no variance, with what would do */
function refuseUntrainable(task: SegmentationTask, net: TaskNet, settings: TrainSettings, items: number): void {
  const wrong = untrainable(net, settings, lossOf(task, settings), items);
  if (wrong === undefined) return;
  const batches = wrong.batches.length === 0 ? [] : [`--batch ${wrong.batches.join(' or ')}`];
  const sizes = wrong.size === undefined ? [] : [`--size ${wrong.size}`];
  throw cliError('CLI_USAGE', wrong.message, `Give ${[...batches, ...sizes, '--freeze-batch-norm'].join(', or ')}.`);
}

/** Nothing to draw a share from, when none was asked for. */
function alone({ length }: TaskData): string {
  const what = length === 1 ? 'there is one slice only' : `all ${length} slices are of one volume`;
  return `  ${what}, so nothing is validated; --validate train validates on what is trained on`;
}

/**
 * Makes every label once: the released encoding cannot place some of them (quirk 26), which should not end a training
 * after an hour.
 *
 * @throws InfnetError `DATA_RELEASED_LABEL` naming the slice
 */
async function checkReleasedLabels(train: TaskData, net: TaskNet, size: number): Promise<void> {
  const made = train.training({ net, size, loss: 'as-released' });
  try {
    for (let index = 0; index < train.length; index++) await made.batch([{ index, epoch: 0, seed: 0 }]);
  } catch (error) {
    if (!isInfnetError(error, 'DATA_RELEASED_LABEL')) throw error;
    const fix =
      'Give --loss cross-entropy, whose labels are corrected, or another --size, or take the slice out of the set or into --validate.';
    const { code, where, details } = error;
    throw new InfnetError({ code, message: reasonOf(error).message, where, fix, details, cause: error });
  }
}
