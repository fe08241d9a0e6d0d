import { MAX_PIXELS } from '../decode/limits.js';
import { dataError } from '../errors.js';

/** Throws unless `width` x `height` is a size to resize to. */
export function checkTarget(width: number, height: number): void {
  const ok = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (ok && width * height <= MAX_PIXELS) return;
  throw dataError({
    code: 'DATA_ARGUMENT',
    message: `Cannot resize to ${width}x${height}: both sizes must be positive integers, at most ${MAX_PIXELS} pixels together.`,
    details: { width, height },
  });
}
