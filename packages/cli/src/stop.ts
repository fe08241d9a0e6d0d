import { unlessAborted as unlessAbortedWith } from '@infnet/core';
import { cliError } from './errors.js';

/** Waits for `promise` unless `signal` is aborted first. @throws InfnetError `CLI_INTERRUPTED` */
export function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  message = 'stopped before the first slice; nothing was written',
): Promise<T> {
  return unlessAbortedWith(promise, signal, () => cliError('CLI_INTERRUPTED', message));
}
