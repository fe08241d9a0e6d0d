import { InfnetError } from '@infnet/errors';

/** @throws InfnetError `RUN_ABORTED` */
export function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw aborted();
}

/**
 * Waits for `promise` unless `signal` is aborted first. What the promise stands for goes on: a driver's compiler cannot
 * be called back.
 *
 * @param error what it rejects with then. Default: `RUN_ABORTED` of a `Predictor`.
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  error: () => Error = aborted,
): Promise<T> {
  if (signal === undefined) return promise;
  let stop = (): void => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = () => reject(error());
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function aborted(): InfnetError {
  const fix = 'Ask again; nothing was read back of the items that were not done.';
  return new InfnetError({ code: 'RUN_ABORTED', message: 'the prediction was stopped', where: 'Predictor', fix });
}
