/** The time of a quick run, by a clock that moves only when somebody works. */
import { describe, expect, it } from 'vitest';
import type { Case, Outcome } from '../src/peers/alternate.js';
import type { CaseResult } from '../src/peers/figures.js';
import { measurePart, NO_TIME } from '../src/peers/measure-part.js';
import { PartClock } from '../src/peers/part-clock.js';
import type { Asked, PeerName, Prepared } from '../src/peers/protocol.js';

describe('the clock of a quick run', () => {
  it('gives each part its share of what is left, each case its share of the part, a peer what it is asked for', () => {
    let now = 100;
    const clock = new PartClock(60, [1, 3, 1, 1], () => now);
    clock.nextPart(1);
    expect(clock.nextCase(true)).toBe(true);
    expect(clock.patience()).toBe(10);
    now += 10;
    expect(clock.nextCase(false)).toBe(false);
    clock.nextPart(2);
    expect(clock.nextCase(true)).toBe(true);
    expect(clock.patience()).toBe(15);
    expect(clock.patience(0.5)).toBe(7.5);
    now += 10;
    expect(clock.nextCase(false)).toBe(true);
    expect(clock.patience()).toBe(20);
  });

  it('lets a late request have the least, but nothing beyond the end', () => {
    let now = 0;
    const clock = new PartClock(20, [1, 1], () => now);
    clock.nextPart(1);
    clock.nextCase(true);
    now = 9;
    expect(clock.patience()).toBe(5);
    now = 16;
    expect([clock.patience(), clock.left]).toEqual([4, 4]);
    now = 21;
    expect([clock.patience(), clock.left]).toEqual([0, 0]);
    clock.nextPart(1);
    expect(clock.nextCase(true)).toBe(false);
  });
});

/** A library that needs the given seconds for each answer, and is asked as a process is. */
class Slow implements Asked {
  readonly name: PeerName;
  readonly #spend: (seconds: number, share: number) => void;
  readonly #prepare: number;
  readonly #run: number;

  constructor(
    name: PeerName,
    [prepare, run]: readonly [number, number],
    spend: (seconds: number, share: number) => void,
  ) {
    this.name = name;
    this.#prepare = prepare;
    this.#run = run;
    this.#spend = spend;
  }

  async prepare(_: unknown, share: number): Promise<Prepared> {
    this.#spend(this.#prepare, share);
    return { results: { output: Float32Array.of(1) }, firstSeconds: this.#prepare };
  }

  async sample(): Promise<number> {
    this.#spend(this.#run, 1);
    return this.#run;
  }

  async release(): Promise<void> {
    this.#spend(0.1, 1);
  }
}

const CASE: Case = { title: 'a case', group: 'overhead', workload: { kind: 'chain', length: 1 } };
const PARTS = [6, 3, 2, 6, 1];

async function quickRun(needs: Readonly<Partial<Record<PeerName, readonly [number, number]>>>): Promise<{
  readonly seconds: number;
  who(name: PeerName): (Outcome | undefined)[];
}> {
  let now = 0;
  const clock = new PartClock(150, [1, ...PARTS], () => now);
  const spend = (seconds: number, share: number): void => {
    const patience = clock.patience(share);
    if (patience <= 0) throw new Error(NO_TIME);
    now += Math.min(seconds, patience);
    if (seconds > patience) throw new Error(`${NO_TIME}: no answer within ${patience} s`);
  };
  const peers = Object.entries(needs).map(([name, seconds]) => new Slow(name as PeerName, seconds, spend));
  const options = { rounds: 3, budget: 4, now: () => now, clock };
  clock.nextPart(1);
  const results: CaseResult[] = [];
  for (const _ of PARTS) results.push(...(await measurePart([CASE, CASE, CASE], peers, options)));
  const who = (name: PeerName): (Outcome | undefined)[] =>
    results.map(({ outcomes }) => outcomes.find(({ peer }) => peer === name));
  return { seconds: now, who };
}

describe('a quick run', () => {
  it('ends in its time when no library ever answers, and says why of every case', async () => {
    const never = [1e9, 1e9] as const;
    const { seconds, who } = await quickRun({ infnet: never, 'torch-cpu': never, tfjs: never, 'ort-webgpu': never });
    expect(seconds).toBeLessThanOrEqual(150);
    expect(who('tfjs')).toHaveLength(15);
    for (const outcome of who('tfjs')) expect(outcome?.cannot).toMatch(/^over the run's time/);
  });

  it('shows who is quick in every case, however slow another is', async () => {
    const needs = { infnet: [1, 0.2], 'ort-cpu': [0.5, 0.1], tfjs: [3, 0.5], 'ort-webgpu': [90, 8] } as const;
    const { seconds, who } = await quickRun(needs);
    expect(seconds).toBeLessThanOrEqual(150);
    for (const outcome of who('infnet')) expect(outcome?.seconds.length).toBeGreaterThan(0);
    for (const outcome of who('ort-cpu')) expect(outcome?.cannot).toBeUndefined();
    for (const outcome of who('ort-webgpu')) expect(outcome?.cannot).toMatch(NO_TIME);
    expect(who('tfjs').filter((outcome) => outcome?.cannot === undefined).length).toBeGreaterThan(10);
  });

  it('takes no more time than is needed', async () => {
    const { seconds, who } = await quickRun({ infnet: [1, 0.2], tfjs: [2, 0.5] });
    expect(seconds).toBeLessThan(100);
    expect(who('tfjs').every((outcome) => outcome?.seconds.length === 3)).toBe(true);
  });
});
