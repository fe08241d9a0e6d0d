import { InfnetError } from '@infnet/errors';

/** The InfnetError that `run` throws; anything else, or nothing, fails the test. */
export function caught(run: () => unknown): InfnetError {
  try {
    run();
  } catch (error) {
    if (error instanceof InfnetError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
