/**
 * `infnet train`: slices and masks in, weights out, and a folder that tells how it went.
 *
 * Everything that can be wrong with the request (data, settings, weights, adapter) is found before the first step. From
 * then on nothing is lost: see `run-folder.ts` for what is written when, and the trainer for why a resumed run has the
 * same bits.
 */
import { existsSync } from 'node:fs';
import { type Io, say } from '../../io.js';
import { Progress } from '../../progress.js';
import { RunLog } from './log.js';
import { prepareMultiClass } from './multi-class.js';
import type { TrainOptions } from './options.js';
import { type Prepared, prepareInfNet } from './prepared.js';
import { openRun } from './run-folder.js';

export async function train(options: TrainOptions, io: Io): Promise<number> {
  const progress = new Progress(io.stderr);
  const { folder, stored, changes, settings: asked } = await openRun(options);
  const reading = (what: string) => ({
    onProgress: (done: number, total: number, name: string): void => {
      if (done <= 1) progress.phase(what, total);
      progress.update(done, name);
    },
    signal: io.signal,
  });
  let prepared: Prepared;
  try {
    const prepare = asked.multiClass === true ? prepareMultiClass : prepareInfNet;
    prepared = await prepare({ asked, given: options.given, resumed: stored !== undefined, folder, reading });
  } finally {
    progress.clear();
  }
  const notes = prepared.warnings.flatMap((text) => (text === '' ? [] : text.split('\n'))).map((line) => line.trim());
  for (const note of notes) say(io.stderr, `infnet: ${note}`);
  for (const change of changes) say(io.stderr, `infnet: from now on ${change}`);
  // A run that goes on keeps its settings until it is known that it can go on with the new ones.
  const goesOn = existsSync(folder.config);
  if (!goesOn) await folder.writeSettings(prepared.settings);
  const log = await RunLog.open(folder.log, stored?.logLines);
  try {
    const run = prepared.makeRun({ options, io, progress, folder, changes, notes, stored, log });
    if (goesOn) await folder.writeSettings(prepared.settings);
    return await run.run();
  } finally {
    progress.clear();
    await log.close();
  }
}
