/** What tests ask of errors: anything but an InfnetError, and no error at all, fails the test. */
import { InfnetError } from '@infnet/core';

/** The error that `run` throws. */
export function thrownBy(run: () => unknown): InfnetError {
  try {
    run();
  } catch (error) {
    return ours(error);
  }
  throw new Error('nothing was thrown');
}

/** The error of `code` that `work` ends with, at once or by its promise. */
export async function expectError(code: string, work: (() => unknown) | Promise<unknown>): Promise<InfnetError> {
  let error: InfnetError | undefined;
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (thrown) {
    error = ours(thrown);
  }
  if (error === undefined) throw new Error(`expected ${code}, but nothing was thrown`);
  if (error.code !== code) throw new Error(`expected ${code}, got ${error.message}`, { cause: error });
  return error;
}

function ours(error: unknown): InfnetError {
  if (error instanceof InfnetError) return error;
  throw error;
}
