/** Which task a training is of: infection, classes (`--multi-class`), or one of somebody's own (`--task`). */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { classes, infection, type SegmentationTask } from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';

const BUILT_IN: readonly SegmentationTask[] = [infection, classes];

/** What `--task` says, files as absolute paths: a run is resumed from anywhere. */
export function taskPath(asked: string | undefined): string | undefined {
  return asked === undefined || BUILT_IN.some(({ name }) => name === asked) ? asked : resolve(asked);
}

/** @throws InfnetError `CLI_USAGE` for a module that is none, or no task */
export async function taskOf({
  multiClass,
  task: asked,
}: Pick<TrainSettings, 'multiClass' | 'task'>): Promise<SegmentationTask> {
  if (asked === undefined) return multiClass ? classes : infection;
  if (multiClass) throw cliError('CLI_USAGE', '--multi-class and --task do not go together.', 'Give one of them.');
  const known = BUILT_IN.find(({ name }) => name === asked);
  if (known !== undefined) return known;
  const file = resolve(asked);
  const fix = 'Give infection, classes, or a module (.js, .mjs) whose default export is made by defineTask.';
  let module: { readonly default?: SegmentationTask };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw cliError('CLI_USAGE', `The task cannot be loaded: ${why}`, fix, { where: file, cause });
  }
  const { default: task } = module;
  if (typeof task?.openData === 'function') return task;
  throw cliError('CLI_USAGE', 'The module has no task as its default export.', fix, { where: file });
}
