/** How peers are driven and what is made of their times: no library, no clock. */
import { describe, expect, it } from 'vitest';
import { alternate, largestDifference, relativeL2 } from '../src/peers/alternate.js';
import { type CaseResult, cellOf, cellsOf, errorsOf, meanRatio, oursOf } from '../src/peers/figures.js';
import { caseTable, cellText, formatRatio, largestDifferences, milliseconds } from '../src/peers/format.js';
import { NO_TIME } from '../src/peers/measure-part.js';
import type { Asked, NetName, PeerName, Prepared, Workload } from '../src/peers/protocol.js';
import { type PeerFigures, partSection } from '../src/peers/report.js';
import { sectionLines } from '../src/text.js';

const WORKLOAD: Workload = { kind: 'chain', length: 4 };

/** A peer that takes the given seconds, one after the other, and notes what it was asked. */
class Stand implements Asked {
  readonly name: PeerName;
  readonly #seconds: number[];
  readonly #log: string[];
  readonly #output: readonly number[];
  readonly #failAt: 'prepare' | 'sample' | undefined;

  constructor(
    name: PeerName,
    seconds: readonly number[],
    log: string[],
    output: readonly number[] = [1, 2],
    failAt?: 'prepare' | 'sample',
  ) {
    this.name = name;
    this.#seconds = [...seconds];
    this.#log = log;
    this.#output = output;
    this.#failAt = failAt;
  }

