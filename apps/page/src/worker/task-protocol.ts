/** What the page is told of the tasks of its build. */
import type { NetOption, SegmentationTask, TaskClass } from '@infnet/segmentation';
import type { Method } from '../protocol.js';

export interface TaskReport {
  readonly name: string;
  readonly summary: string;
  /** The background first. */
  readonly classes: readonly TaskClass[];
  /** Whether a threshold tells its two classes apart; else the largest of several wins. */
  readonly isCut: boolean;
  /** Maps that results are written as, by name. */
  readonly maps: readonly { readonly name: string; readonly isCut: boolean }[];
  readonly netOptions: readonly NetOption[];
  /** Sides of the net's input are multiples of this, with the options as they come. */
  readonly sizeMultiple: number;
}

export interface TaskMethods {
  /** The built-in one first. */
  tasks: Method<undefined, readonly TaskReport[]>;
}

export function taskReport(task: SegmentationTask): TaskReport {
  const { name, summary, classes, netOptions } = task;
  return {
    name,
    summary,
    classes,
    isCut: classes.length === 2,
    maps: task.maps.map((map) => ({ name: map.name, isCut: map.isCut })),
    netOptions,
    sizeMultiple: task.net({}).sizeMultiple,
  };
}
