import { describe, expect, it } from 'vitest';
import { expectSoon, inDawn, type PollClock, pauseAfter } from '../src/polling.js';

/** A function that looks as Dawn's do: native, without a name. */
function nativeLooking(run: () => void): () => void {
  return Object.defineProperty(run.bind(undefined), 'name', { value: '' });
}

/** Time that only a test moves: what is due runs when it says so, so that no count depends on the machine. */
class FakeClock implements PollClock {
  time = 0;
  readonly polls = { soon: 0, later: 0 };
  readonly #due: { readonly at: number; readonly poll: () => void }[] = [];

  now(): number {
    return this.time;
  }

  soon(poll: () => void): void {
    this.polls.soon++;
    this.#due.push({ at: this.time, poll });
  }

  later(poll: () => void, pause: number): void {
    this.polls.later++;
    this.#due.push({ at: this.time + pause, poll });
  }

  runAll(): void {
    for (let next = this.#due.shift(); next !== undefined; next = this.#due.shift()) {
      this.time = next.at;
      next.poll();
    }
  }
}

describe('inDawn', () => {
  it('puts setImmediate back, also when the call throws', () => {
    const before = globalThis.setImmediate;
    expect(inDawn(() => 7)).toBe(7);
    expect(globalThis.setImmediate).toBe(before);
    expect(() =>
      inDawn(() => {
        throw new Error('from Dawn');
      }),
    ).toThrow('from Dawn');
    expect(globalThis.setImmediate).toBe(before);
  });

  it("lets the program's own immediates through, with their arguments", async () => {
    const got = await new Promise<unknown[]>((resolve) => {
      inDawn(() => globalThis.setImmediate((...args: unknown[]) => resolve(args), 1, 'two'));
    });
    expect(got).toEqual([1, 'two']);
  });

  it('polls ever more rarely, until nothing is scheduled any more', () => {
    const clock = new FakeClock();
    // Each poll takes a tenth of a millisecond, and the work is done after 250.
    const poll = nativeLooking(() => {
      clock.time += 0.1;
      if (clock.time < 250) globalThis.setImmediate(poll);
    });
    expectSoon(clock);
    inDawn(() => globalThis.setImmediate(poll), clock);
    clock.runAll();
    // 2 ms eagerly; 18 ms at 1.1 ms a poll; 230 ms at 2.1 ms a poll; the last one finds it done.
    expect(clock.polls).toEqual({ soon: 20, later: 17 + 110 });
  });

  it('takes the clock of the machine when none is given', async () => {
    const polled = await new Promise<number>((resolve) => {
      let polls = 0;
      const poll = nativeLooking(() => {
        if (++polls < 5) globalThis.setImmediate(poll);
        else resolve(polls);
      });
      expectSoon();
      inDawn(() => globalThis.setImmediate(poll));
    });
    expect(polled).toBe(5);
  });
});

describe('pauseAfter', () => {
  it('never shrinks, and never exceeds 5 ms', () => {
    const pauses = [0, 1, 1.9, 2, 10, 20, 100, 500, 1000, 1e6].map(pauseAfter);
    expect(pauses).toEqual([0, 0, 0, 1, 1, 2, 2, 5, 5, 5]);
  });
});
