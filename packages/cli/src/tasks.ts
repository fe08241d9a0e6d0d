/** The task of a command: infection, classes (`--multi-class`), or a file of one's own (`--task`). */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { VolumeWindow } from '@infnet/data';
import { assertTask, classes, infection, type NetOptions, type SegmentationTask } from '@infnet/segmentation';
import { cliError } from './errors.js';

export interface TaskOptions {
  readonly multiClass?: boolean;
  /** `infection`, `classes`, or a module whose default export is a task. */
  readonly task?: string;
}

const BUILT_IN: readonly SegmentationTask[] = [infection, classes];

/** What `--task` says, files as absolute paths: a run is resumed from anywhere. */
export function taskPath(asked: string | undefined): string | undefined {
  return asked === undefined || BUILT_IN.some(({ name }) => name === asked) ? asked : resolve(asked);
}

/** @throws InfnetError `CLI_USAGE`, `CLI_TASK`, `TASK_FIELD` */
export async function taskOf({ task: asked, ...short }: TaskOptions): Promise<SegmentationTask> {
  const isShort = short.multiClass === true;
  if (asked === undefined) return isShort ? classes : infection;
  if (isShort) throw cliError('CLI_USAGE', '--multi-class and --task do not go together.', 'Give one of them.');
  const known = BUILT_IN.find(({ name }) => name === asked);
  if (known !== undefined) return known;
  const file = resolve(asked);
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const fix = 'Give infection, classes, or a module (.js, .mjs) whose default export is made by defineTask.';
    throw cliError('CLI_TASK', `The task cannot be loaded: ${why}`, fix, { where: file, cause });
  }
  const task: unknown = module.default;
  assertTask(task, file);
  return task;
}

/** The task as documents say it: the way in which it was asked for; nothing where it is the usual one. */
export function askedFor({ name }: SegmentationTask, asked: TaskOptions): Readonly<Record<string, unknown>> {
  if (asked.multiClass === true) return { multiClass: true };
  return name === infection.name ? {} : { task: name };
}

/** What the command line says of a net, of what the task's net can be asked. */
export function netOptionsOf(
  { netOptions }: Pick<SegmentationTask, 'netOptions'>,
  asked: Readonly<Record<string, string | number | boolean | undefined>>,
): NetOptions {
  const said = netOptions.flatMap(({ name }) => {
    const value = asked[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(said);
}

/** The command line's window, else the task's own. */
export function windowOf(
  { window: own }: Pick<SegmentationTask, 'window'>,
  { window, given }: { readonly window: VolumeWindow; readonly given: readonly string[] },
): VolumeWindow {
  return own === undefined || given.includes('window') ? window : own;
}
