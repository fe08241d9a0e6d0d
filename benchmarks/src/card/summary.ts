/**
 * What the logs and figures of a run say together: one object for results.json, and the text of table.txt. Pure
 * functions.
 */
import { type MatrixResults, matrixLines } from '../matrix.js';
import { cellsOf } from '../peers/figures.js';
import { PEER_TITLES, type PeerName } from '../peers/protocol.js';
import { type PeerFigures, partSection } from '../peers/report.js';
import { sectionLines } from '../text.js';
import { type CudnnLayers, cudnnTable, type LayerRates, layerTable, type OwnLayers } from './layer-tables.js';

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

/** The JSON of `bench --gradients`, as far as it is used. */
export type LayerResults = OwnLayers & LayerRates & { readonly batch: number; readonly size: number };

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
  readonly ceilings?: { readonly compute: number; readonly bandwidth: number };
  readonly layers: readonly LayerResults[];
  readonly cudnn: readonly CudnnLayers[];
  readonly tuning?: { readonly choices: object; readonly layers: readonly unknown[] };
  readonly matrix?: MatrixResults;
  readonly compare?: PeerFigures;
}

export interface Run {
  readonly about: Readonly<Record<string, string>>;
  readonly outcomes: RunResults['steps'];
  /** By step. */
  readonly logs: Readonly<Record<string, string | undefined>>;
  /** Texts of the files of figures by name. */
  readonly figures: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export function collect({ about, outcomes, logs, figures, seconds }: Run): RunResults {
  const { doctor = '', tests, ceilings = '', matrix = '' } = logs;
  const asked = parse<{ readonly adapter?: Adapter; readonly features?: unknown }>(firstObject(doctor));
  const card = /^name, memory.*\n(.+)$/m.exec(doctor)?.[1];
  const all = <T>(prefix: string): T[] =>
    Object.entries(figures)
      .filter(([name]) => name.startsWith(prefix) && name.endsWith('.json'))
      .flatMap(([, text]) => parse<T>(text) ?? []);
  const byBatch = (a: { readonly batch: number }, b: { readonly batch: number }): number => a.batch - b.batch;
  return {
    about,
    date: new Date().toISOString(),
    seconds,
    card: card ?? asked?.adapter?.description,
    adapter: asked?.adapter,
    features: asked?.features,
    steps: outcomes,
    tests: tests === undefined ? undefined : readTally(tests),
    failures: [...(tests ?? '').matchAll(/^FAIL (.*)$/gm)].map(([, name]) => name as string),
    ceilings: parse(lastObject(ceilings)),
    layers: all<LayerResults>('gradients-').sort(byBatch),
    cudnn: all<CudnnLayers>('cudnn-').sort(byBatch),
    tuning: parse(figures['tuning.json']),
    matrix: parse(lastObject(matrix)),
    compare: all<PeerFigures>('peers-')[0],
  };
}

function parse<T>(text = ''): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** The first indented JSON object in a log. */
const firstObject = (log: string): string | undefined => /^\{$[\s\S]*?^\}$/m.exec(log)?.[0];

/** The last line that is a JSON object. */
const lastObject = (log: string): string | undefined => log.split('\n').findLast((line) => line.startsWith('{'));

/** Counts of the log that reporter.mjs writes; it may have been cut off. */
export function readTally(log: string): Tally {
  const count = (word: string): number => log.match(new RegExp(`^${word} `, 'gm'))?.length ?? 0;
  return { passed: count('pass'), failed: count('FAIL'), skipped: count('skip') };
}

/** Lines for a terminal. */
export function report(results: RunResults): string[] {
  const { card, adapter, about, tests, failures, ceilings, layers, cudnn, matrix, compare } = results;
  const stated = statedPeak(card ?? '');
  const peak = stated ?? ceilings?.compute;
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
    ...ceilingLines(stated, results),
    ...layers.flatMap((found) => [
      '',
      `Convolutions, batch ${found.batch} at ${found.size}, share of ${stated === undefined ? 'the measured' : 'the stated'} peak`,
      ...layerTable(found, peak ?? 0),
    ]),
    ...cudnn.flatMap((found) => {
      const ours = layers.find(({ batch, size }) => batch === found.batch && size === found.size);
      return ours === undefined ? [] : ['', ...cudnnTable(ours, found)];
    }),
    ...tuningLines(results),
    '',
    ...matrixLines(matrix),
    '',
    'Inf-Net. ms: from host memory to host memory. device ms: on data that lies on the card. Above 1x infnet is faster.',
    ...(compare === undefined ? ['not measured'] : comparisonLines(compare)),
  ];
}

function ceilingLines(stated: number | undefined, { ceilings, compare }: RunResults): string[] {
  const torch = compare?.ceilings?.['torch-fp32'];
  const giga = (value: number | undefined): string => (value === undefined ? '-' : (value / 1e9).toFixed(1));
  return [
    `Float32, GFLOP/s: ${giga(stated)} stated, ${giga(ceilings?.compute)} measured by multiply-adds, ${giga(torch?.compute)} by PyTorch's product of 8192 x 8192`,
    `Copy, GB/s read and written: ${giga(ceilings?.bandwidth)} by ours, ${giga(torch?.bandwidth)} by PyTorch's`,
  ];
}

function tuningLines({ tuning }: RunResults): string[] {
  if (tuning === undefined) return [];
  const choices = Object.keys(tuning.choices).length;
  return ['', `Tuner: ${choices} shapes of ${tuning.layers.length} with another choice than the usual one`];
}

function comparisonLines(compare: PeerFigures): string[] {
  const { compared, differing } = checkedBesideTorch(compare);
  return [
    ...sectionLines(partSection('card', compare.results, compare)),
    '',
    `Checked beside PyTorch without TensorFloat-32: ${compared} results, ${differing} differ`,
    ...Object.entries(compare.loaded).map(
      ([name, { description }]) => `  ${PEER_TITLES[name as PeerName]}: ${description}`,
    ),
  ];
}

/** How many of our results PyTorch computed too, in float32, and how many are other ones by more than rounding. */
export function checkedBesideTorch({ results }: PeerFigures): {
  readonly compared: number;
  readonly differing: number;
} {
  const found = results
    .flatMap(cellsOf)
    .filter(({ peer, timing }) => timing !== undefined && (peer === 'torch-fp32' || peer === 'torch-cpu'));
  return { compared: found.length, differing: found.filter(({ wrong }) => wrong).length };
}
