/**
 * Paces Dawn's polling.
 *
 * Dawn for Node has no thread of its own that says "the GPU is done". While a promise of its is pending it calls
 * `globalThis.setImmediate` with a native function that asks the driver and then schedules itself again: a loop that
 * keeps one CPU core fully busy. On a software adapter the kernels run on those same cores; on a machine with two, a
 * long pass was measured to take up to 1.7 times as long as without the loop.
 *
 * Each call into Dawn that may start or continue the loop therefore runs inside {@link inDawn}. For the time of that
 * synchronous call `setImmediate` is ours: the native function is caught and run later by a timer whose period grows
 * with the time waited, from none at all to 5 ms. The rest of the program never sees the replaced `setImmediate`.
 * Should a later Dawn poll in another way, nothing is caught and everything works as before.
 */
import * as timers from 'node:timers';

type Poll = () => void;

/** What pacing needs of the world; a test gives one whose time it moves itself. */
export interface PollClock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Runs `poll` in the next turn of the event loop. */
  soon(poll: Poll): void;
  /** Runs `poll` after `pause` ms. */
  later(poll: Poll, pause: number): void;
}

// Taken when the module is loaded, so that a test's fake timers do not stop the GPU.
const { setImmediate: realSetImmediate, setTimeout: realSetTimeout } = timers;

const REAL_CLOCK: PollClock = {
  now: () => performance.now(),
  soon: (poll) => realSetImmediate(poll),
  later: (poll, pause) => realSetTimeout(poll, pause),
};

/** Waited so far, in ms, and the pause before the next poll, in ms. The first rows keep short work short. */
const PAUSES: readonly (readonly [waited: number, pause: number])[] = [
  [2, 0],
  [20, 1],
  [500, 2],
  [Number.POSITIVE_INFINITY, 5],
];

let waitingSince = 0;

/** Marks the start of a new operation: polling becomes eager again. */
export function expectSoon(clock: PollClock = REAL_CLOCK): void {
  waitingSince = clock.now();
}

/** Runs a synchronous call into Dawn, and polls later what the call asks to be polled. */
export function inDawn<Result>(call: () => Result, clock: PollClock = REAL_CLOCK): Result {
  const outer = globalThis.setImmediate;
  const catching = (callback: (...args: unknown[]) => void, ...args: unknown[]): unknown => {
    if (!isDawnPoll(callback, args)) return outer(callback, ...args);
    pollLater(callback, clock);
    return undefined;
  };
  globalThis.setImmediate = catching as unknown as typeof globalThis.setImmediate;
  try {
    return call();
  } finally {
    globalThis.setImmediate = outer;
  }
}

/** The pause in ms before the next poll when `waited` ms have passed. */
export function pauseAfter(waited: number): number {
  return PAUSES.find(([limit]) => waited < limit)?.[1] ?? 5;
}

function pollLater(poll: Poll, clock: PollClock): void {
  const again = (): void => inDawn(poll, clock);
  const pause = pauseAfter(clock.now() - waitingSince);
  if (pause === 0) clock.soon(again);
  else clock.later(again, pause);
}

/** Dawn's callback is a native function without a name and without arguments; a listener's own is neither. */
function isDawnPoll(callback: unknown, args: readonly unknown[]): boolean {
  return (
    typeof callback === 'function' &&
    args.length === 0 &&
    callback.name === '' &&
    Function.prototype.toString.call(callback).endsWith('{ [native code] }')
  );
}
