/**
 * Tests that take long: whole in `npm run test:long`, in small in `npm test`.
 *
 * `INFNET_LONG_TESTS=1` asks for them; vitest hands it on by `provide`, so that a page knows as well. A property draws
 * fewer cases in small, and never none; a golden of minutes is left out, and its name says how to run it.
 */
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    isLong: boolean;
  }
}

/** Whether this run takes its time. */
export const isLong: boolean = inject('isLong');

/** For the name of a test that is left out of `npm test`: empty where it runs. */
export const longNote: string = isLong ? '' : ' (skipped: takes minutes; npm run test:long, or INFNET_LONG_TESTS=1)';

/**
 * How many cases a property draws: all in the long run, a quarter but at least four (or all there are) in `npm test`.
 */
export function numRuns(all: number): number {
  return isLong ? all : Math.min(all, Math.max(4, Math.ceil(all / 4)));
}
