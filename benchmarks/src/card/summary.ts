/**
 * What the logs and figures of a run say together: one object for results.json, and the text of table.txt. Pure
 * functions.
 */
import { cellsOf } from '../peers/figures.js';
import { closingSections, compared, type PeerFigures, partSections } from '../peers/report.js';
import { sectionLines } from '../text.js';

/** Float32 FLOP/s outside the tensor cores, as the vendor states them, by what the card's name contains. */
const STATED_PEAKS: readonly (readonly [RegExp, number])[] = [
  [/H200/, 67e12],
  [/H100 .*(SXM|HBM3)/, 67e12],
  [/H100.*PCIe/, 51e12],
  [/A100/, 19.5e12],
];

export const statedPeak = (name: string): number | undefined =>
  STATED_PEAKS.find(([pattern]) => pattern.test(name))?.[1];

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Adapter {
  readonly message?: string;
  readonly description?: string;
}

export interface RunResults {
  readonly about: Readonly<Record<string, string>>;
  readonly date: string;
  readonly seconds: number;
  readonly card?: string;
  readonly adapter?: Adapter;
  readonly features?: unknown;
  readonly steps: Readonly<Record<string, { readonly outcome: string; readonly seconds: number }>>;
  readonly tests?: Tally;
  readonly failures: readonly string[];
  readonly tuning?: { readonly choices: object; readonly layers: readonly unknown[] };
  /** What the peers' suite found, by the path of its file. */
  readonly figures: Readonly<Record<string, PeerFigures>>;
}

export interface Run {
  readonly about: Readonly<Record<string, string>>;
  readonly outcomes: RunResults['steps'];
  /** By step. */
  readonly logs: Readonly<Record<string, string | undefined>>;
  /** Texts of the files of figures by their paths. */
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export function collect({ about, outcomes, logs, files, seconds }: Run): RunResults {
  const { doctor = '', tests } = logs;
  // The first indented JSON object of the log.
  const asked = parse<{ readonly adapter?: Adapter; readonly features?: unknown }>(
    /^\{$[\s\S]*?^\}$/m.exec(doctor)?.[0],
  );
  const card = /^name, memory.*\n(.+)$/m.exec(doctor)?.[1] ?? asked?.adapter?.description;
  const peers = Object.entries(files).filter(([name]) => /peers-[^/\\]*\.json$/.test(name));
  const figures = peers.map(([name, text]) => [name, parse<PeerFigures>(text)] as const);
  return {
    about,
    date: new Date().toISOString(),
    seconds,
    card,
    steps: outcomes,
    adapter: asked?.adapter,
    features: asked?.features,
    tests: tests === undefined ? undefined : readTally(tests),
    failures: [...(tests ?? '').matchAll(/^FAIL (.*)$/gm)].map(([, name]) => name as string),
    tuning: parse(files['tuning.json']),
    figures: Object.fromEntries(figures.flatMap(([name, found]) => (found === undefined ? [] : [[name, found]]))),
  };
}

function parse<T>(text = ''): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** Counts of the log of gpu/vitest.config.mjs; it may have been cut off. */
export function readTally(log: string): Tally {
  const count = (word: string): number => log.match(new RegExp(`^${word} `, 'gm'))?.length ?? 0;
  return { passed: count('pass'), failed: count('FAIL'), skipped: count('skip') };
}

/** Lines for a terminal. */
export function report(results: RunResults): string[] {
  const { card, adapter, about, tests, failures, tuning, figures } = results;
  const peak = statedPeak(card ?? '');
  const { compared: count, differing } = checkedBesideTorch(results);
  return [
    `infnet on ${card ?? adapter?.message ?? 'an unknown card'}; ${adapter?.message ?? 'no adapter'}`,
    `commit ${about['commit']}, Node ${about['node']}, webgpu ${about['webgpu']}; ${results.date}, ${results.seconds.toFixed(0)} s`,
    ...Object.entries(results.steps).map(
      ([name, { outcome, seconds }]) => `  ${name}: ${outcome} (${seconds.toFixed(0)} s)`,
    ),
    '',
    tests === undefined
      ? 'Tests: not run'
      : `Tests: ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped`,
    ...failures.map((name) => `  FAIL ${name}`),
    '',
    `Float32 peak as the vendor states it: ${peak === undefined ? 'unknown' : `${(peak / 1e9).toFixed(0)} GFLOP/s`}`,
    ...(tuning === undefined
      ? []
      : [
          `Tuner: ${Object.keys(tuning.choices).length} shapes of ${tuning.layers.length} with another choice than the usual one`,
        ]),
    ...Object.values(figures).flatMap(figureLines),
    '',
    `Checked beside PyTorch without TensorFloat-32: ${count} results, ${differing} differ`,
  ];
}

function figureLines(figures: PeerFigures): string[] {
  const about = Object.entries(figures.settings).map(([name, value]) => `${name} ${String(value)}`);
  const sections = [...partSections(figures), ...closingSections(figures), compared(figures)];
  return ['', `== ${about.join(', ')}`, ...sections.flatMap(sectionLines)];
}

/** How many of our results PyTorch computed too, in float32, and how many are other ones by more than rounding. */
export function checkedBesideTorch({ figures }: Pick<RunResults, 'figures'>): {
  readonly compared: number;
  readonly differing: number;
} {
  const theirs = ['torch-fp32', 'torch-cpu', 'cudnn'];
  const found = Object.values(figures)
    .flatMap(({ results }) => results.flatMap(cellsOf))
    .filter(({ peer, timing }) => timing !== undefined && theirs.includes(peer));
  return { compared: found.length, differing: found.filter(({ wrong }) => wrong).length };
}
