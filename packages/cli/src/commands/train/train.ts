/**
 * `infnet train`: slices and masks in, weights out, and a folder that tells how it went.
 *
 * Everything that can be wrong with the request (data, settings, weights, adapter) is found before the first step. From
 * then on nothing is lost: see the run folder of `@infnet/segmentation` for what is written when, and the trainer for
 * why a resumed run has the same bits.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkpointFile, FILES, RecordedRun, RunLog, type RunStore, writeSettings } from '@infnet/segmentation';
import { onceEach, openContext } from '../../context.js';
import { reasonOf, renderError } from '../../errors.js';
import { type Io, say } from '../../io.js';
import { Progress } from '../../progress.js';
import { taskPath } from '../../tasks.js';
import { makeFolder } from '../segment/inputs.js';
import { type Ended, tellEnd } from './end.js';
import type { TrainOptions } from './options.js';
import { type Prepared, prepare } from './prepared.js';
import { inFolder } from './refusals.js';
import { openRun } from './run-folder.js';

export async function train(given: TrainOptions, io: Io): Promise<number> {
  const options = { ...given, task: taskPath(given.task) };
  const progress = new Progress(io.stderr);
  const { task, store, stored, changes, settings: asked } = await openRun(options);
  const reading = (what: string) => ({
    onProgress: (done: number, total: number, name: string): void => {
      if (done <= 1) progress.phase(what, total);
      progress.update(done, name);
    },
    signal: io.signal,
  });
  let prepared: Prepared;
  try {
    prepared = await prepare({ task, asked, given: options.given, resumed: stored !== undefined, reading });
  } finally {
    progress.clear();
  }
  const { settings, warnings, ...parts } = prepared;
  const notes = warnings.flatMap((text) => (text === '' ? [] : text.split('\n'))).map((line) => line.trim());
  for (const note of notes) say(io.stderr, `infnet: ${note}`);
  for (const change of changes) say(io.stderr, `infnet: from now on ${change}`);
  const write = async (): Promise<void> => {
    await makeFolder(dirname(store.where(checkpointFile('last'))));
    await writeSettings(store, settings);
  };
  // A run that goes on keeps its settings until it is known that it can go on with the new ones.
  const goesOn = existsSync(store.where(FILES.config));
  if (!goesOn) await write();
  const log = await RunLog.open(store, FILES.log, stored?.logLines);
  try {
    const tell = onceEach((line) => progress.line(line));
    const made = inFolder(
      () =>
        new RecordedRun({
          ...{ ...parts, settings, store, log, stored, changes, progress, reasonOf },
          lineOf: (error) => renderError(error).split('\n')[0] ?? '',
          open: () => openContext(options, tell),
        }),
      whereOf(store),
    );
    if (goesOn) await write();
    const result = await made.run(io.signal);
    progress.clear();
    const ended: Ended = {
      ...{ options, io, settings, notes, result, data: parts.data, epochs: log.epochs },
      run: whereOf(store),
      task: parts.task,
    };
    return tellEnd(ended);
  } finally {
    progress.clear();
    await log.close();
  }
}

function whereOf(store: RunStore): string {
  return dirname(store.where(FILES.config));
}