  async prepare(): Promise<Prepared> {
    this.#log.push(`prepare ${this.name}`);
    if (this.#failAt === 'prepare') throw new Error('out of everything');
    return { results: { output: Float32Array.from(this.#output) }, firstSeconds: 1, processBytes: 0 };
  }

  async sample(): Promise<number> {
    this.#log.push(this.name);
    if (this.#failAt === 'sample') throw new Error('gone');
    return this.#seconds.shift() as number;
  }

  async release(): Promise<void> {
    this.#log.push(`release ${this.name}`);
  }
}

const generous = { rounds: 3, budget: 100, now: () => 0 };

describe('peers in turns', () => {
  it('are prepared, timed round by round with the order moving on, and released', async () => {
    const log: string[] = [];
    const peers = [new Stand('infnet', [1, 2, 3], log), new Stand('tfjs', [4, 5, 6], log, [1, 2.002])];
    const outcomes = await alternate({ workload: WORKLOAD }, peers, generous);
    expect(log.join(' ')).toBe(
      'prepare infnet prepare tfjs infnet tfjs tfjs infnet infnet tfjs release infnet release tfjs',
    );
    expect(outcomes.map(({ seconds }) => seconds)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(outcomes[0]?.difference).toBeUndefined();
    expect(outcomes[1]?.difference).toBeCloseTo(0.002 / Math.sqrt(5), 6);
  });

  it('who cannot keeps its error and takes no further part', async () => {
    const log: string[] = [];
    const peers = [
      new Stand('infnet', [1, 2, 3], log),
      new Stand('tfjs', [], log, [], 'prepare'),
      new Stand('ort-cpu', [], log, [1, 2], 'sample'),
    ];
    const outcomes = await alternate({ workload: WORKLOAD }, peers, generous);
    expect(outcomes.map(({ cannot }) => cannot)).toEqual([undefined, 'out of everything', 'gone']);
    expect(outcomes[0]?.seconds).toEqual([1, 2, 3]);
    expect(log.filter((line) => line === 'ort-cpu')).toHaveLength(1);
    expect(log).not.toContain('release tfjs');
  });

  it('begin no further round when the budget is spent, but always one', async () => {
    let seconds = 0;
    const now = (): number => (seconds += 10);
    const options = { rounds: 5, budget: 15, now };
    const [outcome] = await alternate({ workload: WORKLOAD }, [new Stand('infnet', [1, 2, 3, 4, 5], [])], options);
    expect(outcome?.seconds).toEqual([1, 2]);
  });
});

describe('differences', () => {
  it('are relative L2, the largest of all results', () => {
    expect(relativeL2([3, 4], [3, 3])).toBeCloseTo(1 / Math.sqrt(18), 12);
    expect(relativeL2([0, 2], [0, 0])).toBe(2);
    const of = (...values: number[]): Float32Array => Float32Array.from(values);
    expect(largestDifference({ a: of(1), b: of(3) }, { a: of(1), b: of(2) })).toBe(0.5);
  });

  it('are infinite for what is missing, of another length, or no number', () => {
    const reference = { a: Float32Array.of(1, 2) };
    expect(largestDifference({}, reference)).toBe(Number.POSITIVE_INFINITY);
    expect(largestDifference({ a: Float32Array.of(1) }, reference)).toBe(Number.POSITIVE_INFINITY);
    expect(largestDifference({ a: Float32Array.of(1, Number.NaN) }, reference)).toBe(Number.POSITIVE_INFINITY);
  });
});

const PEERS: readonly PeerName[] = ['infnet', 'tfjs', 'torch-cpu'];

const result = (title: string, ours: readonly number[], theirs: readonly number[], difference = 1e-6): CaseResult => ({
  title,
  group: 'layer',
  workload: WORKLOAD,
  flops: 2e9,
  outcomes: [
    { peer: 'infnet', seconds: ours },
    { peer: 'tfjs', seconds: theirs, difference },
    { peer: 'torch-cpu', seconds: [], cannot: 'no module\nof that name' },
  ],
});

describe('figures', () => {
  it('are medians, ratios to the reference and rates', () => {
    const [ours, theirs, none] = cellsOf(result('a', [0.3, 0.1, 0.2], [0.4, 0.9, 0.8]));
    expect(ours).toMatchObject({
      ratio: undefined,
      rate: 1e10,
      wrong: false,
      timing: { median: 0.2, smallest: 0.1, runs: 3 },
    });
    expect(theirs).toMatchObject({ ratio: { median: 4, smallest: 0.4 / 0.3, largest: 9 }, wrong: false });
    expect(none?.cannot).toBe('no module\nof that name');
    expect(none?.timing).toBeUndefined();
    expect(cellsOf(result('a', [1], [1], 0.01))[1]?.wrong).toBe(true);
  });

  it('differ by more where rounding is magnified', () => {
    const step = (net: NetName): CaseResult => ({
      ...result('a', [1], [1], 0.05),
      workload: { kind: 'step', net, batch: 2, size: 64 },
    });
    expect(cellOf(step('res2net50'), 'tfjs')?.wrong).toBe(true);
    expect(cellOf(step('inf-net'), 'tfjs')?.wrong).toBe(false);
  });

  it('have ratios to ours in the same place: a browser has an adapter of its own', () => {
    const places: CaseResult = {
      ...result('a', [1], [2]),
      outcomes: [
        { peer: 'infnet', seconds: [1] },
        { peer: 'infnet-chromium', seconds: [4] },
        { peer: 'tfjs-chromium', seconds: [8] },
      ],
    };
    expect(cellsOf(places).map(({ ratio }) => ratio?.median)).toEqual([undefined, undefined, 2]);
    expect([oursOf(['infnet-chromium', 'infnet']), oursOf(['tfjs-chromium', 'infnet-chromium'])]).toEqual([
      'infnet',
      'infnet-chromium',
    ]);
  });

  it('average ratios geometrically, over the cases that both could do', () => {
    const results = [result('a', [1], [2]), result('b', [1], [8]), result('c', [1], [])];
    expect(meanRatio(results, 'tfjs')).toEqual({ mean: 4, smallest: 2, largest: 8, cases: 2 });
    expect(meanRatio(results, 'torch-cpu')).toBeUndefined();
  });

  it('count equal errors once', () => {
    expect(errorsOf([result('a', [1], [1]), result('b', [1], [1])])).toEqual([
      { peer: 'torch-cpu', title: 'a', error: 'no module\nof that name', cases: 2 },
    ]);
  });

  it('stand in a table: one line per peer where there are few cases, else one per case, and averages below', () => {
    const results = [result('a', [0.1], [0.2, 0.1, 0.3]), result('b', [0.01], [0.08], 1)];
    const figures = { peers: PEERS, ceilings: {} } as PeerFigures;
    const few = sectionLines(partSection('layer', results, figures));
    expect(few).toContain('a');
    expect(few.join('\n')).toMatch(/tfjs WebGPU +200 +100 to 300 +2\.0x +10\.00 +1\.0e-6\n/);
    expect(few.join('\n')).toMatch(/tfjs WebGPU +80\.0 +8\.0x +25\.00 +1\.0e\+0 +DIFFERS/);
    expect(few.join('\n')).toMatch(/PyTorch CPU +cannot: no module\n/);
    expect(few.at(-1)).toBe('  tfjs WebGPU: 4.00x (2.00x to 8.00x), 2 cases');
    const many = sectionLines(partSection('layer', [...results, ...results, ...results, ...results], figures));
    expect(many[3]).toContain('tfjs WebGPU');
    expect(many[4]).toMatch(/a +20\.00 +100 +200 \(100\.\.300\) 2\.0x +cannot$/);
    expect(many[5]).toMatch(/10\.0 +80\.0 8\.0x DIFFERS +cannot$/);
    expect(largestDifferences(results, PEERS)).toBe('tfjs WebGPU 1.0e+0');
  });

  it("have the device's own times and the range of rounds where they were taken", () => {
    const { columns, rows } = caseTable(
      {
        title: 'forward',
        group: 'card',
        workload: WORKLOAD,
        flops: 2e12,
        onDevice: 3,
        only: ['infnet', 'torch-fp32', 'torch-compile'],
        outcomes: [
          { peer: 'infnet', seconds: [1, 2, 3], device: { run: [1] }, heldBytes: 2 ** 30 },
          { peer: 'torch-fp32', seconds: [3, 3, 3], device: { run: [0.5] }, difference: 1e-6 },
          { peer: 'torch-compile', seconds: [], cannot: 'no answer\nto anything' },
        ],
      },
      ['infnet', 'tfjs', 'torch-fp32', 'torch-compile'],
    );
    const titles = ['', 'ms', 'range', 'times as long', 'by round', 'device ms', 'times as long', 'GiB', 'GFLOP/s'];
    expect(columns.map(({ title }) => title)).toEqual([...titles, 'differs by', '']);
    expect(rows).toEqual([
      ['infnet', '2000', '1000 to 3000', '', '', '1000', '', '1.00', '2000.00', '', ''],
      [
        ...['PyTorch CUDA, no TensorFloat-32', '3000', '3000 to 3000', '1.5x', '1.0x to 3.0x', '500', '0.50x', ''],
        ...['4000.00', '1.0e-6', ''],
      ],
      ['PyTorch CUDA, compiled', ...Array.from({ length: 9 }, () => ''), 'cannot: no answer'],
    ]);
  });

  it('have three digits', () => {
    expect([0.0000123, 0.0123, 1.5, 123.456].map(milliseconds)).toEqual(['0.0123', '12.3', '1500', '123456']);
    expect([0.5, 4.25, 123.4].map(formatRatio)).toEqual(['0.50x', '4.3x', '123x']);
    expect(cellText(undefined)).toBe('');
    expect(cellText({ peer: 'tfjs', wrong: false, cannot: `${NO_TIME}: no answer` })).toBe('cannot (time)');
  });
});
