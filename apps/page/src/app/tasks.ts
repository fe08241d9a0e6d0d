/** The tasks of this build, as the worker tells them. */
import type { NetOptions } from '@infnet/segmentation';
import { type Signal, signal } from '@preact/signals';
import type { TaskReport } from '../worker/task-protocol.js';
import { labWorker } from './workers.js';

/** Empty until the worker has answered. */
export const tasks: Signal<readonly TaskReport[]> = signal([]);

export async function findTasks(): Promise<void> {
  tasks.value = await labWorker().ask('tasks', undefined);
}

export function taskNamed(name: string): TaskReport | undefined {
  return tasks.value.find((task) => task.name === name);
}

/** Inf-Net as a page trains it in minutes: a quarter of the width. */
export const SMALL_NET: NetOptions = { backbone: 'res2net50', width: 0.25, channels: 16 };

/** What a task's net is built with where nobody has said. */
export function usualOptions({ name, netOptions }: TaskReport): NetOptions {
  if (name === 'infection') return SMALL_NET;
  return Object.fromEntries(netOptions.map((option) => [option.name, option.value]));
}
