/**
 * `infnet train`: slices and masks in, weights out, and a folder that tells how it went.
 *
 * Everything that can be wrong with the request (data, settings, weights, adapter) is found before the first step. From then on
 * nothing is lost: see `run-folder.ts` for what is written when, and the trainer for why a resumed run has the same bits.
 */
import { type Io, say } from '../../io.js';
import { Progress } from '../../progress.js';
import { openData, openUnlabelled, type RunData } from './data.js';
import { RunLog } from './log.js';
import { clipOf } from './method.js';
import { makeNet } from './net.js';
import type { TrainOptions } from './options.js';
import { openRun } from './run-folder.js';
import { SemiRun } from './semi.js';
import { SupervisedRun } from './supervised.js';

export async function train(options: TrainOptions, io: Io): Promise<number> {
  const progress = new Progress(io.stderr);
  const { folder, stored, changes, settings: asked } = await openRun(options);
  const { net, initial, settings } = await makeNet(asked, stored !== undefined);
  clipOf(settings);
  const reading = (what: string) => ({
    onProgress: (done: number, total: number, name: string): void => {
      if (done <= 1) progress.phase(what, total);
      progress.update(done, name);
    },
    signal: io.signal,
  });
  let data: RunData;
  let unlabelled: Awaited<ReturnType<typeof openUnlabelled>> | undefined;
  try {
    data = await openData(settings, reading('reading slices'));
    if (settings.semi) unlabelled = await openUnlabelled(settings, reading('reading unlabelled slices'));
  } finally {
    progress.clear();
  }
  for (const warnings of [data.warnings, unlabelled?.warnings ?? '']) {
    if (warnings !== '') say(io.stderr, warnings.replace(/^ {2}/gm, 'infnet: '));
  }
  for (const change of changes) say(io.stderr, `infnet: from now on ${change}`);
  await folder.writeSettings(settings);
  const log = await RunLog.open(folder.log, stored?.logLines);
  try {
    const parts = { options, io, progress, folder, settings, changes, stored, net, initial, data, log };
    const run = unlabelled === undefined ? new SupervisedRun(parts) : new SemiRun(parts, unlabelled.dataset);
    return await run.run();
  } finally {
    progress.clear();
    await log.close();
  }
}
