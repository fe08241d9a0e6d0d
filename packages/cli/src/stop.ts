import { cliError } from './errors.js';

/**
 * Waits for `promise` unless `signal` is aborted first. What the promise stands for is not stopped, only no longer
 * waited for: the compiler of a driver cannot be called back.
 *
 * @throws InfnetError `CLI_INTERRUPTED`
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  message = 'stopped before the first slice; nothing was written',
): Promise<T> {
  if (signal === undefined) return promise;
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(cliError('CLI_INTERRUPTED', message));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
