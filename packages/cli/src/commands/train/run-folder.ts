/**
 * The folder of a run, and how it survives being killed.
 *
 *     config.json                     the settings, written before anything else
 *     log.jsonl                       a line for every event
 *     checkpoints/last.safetensors    the whole state: what --resume continues from
 *     checkpoints/best.safetensors    weights of the best validation
 *     checkpoints/final.safetensors   weights at the end
 *     checkpoints/supervised.safetensors   with --semi: weights before the first pseudo label
 *     pseudo-labels/<slice>.png       with --semi: the labels that the net made
 *     samples/<slice>/epoch-0010.png  overlays
 *     report.html                     all of it to look at
 *
 * Every file but the log is replaced as a whole. The state is written last: whatever else is newer than it is made
 * again, with the same bytes, when the run is resumed.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readSafetensors } from '@infnet/checkpoint';
import { readFile, writeFileAtomic } from '@infnet/node';
import type { TrainSettings } from '@infnet/segmentation/options';
import * as v from 'valibot';
import { cliError } from '../../errors.js';
import { asArgument } from '../../shell.js';
import { makeFolder } from '../segment/inputs.js';
import { checked, newSettings, type Resumed, resumedSettings } from './config.js';
import type { TrainOptions } from './options.js';

/** `supervised`: the weights before the first pseudo label, of a semi-supervised training. */
export type Checkpoint = 'last' | 'best' | 'final' | 'supervised';

const VERSION = 1;

/** What `config.json` has; the settings themselves have a table. */
const CONFIG = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ version: v.literal(VERSION), settings: v.record(v.string(), v.unknown()) }),
);

export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get config(): string {
    return join(this.path, 'config.json');
  }

  get log(): string {
    return join(this.path, 'log.jsonl');
  }

  get report(): string {
    return join(this.path, 'report.html');
  }

  get pseudoLabels(): string {
    return join(this.path, 'pseudo-labels');
  }

  get samples(): string {
    return join(this.path, 'samples');
  }

  checkpoint(name: Checkpoint): string {
    return join(this.path, 'checkpoints', `${name}.safetensors`);
  }

  /** @throws InfnetError `CLI_OUTPUT_FOLDER`, `FILE_...` */
  async writeSettings(settings: TrainSettings): Promise<void> {
    await makeFolder(join(this.path, 'checkpoints'));
    const text = JSON.stringify({ version: VERSION, command: 'train', settings }, undefined, 2);
    await writeFileAtomic(this.config, new TextEncoder().encode(`${text}\n`));
  }

  /** @throws InfnetError `CLI_RUN_FOLDER`, `CLI_USAGE` for settings that a hand has spoilt, `FILE_...` */
  async readSettings(): Promise<TrainSettings> {
    const config = v.safeParse(CONFIG, new TextDecoder().decode(await readFile(this.config)));
    if (config.success) return checked(config.output.settings, this.config);
    throw cliError('CLI_RUN_FOLDER', 'config.json is not one that this version wrote.', 'Give the folder of a run.', {
      where: this.config,
    });
  }

  /** The state's bytes to continue from, or undefined where the run was stopped before its first one. */
  async readState(): Promise<StoredState | undefined> {
    const file = this.checkpoint('last');
    if (!existsSync(file)) return undefined;
    const bytes = await readFile(file);
    const lines = readSafetensors(bytes, { file }).metadata.get(LOG_LINES);
    return { file, bytes, ...(typeof lines === 'string' ? { logLines: Number(lines) } : {}) };
  }
}

/** Name of the state's metadata that says how many lines the log had. */
export const LOG_LINES = 'log_lines';

export interface StoredState {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly logLines?: number;
}

export interface OpenedRun extends Resumed {
  readonly folder: RunFolder;
  readonly stored: StoredState | undefined;
}

/**
 * Settles what to run. Nothing is written yet.
 *
 * @throws InfnetError `CLI_RUN_FOLDER`: there is a run already, or with `--resume` none; `CLI_USAGE`; `CHECKPOINT_...`
 */
export async function openRun(options: TrainOptions): Promise<OpenedRun> {
  const folder = new RunFolder(options.out);
  const exists = existsSync(folder.config);
  if (!options.resume) {
    if (!exists) return { folder, settings: newSettings(options), changes: [], stored: undefined };
    throw cliError(
      'CLI_RUN_FOLDER',
      'There is a run in this folder already.',
      `Continue it: infnet train --out ${asArgument(options.out)} --resume. Or give another folder.`,
      { where: folder.path },
    );
  }
  if (!exists) {
    // A run that was killed before its first file is begun, not refused, if it is known what to do.
    if (options.data !== undefined) return { folder, settings: newSettings(options), changes: [], stored: undefined };
    throw cliError(
      'CLI_RUN_FOLDER',
      'There is no run in this folder: it has no config.json.',
      'Check --out, or start a run: infnet train --data FOLDER --out RUN.',
      { where: folder.path },
    );
  }
  return { folder, ...resumedSettings(await folder.readSettings(), options), stored: await folder.readState() };
}
