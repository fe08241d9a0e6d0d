/**
 * `infnet train`: slices and masks in, weights out, and a folder that tells how it went.
 *
 * Everything that can be wrong with the request (data, settings, weights, adapter) is found before the first step. From
 * then on nothing is lost: see the run folder of `@infnet/segmentation` for what is written when, and the trainer for
 * why a resumed run has the same bits.
 */
import { existsSync } from 'node:fs';
import { printable } from '@infnet/core';
import type { FolderLock } from '@infnet/node';
import { FILES, RecordedRun, RunLog, writeSettings } from '@infnet/segmentation';
import { onceEach, openContext } from '../../context.js';
import { reasonOf, renderError } from '../../errors.js';
import { type Io, say } from '../../io.js';
import { Progress } from '../../progress.js';
import { taskPath } from '../../tasks.js';
import { tellEnd } from './end.js';
import type { TrainOptions } from './options.js';
import { type Prepared, prepare } from './prepared.js';
import { inFolder } from './refusals.js';
import { folderOf, makeRun, type OpenedRun, openRun, tidy } from './run-folder.js';

export async function train(given: TrainOptions, io: Io): Promise<number> {
  const options = { ...given, task: taskPath(given.task) };
  const progress = new Progress(io.stderr);
  const opened = await openRun(options);
  let { lock } = opened;
  try {
    const prepared = await prepareRun(opened, options, io, progress);
    lock ??= await makeRun(opened, options);
    await tidy(opened.store);
    return await runIn(opened, prepared, lock, options, io, progress);
  } finally {
    progress.clear();
    await lock?.release();
  }
}

async function prepareRun(
  { task, stored, settings: asked }: OpenedRun,
  { given }: TrainOptions,
  io: Io,
  progress: Progress,
): Promise<Prepared> {
  const reading = (what: string) => ({ onProgress: progress.reading(what), signal: io.signal });
  try {
    return await prepare({ task, asked, given, resumed: stored !== undefined, reading });
  } finally {
    progress.clear();
  }
}

/** Trains in a folder that is this command's alone. */
async function runIn(
  { store, stored, changes }: OpenedRun,
  { settings, warnings, ...parts }: Prepared,
  lock: FolderLock,
  options: TrainOptions,
  io: Io,
  progress: Progress,
): Promise<number> {
  const notes = warnings.flatMap((text) => (text === '' ? [] : text.split('\n'))).map((line) => line.trim());
  if (stored?.damaged !== undefined) {
    const { file, error } = stored.damaged;
    const { code, message } = reasonOf(error);
    notes.push(
      `${printable(file)} is damaged ([${code}] ${message}): going on from the state before it, ${printable(stored.file)}; what came after is done again`,
    );
  }
  for (const note of notes) say(io.stderr, `infnet: ${note}`);
  for (const change of changes) say(io.stderr, `infnet: from now on ${change}`);
  // A run that goes on keeps its settings until it is known that it can go on with the new ones.
  const goesOn = existsSync(store.where(FILES.config));
  if (!goesOn) await writeSettings(store, settings);
  // Without a state it begins anew, and what was logged comes again.
  const log = await RunLog.open(store, FILES.log, stored === undefined ? 0 : stored.logLines);
  if (log.damaged.length > 0) {
    const lines = log.damaged.length === 1 ? 'a damaged line' : `${log.damaged.length} damaged lines`;
    const note = `${printable(store.where(FILES.log))} has ${lines} (${shown(log.damaged)}): what they told is missing from the report`;
    notes.push(note);
    say(io.stderr, `infnet: ${note}`);
  }
  try {
    const tell = onceEach((line) => progress.line(line));
    const run = folderOf(store);
    const made = inFolder(
      () =>
        new RecordedRun({
          ...parts,
          settings,
          store,
          log,
          stored,
          changes,
          progress,
          reasonOf,
          acceptChangedData: options.acceptChangedData,
          lineOf: (error) => renderError(error).split('\n')[0] ?? '',
          open: () => openContext(options, tell),
          onRestored: () => lock.renew(),
        }),
      run,
    );
    if (goesOn) await writeSettings(store, settings);
    const result = await made.run(io.signal);
    progress.clear();
    const { task, data } = parts;
    return tellEnd({ options, io, task, settings, notes, run, result, data, epochs: log.epochs });
  } finally {
    await log.close();
  }
}

/** Numbers of lines; of many the first ones. */
function shown(numbers: readonly number[]): string {
  const few = numbers.slice(0, 5).join(', ');
  return numbers.length > 5 ? `${few}, ...` : few;
}
