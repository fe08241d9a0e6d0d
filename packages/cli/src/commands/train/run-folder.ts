/** Which run a command begins or goes on with. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { folderStore } from '@infnet/node';
import {
  FILES,
  type RunStore,
  readSettings,
  readState,
  type SegmentationTask,
  type StoredState,
} from '@infnet/segmentation';
import { cliError } from '../../errors.js';
import { asArgument } from '../../shell.js';
import { taskOf } from '../../tasks.js';
import { newSettings, orRefuse, type Resumed, resumedSettings } from './config.js';
import type { TrainOptions } from './options.js';

export interface OpenedRun extends Resumed {
  readonly task: SegmentationTask;
  readonly store: RunStore;
  readonly stored: StoredState | undefined;
}

/**
 * Settles what to run. Nothing is written yet.
 *
 * @throws InfnetError `CLI_RUN_FOLDER`: there is a run already, or with `--resume` none, or its `config.json` is none;
 *   `CLI_USAGE`; `CHECKPOINT_...`
 */
export async function openRun(options: TrainOptions): Promise<OpenedRun> {
  const store = folderStore(options.out);
  const config = store.where(FILES.config);
  const where = dirname(config);
  const exists = existsSync(config);
  const begin = async (): Promise<OpenedRun> => {
    const task = await taskOf(options);
    return { task, store, settings: newSettings(task, options), changes: [], stored: undefined };
  };
  if (!options.resume) {
    if (!exists) return begin();
    throw cliError(
      'CLI_RUN_FOLDER',
      'There is a run in this folder already.',
      `Continue it: infnet train --out ${asArgument(options.out)} --resume. Or give another folder.`,
      { where },
    );
  }
  if (!exists) {
    // A run that was killed before its first file is begun, not refused, if it is known what to do.
    if (options.data !== undefined) return begin();
    throw cliError(
      'CLI_RUN_FOLDER',
      'There is no run in this folder: it has no config.json.',
      'Check --out, or start a run: infnet train --data FOLDER --out RUN.',
      { where },
    );
  }
  const read = await readSettings(store);
  if (read === undefined) {
    throw cliError('CLI_RUN_FOLDER', 'config.json is not one that this version wrote.', 'Give the folder of a run.', {
      where: config,
    });
  }
  const before = orRefuse(read, config);
  const resumed = resumedSettings(before, options);
  return { task: await taskOf(before), store, ...resumed, stored: await readState(store) };
}
