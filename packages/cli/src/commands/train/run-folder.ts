/**
 * The folder of a run, and how it survives being killed.
 *
 *     config.json                     the settings, written before anything else
 *     log.jsonl                       a line for every event
 *     checkpoints/last.safetensors    the whole state: what --resume continues from
 *     checkpoints/best.safetensors    weights of the best validation
 *     checkpoints/final.safetensors   weights at the end
 *     samples/<slice>/epoch-0010.png  overlays
 *     report.html                     all of it to look at
 *
 * Every file but the log is replaced as a whole. The state is written last: whatever else is newer than it is made again, with
 * the same bytes, when the run is resumed.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readFile, writeFileAtomic } from '@infnet/node';
import { decodeTrainerState, encodeTrainerState, type TrainerState } from '@infnet/trainer';
import { cliError } from '../../errors.js';
import { makeFolder } from '../segment/inputs.js';
import { newSettings, type Resumed, resumedSettings } from './config.js';
import type { TrainOptions, TrainSettings } from './options.js';

const VERSION = 1;

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

  get samples(): string {
    return join(this.path, 'samples');
  }

  checkpoint(name: 'last' | 'best' | 'final'): string {
    return join(this.path, 'checkpoints', `${name}.safetensors`);
  }

  /** @throws InfnetError `CLI_OUTPUT_FOLDER`, `FILE_...` */
  async writeSettings(settings: TrainSettings): Promise<void> {
    await makeFolder(join(this.path, 'checkpoints'));
    const text = JSON.stringify({ version: VERSION, command: 'train', settings }, undefined, 2);
    await writeFileAtomic(this.config, new TextEncoder().encode(`${text}\n`));
  }

  async readSettings(): Promise<TrainSettings> {
    const bytes = await readFile(this.config);
    try {
      const { version, settings } = JSON.parse(new TextDecoder().decode(bytes)) as {
        readonly version: number;
        readonly settings: TrainSettings;
      };
      if (version === VERSION && typeof settings === 'object') return settings;
    } catch {
      // Told below.
    }
    throw cliError('CLI_RUN_FOLDER', 'config.json is not one that this version wrote.', 'Give the folder of a run.', {
      where: this.config,
    });
  }

  /** @throws InfnetError `FILE_...` */
  async writeState(state: TrainerState): Promise<void> {
    await writeFileAtomic(this.checkpoint('last'), encodeTrainerState(state));
  }

  /** The state to continue from, or undefined where the run was stopped before its first one. */
  async readState(): Promise<TrainerState | undefined> {
    const file = this.checkpoint('last');
    return existsSync(file) ? decodeTrainerState(await readFile(file), file) : undefined;
  }
}

export interface OpenedRun extends Resumed {
  readonly folder: RunFolder;
  readonly state: TrainerState | undefined;
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
    if (!exists) return { folder, settings: newSettings(options), changes: [], state: undefined };
    throw cliError(
      'CLI_RUN_FOLDER',
      'There is a run in this folder already.',
      `Continue it: infnet train --out ${options.out} --resume. Or give another folder.`,
      { where: folder.path },
    );
  }
  if (!exists) {
    // A run that was killed before its first file is begun, not refused, if it is known what to do.
    if (options.data !== undefined) return { folder, settings: newSettings(options), changes: [], state: undefined };
    throw cliError(
      'CLI_RUN_FOLDER',
      'There is no run in this folder: it has no config.json.',
      'Check --out, or start a run: infnet train --data FOLDER --out RUN.',
      { where: folder.path },
    );
  }
  return { folder, ...resumedSettings(await folder.readSettings(), options), state: await folder.readState() };
}
