/**
 * What this page can segment and train: Inf-Net's task, and those that the build was given (`INFNET_PAGE_TASKS`, see
 * `vite.config.ts`).
 *
 * `classes`, the U-Net of the second stage, is none of them: it needs where a slice is infected beside the slice, which
 * is another net's answer, and the page has the weights of one net at a time.
 */

import own from 'page:tasks';
import { InfnetError } from '@infnet/core';
import { infection, type SegmentationTask } from '@infnet/segmentation';

/** @throws InfnetError `TASK_COMPANION` for one that needs more than the slice */
export const tasks: readonly SegmentationTask[] = [infection, ...own].map((task) => {
  if (task.companions.length === 0) return task;
  throw new InfnetError({
    code: 'TASK_COMPANION',
    message: `The task ${task.name} needs ${task.companions.join(' and ')} beside a slice, which this page does not have.`,
    fix: 'Leave it out of INFNET_PAGE_TASKS; infnet segment takes such maps.',
  });
});

/** @throws InfnetError `TASK_UNKNOWN`: of a training that a page with other tasks stored */
export function taskNamed(name: string): SegmentationTask {
  const task = tasks.find((one) => one.name === name);
  if (task !== undefined) return task;
  throw new InfnetError({
    code: 'TASK_UNKNOWN',
    message: `This page does not know the task ${name}: it has ${tasks.map((one) => one.name).join(', ')}.`,
    fix: 'Open the page that was built with this task.',
  });
}
