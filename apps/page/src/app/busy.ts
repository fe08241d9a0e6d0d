/** One thing at a time, with a bar and a way to stop it. */
import { batch, type Signal, signal } from '@preact/signals';
import type { Progress } from '../protocol.js';
import { report } from './notices.js';

export class Busy {
  /** What is going on, if anything. */
  readonly progress: Signal<Progress | undefined> = signal(undefined);
  /** Stops it. */
  readonly running: Signal<AbortController | undefined> = signal(undefined);

  readonly onEvent = (event: Progress): void => {
    this.progress.value = event;
  };

  /** Does nothing while something else is going on. What fails is told. */
  readonly run = async (body: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    if (this.running.value !== undefined) return;
    const controller = new AbortController();
    this.running.value = controller;
    try {
      await body(controller.signal);
    } catch (error) {
      report(error);
    } finally {
      batch(() => {
        this.running.value = undefined;
        this.progress.value = undefined;
      });
    }
  };
}
