/**
 * Tells when the device does not come to an end: a kernel that never does, a driver that hangs. Neither rejects what
 * waits for it.
 *
 * A queue works in order, so the first submit that has not ended is the one at work. It has minutes, and on top many
 * times what it was estimated at the pace of those before it. The time counts from the last sign of progress: the end
 * of a wait, or of a submit. It is counted in ticks of a timer, so that a program that did not run itself (stopped,
 * asleep, busy for minutes) has not waited.
 */
import { InfnetError } from '@infnet/errors';
import type { AdapterDescription } from './adapter.js';
import type { Submitted, Watch } from './platform.js';

/** Time, and something that happens later: a test moves both itself. */
export interface WatchClock {
  /** Seconds since some moment. */
  now(): number;
  /** Calls `tick` once, after `seconds`; gives what takes that back. Must not keep a program alive. */
  later(tick: () => void, seconds: number): () => void;
}

export const REAL_CLOCK: WatchClock = {
  now: () => performance.now() / 1000,
  later: (tick, seconds) => {
    const timer: unknown = setTimeout(tick, 1000 * seconds);
    (timer as { readonly unref?: () => void }).unref?.();
    return () => clearTimeout(timer as number);
  },
};

interface AtWork {
  readonly submitted: Submitted;
  readonly seconds: number;
}

/** Times its estimate, at the pace so far, that a submit may take beside what anything may take. */
const PATIENCE = 50;
/** Estimates of fewer seconds say nothing of the pace: such a submit ends as soon as somebody looks. */
const MEASURABLE = 0.05;
/** How often it is looked at while nothing moves. */
const TICKS = 30;
/** Kernels that an error's message names; its details have all. */
const NAMED = 8;

export class Watchdog implements Watch {
  readonly #least: number;
  readonly #clock: WatchClock;
  readonly #onStall: (error: InfnetError) => unknown;
  /** Submits that have not ended, in order. */
  readonly #queue: AtWork[] = [];
  readonly #waiting = new Set<(reason: unknown) => void>();
  /** Seconds of submits that have ended, and their estimates. */
  #taken = 0;
  #estimated = 0;
  /** When the submit at work has begun. */
  #since = 0;
  #ticks = 0;
  #cancel: (() => void) | undefined;

  /**
   * @param least seconds that anything may take
   * @param onStall gets what is wrong, once for those who wait; gives what they are told instead
   */
  constructor(least: number, onStall: (error: InfnetError) => unknown, clock: WatchClock = REAL_CLOCK) {
    this.#least = least;
    this.#onStall = onStall;
    this.#clock = clock;
  }

  submitted(submitted: Submitted, done?: Promise<unknown>): void {
    if (this.#queue.length === 0) this.#since = this.#clock.now();
    const seconds = submitted.reduce((sum, each) => sum + each.seconds, 0);
    const last = { submitted, seconds };
    this.#queue.push(last);
    const over = (): void => this.#ended(last);
    done?.then(over, over);
  }

  wait<T>(promise: Promise<T>): Promise<T> {
    const last = this.#queue.at(-1);
    return new Promise((resolve, reject) => {
      const over = (): void => {
        this.#waiting.delete(reject);
        if (last !== undefined) this.#ended(last);
        this.#progress();
      };
      this.#waiting.add(reject);
      if (this.#waiting.size === 1) this.#progress();
      promise.then(
        (value) => {
          over();
          resolve(value);
        },
        (error: unknown) => {
          over();
          reject(error);
        },
      );
    });
  }

  /** All submits up to this one have ended. */
  #ended(last: AtWork): void {
    const count = this.#queue.indexOf(last) + 1;
    if (count === 0) return;
    const seconds = this.#queue.splice(0, count).reduce((sum, each) => sum + each.seconds, 0);
    const now = this.#clock.now();
    if (seconds >= MEASURABLE) {
      this.#taken += now - this.#since;
      this.#estimated += seconds;
    }
    this.#since = now;
    this.#progress();
  }

  /** Something moved: counting begins anew, while somebody waits. */
  #progress(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#ticks = 0;
    if (this.#waiting.size > 0) this.#tickLater();
  }

  #tickLater(): void {
    if (this.#least === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#clock.later(() => {
      if (++this.#ticks < TICKS) this.#tickLater();
      else this.#stall();
    }, this.#allowed() / TICKS);
  }

  #allowed(): number {
    const pace = this.#estimated === 0 ? 1 : Math.max(1, this.#taken / this.#estimated);
    return this.#least + PATIENCE * pace * (this.#queue[0]?.seconds ?? 0);
  }

  #stall(): void {
    const { submitted = [] } = this.#queue[0] ?? {};
    const kernels = [...new Set(submitted.map(({ dispatch: { scope, kernel } }) => `${kernel.name} (${scope})`))];
    const minutes = (this.#allowed() / 60).toFixed(1);
    const error = this.#onStall(
      new InfnetError({
        code: 'RUN_STALLED',
        message: `the device has not ended in ${minutes} minutes: ${kernels.slice(0, NAMED).join(', ') || 'copies'}`,
        fix: 'Update the driver, or take another adapter; in a kernel of your own look for a loop that does not end.',
        details: { kernels },
      }),
    );
    this.#ticks = 0;
    this.#cancel = undefined;
    for (const reject of [...this.#waiting]) reject(error);
    this.#waiting.clear();
  }
}

/** Seconds: a CPU may be slow and busy, a host may have work of its own, and in a browser other pages have. */
const [LEAST, LEAST_SHARED] = [120, 600];

/** @param least seconds that any submit may take */
export function watchDevice(
  { software, kind }: Pick<AdapterDescription, 'software' | 'kind'>,
  least: number | undefined,
  onStall: (error: InfnetError) => unknown,
): Watch {
  const isShared = software || kind === 'borrowed' || kind === 'browser';
  return new Watchdog(least ?? (isShared ? LEAST_SHARED : LEAST), onStall);
}
