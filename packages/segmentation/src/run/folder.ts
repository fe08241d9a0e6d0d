/**
 * The folder of a run, and how it survives being killed.
 *
 *     config.json                     the settings, written before anything else
 *     log.jsonl                       a line for every event
 *     checkpoints/last.safetensors    the whole state: what --resume continues from
 *     checkpoints/previous.safetensors   the one before, for when that is damaged
 *     checkpoints/best.safetensors    weights of the best validation
 *     checkpoints/final.safetensors   weights at the end
 *     checkpoints/supervised.safetensors   with --semi: weights before the first pseudo label
 *     propagation.json                with --semi: which slices got a label in which round
 *     pseudo-labels/<slice>.png       with --semi: the labels that the net made
 *     samples/<slice>/epoch-0010.png  overlays
 *     report.html                     all of it to look at
 *
 * Every file but the log is replaced as a whole. The state is written last: whatever else is newer than it is made
 * again, with the same bytes, when the run is resumed.
 */
import * as v from 'valibot';
import { type Checked, checkSettings } from '../options/table.js';
import { TRAIN_OPTIONS, type TrainSettings } from '../train/options.js';
import type { RunStore } from './store.js';

export const FILES = {
  config: 'config.json',
  log: 'log.jsonl',
  report: 'report.html',
  propagation: 'propagation.json',
} as const;

/** `supervised`: the weights before the first pseudo label, of a semi-supervised training. */
export type Checkpoint = 'last' | 'previous' | 'best' | 'final' | 'supervised';

export function checkpointFile(name: Checkpoint): string {
  return `checkpoints/${name}.safetensors`;
}

const VERSION = 1;

/** Settings of a run take some kilobytes; what is larger is no such file, and is not parsed. */
const MOST_BYTES = 2 ** 18;

/** What `config.json` has; the settings themselves have a table, and are not gone through here. */
const CONFIG = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    version: v.literal(VERSION),
    settings: v.custom<Readonly<Record<string, unknown>>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    ),
  }),
);

export async function writeSettings(store: RunStore, settings: TrainSettings): Promise<void> {
  const text = JSON.stringify({ version: VERSION, command: 'train', settings }, undefined, 2);
  await store.write(FILES.config, new TextEncoder().encode(`${text}\n`));
}

/** The settings or what is wrong with them; undefined where `config.json` is none. */
export async function readSettings(store: RunStore): Promise<Checked<typeof TRAIN_OPTIONS> | undefined> {
  const bytes = await store.read(FILES.config);
  if (bytes === undefined || bytes.length > MOST_BYTES) return undefined;
  const config = v.safeParse(CONFIG, new TextDecoder().decode(bytes));
  return config.success ? checkSettings(TRAIN_OPTIONS, config.output.settings) : undefined;
}
