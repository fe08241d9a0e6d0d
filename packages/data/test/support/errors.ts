import { InfnetError } from '@infnet/errors';
import { expect } from 'vitest';

/** Runs `action`, which must fail with an `InfnetError` of `code`, and returns it. */
export async function failure(code: string, action: () => unknown): Promise<InfnetError> {
  let caught: unknown;
  try {
    await action();
  } catch (error) {
    caught = error;
  }
  expect(caught, `expected ${code}, but nothing was thrown`).toBeInstanceOf(InfnetError);
  const error = caught as InfnetError;
  expect(error.code, error.message).toBe(code);
  return error;
}
