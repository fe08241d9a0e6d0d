/** How a training ended: its last lines, its document, its exit code. */

import { join } from 'node:path';
import {
  bestOf,
  type EpochLine,
  FILES,
  figuresText,
  type RunResult,
  type SegmentationTask,
} from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { asArgument } from '../../shell.js';
import type { TrainOptions } from './options.js';

interface Named {
  readonly names: readonly string[];
}

export interface Ended {
  readonly options: TrainOptions;
  readonly io: Io;
  readonly task: SegmentationTask;
  readonly settings: TrainSettings;
  /** What was noticed in data and weights. */
  readonly notes: readonly string[];
  /** The run folder. */
  readonly run: string;
  readonly result: RunResult;
  readonly data: { readonly train: Named; readonly validation: Named | undefined };
  readonly epochs: readonly EpochLine[];
}

export function tellEnd({ options, io, task, settings, notes, run, result, data, epochs }: Ended): number {
  const { stopped, text, document, failures, adapter, memory } = result;
  const aborted = stopped === 'aborted';
  const errors = [...failures].map(([file, reason]) => ({ file, ...reason }));
  const exitCode = aborted ? EXIT.interrupted : errors.length > 0 ? EXIT.someFailed : EXIT.ok;
  for (const { file, code, message } of errors) say(io.stderr, `infnet: not written: ${file}: [${code}] ${message}`);
  if (aborted) say(io.stderr, `infnet: ${text}. Continue with: infnet train --out ${asArgument(options.out)} --resume`);
  if (!options.json) {
    const last = epochs.at(-1);
    say(io.stdout, `${text}; ${last === undefined ? 'no epoch was completed' : `loss ${last.loss.toFixed(4)}`}`);
    const best = bestOf(epochs);
    if (best?.metrics !== undefined) {
      const round = best.round === undefined ? '' : ` ${best.round}`;
      const when = best.stage === undefined ? '' : `${best.stage}${round}, `;
      say(io.stdout, `best validation: ${when}epoch ${best.epoch}, ${figuresText(task.training, best.metrics, 4)}`);
    }
    say(io.stdout, `look at ${join(run, FILES.report)}`);
    return exitCode;
  }
  const common = {
    command: 'train',
    ok: exitCode === EXIT.ok,
    exitCode,
    run,
    adapter,
    settings,
    slices: { train: data.train.names, validation: data.validation?.names ?? [] },
    notes,
    last: epochs.at(-1) ?? null,
    memory,
    seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
  };
  sayJson(io, { ...common, ...document, errors });
  return exitCode;
}
