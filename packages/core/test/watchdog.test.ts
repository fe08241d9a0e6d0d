/** A device that does not come to an end, on a clock that only the tests move. */
import { describe, expect, it } from 'vitest';
import type { Submitted } from '../src/context/platform.js';
import { type WatchClock, Watchdog } from '../src/context/watchdog.js';
import { InfnetError } from '../src/index.js';

/** Time stands still but for `pass`; a program that is stopped hears of it late. */
function fakeClock() {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly tick: () => void }>();
  const clock: WatchClock = {
    now: () => now,
    later: (tick, seconds) => {
      const timer = { at: now + seconds, tick };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  return {
    clock,
    timers,
    pass: async (seconds: number): Promise<void> => {
      const end = now + seconds;
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.tick();
        await settle();
      }
      now = end;
    },
    /** The program does not run for so long. */
    stop: (seconds: number): void => {
      now += seconds;
    },
  };
}

/** Waits; what it ends with is looked at later. */
function waitIn<T>(watchdog: Watchdog, promise: Promise<T>): Promise<T> {
  const wait = watchdog.wait(promise);
  wait.catch(() => {});
  return wait;
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

function pending<T = void>() {
  let end: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}

const work = (seconds: number, ...kernels: string[]): Submitted =>
  (kernels.length === 0 ? ['k'] : kernels).map((name, _, { length }) => ({
    seconds: seconds / length,
    dispatch: { scope: 'net.layer', kernel: { name } },
  }));

function setUp(least = 100) {
  const time = fakeClock();
  const stalls: InfnetError[] = [];
  const onStall = (error: InfnetError): InfnetError => {
    stalls.push(error);
    return error;
  };
  return { ...time, stalls, watchdog: new Watchdog(least, onStall, time.clock) };
}

/** How a promise has ended, or that it has not. */
async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  await settle();
  return Promise.race([promise.then((value) => ({ value })).catch((error: unknown) => ({ error })), 'pending']);
}

describe('a submit that does not end', () => {
  it('is told to whoever waits, with its kernels, after the least time and many times its estimate', async () => {
    const { watchdog, pass, stalls } = setUp();
    watchdog.submitted(work(2, 'conv/gemm', 'nn/relu', 'conv/gemm'));
    const waits = [waitIn(watchdog, pending().promise), waitIn(watchdog, pending().promise)];
    await pass(199);
    expect(await stateOf(waits[0] as Promise<unknown>)).toBe('pending');
    await pass(2);
    for (const wait of waits) {
      await expect(wait).rejects.toThrow(
        /RUN_STALLED.*has not ended in 3\.3 minutes: conv\/gemm \(net\.layer\), nn\/relu \(net\.layer\)/,
      );
    }
    expect(stalls).toHaveLength(1);
    expect(stalls[0]?.details).toEqual({ kernels: ['conv/gemm (net.layer)', 'nn/relu (net.layer)'] });
  });

  it('is named, not those behind it', async () => {
    const { watchdog, pass, stalls } = setUp();
    const [first, second] = [pending(), pending()];
    watchdog.submitted(work(0, 'a'), first.promise);
    watchdog.submitted(work(0, 'b'), second.promise);
    watchdog.submitted(work(0, 'c'), pending().promise);
    const wait = waitIn(watchdog, pending().promise);
    first.end();
    await settle();
    await pass(101);
    await expect(wait).rejects.toThrow(/RUN_STALLED.*: b \(net\.layer\)/);
    expect(stalls[0]?.message).not.toMatch(/[ac] \(net/);
  });

  it('is not told twice to those who have heard, and is told to those who ask later', async () => {
    const { watchdog, pass, stalls } = setUp();
    watchdog.submitted(work(0));
    const early = waitIn(watchdog, pending().promise);
    await pass(101);
    await expect(early).rejects.toThrow(/RUN_STALLED/);
    await pass(1000);
    expect(stalls).toHaveLength(1);
    const late = waitIn(watchdog, pending().promise);
    await pass(99);
    expect(await stateOf(late)).toBe('pending');
    await pass(2);
    await expect(late).rejects.toThrow(/RUN_STALLED/);
  });

  it('is told what `onStall` makes of it', async () => {
    const time = fakeClock();
    const watchdog = new Watchdog(100, () => new InfnetError({ code: 'CONTEXT_LOST', message: 'lost' }), time.clock);
    const wait = waitIn(watchdog, pending().promise);
    await time.pass(101);
    await expect(wait).rejects.toThrow(/CONTEXT_LOST/);
  });
});

describe('work that goes on', () => {
  it('is left alone however long it takes altogether: every submit that ends is progress', async () => {
    const { watchdog, pass, stalls } = setUp();
    const parts = Array.from({ length: 50 }, () => pending());
    for (const { promise } of parts) watchdog.submitted(work(0), promise);
    const last = pending<string>();
    const wait = watchdog.wait(last.promise);
    for (const { end } of parts) {
      await pass(95);
      end();
      await settle();
    }
    last.end('done');
    expect(await wait).toBe('done');
    expect(stalls).toHaveLength(0);
  });

  it('is given time at the pace of what has ended before', async () => {
    const { watchdog, pass, stalls } = setUp();
    // A machine 30 times as slow as its class.
    for (let i = 0; i < 3; i++) {
      const done = pending();
      watchdog.submitted(work(1));
      const wait = watchdog.wait(done.promise);
      await pass(30);
      done.end();
      await wait;
    }
    const slow = pending();
    watchdog.submitted(work(1));
    const wait = waitIn(watchdog, slow.promise);
    await pass(100 + 50 * 30 - 1);
    expect(stalls).toHaveLength(0);
    await pass(2);
    await expect(wait).rejects.toThrow(/RUN_STALLED/);
  });

  it('does not take a moment of a tiny submit for the pace', async () => {
    const { watchdog, pass } = setUp();
    const done = pending();
    watchdog.submitted(work(1e-5));
    const first = watchdog.wait(done.promise);
    await pass(60);
    done.end();
    await first;
    watchdog.submitted(work(1));
    const wait = waitIn(watchdog, pending().promise);
    await pass(151);
    await expect(wait).rejects.toThrow(/RUN_STALLED/);
  });

  it('has not waited while the program itself did not run', async () => {
    const { watchdog, pass, stop, stalls } = setUp();
    watchdog.submitted(work(0));
    const done = pending<string>();
    const wait = watchdog.wait(done.promise);
    for (let i = 0; i < 5; i++) {
      await pass(10);
      stop(100_000);
    }
    expect(stalls).toHaveLength(0);
    done.end('late');
    expect(await wait).toBe('late');
  });

  it('leaves no timer behind, and passes errors on', async () => {
    const { watchdog, timers } = setUp();
    watchdog.submitted(work(0));
    await expect(watchdog.wait(Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    expect(await watchdog.wait(Promise.resolve(1))).toBe(1);
    expect(timers.size).toBe(0);
  });

  it('is never told where anything may take for ever', async () => {
    const { watchdog, timers } = setUp(Number.POSITIVE_INFINITY);
    const wait = waitIn(watchdog, pending().promise);
    expect(timers.size).toBe(0);
    expect(await stateOf(wait)).toBe('pending');
  });
});
