import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectSoon, inDawn, pauseAfter } from '../src/polling.js';

/** A function that looks as Dawn's do: native, without a name. */
function nativeLooking(run: () => void): () => void {
  return Object.defineProperty(run.bind(undefined), 'name', { value: '' });
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

  it('polls ever more rarely, until nothing is scheduled any more', async () => {
    const started = performance.now();
    let polls = 0;
    await new Promise<void>((resolve) => {
      const poll = nativeLooking(() => {
        // The first 2 ms are eager; how often that is depends on the machine.
        if (performance.now() - started >= 2) polls++;
        if (performance.now() - started < 250) globalThis.setImmediate(poll);
        else resolve();
      });
      expectSoon();
      inDawn(() => globalThis.setImmediate(poll));
    });
    // Without pacing there are tens of thousands in 250 ms; with pauses of 1 and 2 ms at most 135.
    expect(polls).toBeGreaterThan(0);
    expect(polls).toBeLessThan(150);
    const count = polls;
    await wait(20);
    expect(polls).toBe(count);
  });
});

describe('pauseAfter', () => {
  it('never shrinks, and never exceeds 5 ms', () => {
    const pauses = [0, 1, 1.9, 2, 10, 20, 100, 500, 1000, 1e6].map(pauseAfter);
    expect(pauses).toEqual([0, 0, 0, 1, 1, 2, 2, 5, 5, 5]);
  });
});
