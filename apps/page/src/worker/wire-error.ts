/** Errors in parts, for the page. */
import { isInfnetError, plainMessage } from '@infnet/core';
import { type MethodName, STOPPED, type WireError } from '../protocol.js';

const STOP_CODES: ReadonlySet<string> = new Set(['RUN_ABORTED', STOPPED]);

/** What to do where the device's limits or memory are too small, by what was asked for. */
const SMALLER: Partial<Record<MethodName, string>> = {
  segment: 'Choose a smaller size for the net under Weights, or load a net of a smaller width.',
  train: 'Discard it, and choose a smaller size, fewer slices per step, or a smaller width.',
  trainContinue: 'Discard it, and choose a smaller size, fewer slices per step, or a smaller width.',
  inspect: 'Choose a smaller size, batch or width.',
};

export function wireError(error: unknown, method: MethodName, signal?: AbortSignal): WireError {
  if (signal?.aborted === true && (!isInfnetError(error) || STOP_CODES.has(error.code))) {
    return { code: STOPPED, message: 'Stopped.' };
  }
  if (isInfnetError(error)) {
    const { code, where } = error;
    const isTooLarge = code.startsWith('MEMORY_');
    const fix = isTooLarge ? (SMALLER[method] ?? error.fix) : error.fix;
    const message = plainMessage(error);
    return {
      code,
      message: isTooLarge ? `This is too large for this device: ${message}` : message,
      ...(where ? { where } : {}),
      ...(fix ? { fix } : {}),
    };
  }
  if (error instanceof Error && error.name === 'NotReadableError') {
    const fix = 'Choose the file again: it was moved, changed or locked after you chose it.';
    return { code: 'FILE_UNREADABLE', message: 'The browser could not read the file.', fix };
  }
  if (error instanceof Error && error.name === 'QuotaExceededError') {
    const fix =
      'Free some disk space or allow this site more storage. What is shown here stays until you close the page.';
    return { code: 'STORAGE_FULL', message: 'The browser has no more room to store the training.', fix };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const fix = 'This is a fault of the page. Please report it with the diagnostics from Inspect.';
  return { code: 'UNEXPECTED', message, fix };
}
