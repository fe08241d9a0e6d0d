/** Which run a command begins or goes on with. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FolderLock, folderStore, lockFolder, removeLeftovers } from '@infnet/node';
import {
  checkpointFile,
  FILES,
  hadState,
  type RunStore,
  readSettings,
  readState,
  type SegmentationTask,
  type StoredState,
} from '@infnet/segmentation';
import { cliError } from '../../errors.js';
import { asArgument } from '../../shell.js';
import { taskOf } from '../../tasks.js';
import { makeFolder } from '../segment/inputs.js';
import { newSettings, orRefuse, type Resumed, resumedSettings } from './config.js';
import type { TrainOptions } from './options.js';

export interface OpenedRun extends Resumed {
  readonly task: SegmentationTask;
  readonly store: RunStore;
  readonly stored: StoredState | undefined;
  /** Of a run that there is; a new one is locked when its folder is made. */
  readonly lock: FolderLock | undefined;
}

/** The run folder. */
export function folderOf(store: RunStore): string {
  return dirname(store.where(FILES.config));
}

/**
 * Settles what to run. Nothing is written yet, but for the lock of a run that there is.
 *
 * @throws InfnetError `CLI_RUN_FOLDER`: there is a run already, or with `--resume` none, or parts of it are missing;
 *   `FILE_LOCKED` with who is at it; `CLI_USAGE`; `TRAIN_STATE_DAMAGED`
 */
export async function openRun(options: TrainOptions): Promise<OpenedRun> {
  const store = folderStore(options.out);
  const where = folderOf(store);
  if (existsSync(store.where(FILES.config))) {
    if (!options.resume) throw thereIsARun(options.out, where);
    const lock = await lockFolder(where);
    try {
      return { ...(await goOn(options, store)), lock };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }
  await refuseRemains(store);
  // A run that was killed before its first file is begun, not refused, if it is known what to do.
  if (options.resume && options.data === undefined) {
    throw cliError(
      'CLI_RUN_FOLDER',
      'There is no run in this folder: it has no config.json.',
      'Check --out, or start a run: infnet train --data FOLDER --out RUN.',
      { where },
    );
  }
  const task = await taskOf(options);
  return { task, store, settings: newSettings(task, options), changes: [], stored: undefined, lock: undefined };
}

/**
 * Makes the folder of a new run.
 *
 * @throws InfnetError `CLI_OUTPUT_FOLDER`, `FILE_LOCKED`; `CLI_RUN_FOLDER` where somebody was faster
 */
export async function makeRun({ store }: Pick<OpenedRun, 'store'>, { out, resume }: TrainOptions): Promise<FolderLock> {
  await makeFolder(dirname(store.where(checkpointFile('last'))));
  const lock = await lockFolder(folderOf(store));
  if (!existsSync(store.where(FILES.config))) return lock;
  await lock.release();
  throw resume
    ? cliError('CLI_RUN_FOLDER', 'Another run has begun in this folder.', 'Try again.')
    : thereIsARun(out, folderOf(store));
}

/** Removes what killed runs left. */
export async function tidy(store: RunStore): Promise<void> {
  await removeLeftovers(folderOf(store), { deep: true });
}

function thereIsARun(out: string, where: string): Error {
  return cliError(
    'CLI_RUN_FOLDER',
    'There is a run in this folder already.',
    `Continue it: infnet train --out ${asArgument(out)} --resume. Or give another folder.`,
    { where },
  );
}

async function goOn(options: TrainOptions, store: RunStore): Promise<Omit<OpenedRun, 'lock'>> {
  const config = store.where(FILES.config);
  const read = await readSettings(store);
  if (read === undefined) {
    throw cliError('CLI_RUN_FOLDER', 'config.json is not one that this version wrote.', 'Give the folder of a run.', {
      where: config,
    });
  }
  const before = orRefuse(read, config);
  const resumed = resumedSettings(before, options);
  const stored = await readState(store);
  if (stored === undefined && (await hadState(store))) throw await withoutState(store);
  return { task: await taskOf(before), store, ...resumed, stored };
}

/** There was a state, and it is gone. */
async function withoutState(store: RunStore): Promise<Error> {
  const [last, previous] = [checkpointFile('last'), checkpointFile('previous')];
  const hasPrevious = existsSync(store.where(previous));
  const before = hasPrevious ? `go on from the state before it: copy ${previous} to ${last}` : undefined;
  const anew = `start another run in another folder${existsSync(store.where(checkpointFile('best'))) ? ', with --weights' : ''}`;
  const fix = ['Put it back from a copy', ...(before === undefined ? [] : [before]), anew].join(', or ');
  return cliError('CLI_RUN_FOLDER', `${last} is missing, from which the run would go on.`, `${fix}.`, {
    where: folderOf(store),
  });
}

/** Parts of a run without its settings: a new one would be written over them. @throws InfnetError `CLI_RUN_FOLDER` */
async function refuseRemains(store: RunStore): Promise<void> {
  const names = await store.list('');
  const checkpoints = names.includes('checkpoints') ? await store.list('checkpoints') : [];
  const states = checkpoints.filter((name) => name.endsWith('.safetensors')).map((name) => `checkpoints/${name}`);
  const [found] = [...names.filter((name) => name === FILES.log), ...states];
  if (found === undefined) return;
  const message = `There are parts of a run in this folder (${found}), but no config.json.`;
  throw cliError('CLI_RUN_FOLDER', message, 'Put its config.json back, or give another folder.', {
    where: folderOf(store),
  });
}
