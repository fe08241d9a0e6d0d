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

  it('polls at once at first, then ever more rarely, until nothing is scheduled any more', async () => {
    const times: number[] = [];
    const started = performance.now();
    const poll = nativeLooking(() => {
      times.push(performance.now() - started);
      if (performance.now() - started < 250) globalThis.setImmediate(poll);
    });
    expectSoon();
    inDawn(() => globalThis.setImmediate(poll));
    await wait(350);
    const count = times.length;
    await wait(50);
    expect(times.length).toBe(count);
    expect(times.some((time) => time < 2)).toBe(true);
    // Without pacing there are tens of thousands in 250 ms; with pauses of 1 and 2 ms at most 135 after the first 2 ms.
    const paced = times.filter((time) => time >= 2).length;
    expect(paced).toBeGreaterThan(5);
    expect(paced).toBeLessThan(150);
  });
});

describe('pauseAfter', () => {
  it('never shrinks, and never exceeds 5 ms', () => {
    const pauses = [0, 1, 1.9, 2, 10, 20, 100, 500, 1000, 1e6].map(pauseAfter);
    expect(pauses).toEqual([0, 0, 0, 1, 1, 2, 2, 5, 5, 5]);
  });
});
