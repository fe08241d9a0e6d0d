/** What the logs and figures of a run say together: one object for results.json, and the text of table.txt. Pure functions. */
import { cudnnTable } from './cudnn-table.mjs';
import { matrixLines } from './matrix-table.mjs';
import { comparisonTable, layerTable, readTally } from './table.mjs';

/** Float32 FLOP/s outside the tensor cores, as the vendor states them, by what the card's name contains. */
const STATED_PEAKS = [
  [/H200/, 67e12],
  [/H100 .*(SXM|HBM3)/, 67e12],
  [/H100.*PCIe/, 51e12],
  [/A100/, 19.5e12],
];

export const statedPeak = (name) => STATED_PEAKS.find(([pattern]) => pattern.test(name))?.[1];

/**
 * @param {{ about: object, outcomes: object, logs: Record<string, string | undefined>, figures: Record<string, string>,
 *   seconds: number }} run
 */
export function collect({ about, outcomes, logs, figures, seconds }) {
  const doctor = firstObject(logs.doctor ?? '');
  const card = /^name, memory.*\n(.+)$/m.exec(logs.doctor ?? '')?.[1];
  const all = (prefix) =>
    Object.entries(figures)
      .filter(([name]) => name.startsWith(prefix))
      .flatMap(([, text]) => parse(text) ?? [])
      .sort((a, b) => a.batch - b.batch);
  return {
    about,
    date: new Date().toISOString(),
    seconds,
    card: card ?? doctor?.adapter?.description,
    adapter: doctor?.adapter,
    features: doctor?.features,
    steps: outcomes,
    tests: logs.tests === undefined ? undefined : readTally(logs.tests),
    failures: [...(logs.tests ?? '').matchAll(/^FAIL (.*)$/gm)].map((match) => match[1]),
    ceilings: lastObject(logs.ceilings ?? ''),
    layers: all('gradients-'),
    cudnn: all('cudnn-'),
    tuning: parse(figures['tuning.json'] ?? ''),
    matrix: lastObject(logs.matrix ?? ''),
    compare: parse(figures['compare.json'] ?? ''),
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first indented JSON object in a log. */
const firstObject = (log) => parse(/^\{$[\s\S]*?^\}$/m.exec(log)?.[0] ?? '');

/** The last line that is a JSON object. */
const lastObject = (log) => parse(log.split('\n').findLast((line) => line.startsWith('{')) ?? '');

/** Lines for a terminal. */
export function report(results) {
  const { card, adapter, about, tests, failures, ceilings, layers, cudnn, tuning, matrix, compare } = results;
  const stated = statedPeak(card ?? '');
  const peak = stated ?? ceilings?.multiplyAdds;
  return [
    `infnet on ${card ?? adapter?.message ?? 'an unknown card'}; ${adapter?.message ?? 'no adapter'}`,
    `commit ${about?.commit}, Node ${about?.node}, webgpu ${about?.webgpu}; ${results.date}, ${results.seconds.toFixed(0)} s`,
    ...Object.entries(results.steps).map(
      ([name, { outcome, seconds }]) => `  ${name}: ${outcome} (${seconds.toFixed(0)} s)`,
    ),
    '',
    tests === undefined
      ? 'Tests: not run'
      : `Tests: ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped`,
    ...failures.map((name) => `  FAIL ${name}`),
    '',
    ...ceilingLines({ stated, ceilings, torch: compare?.torchCeilings }),
    ...layers.flatMap((found) => [
      '',
      `Convolutions, batch ${found.batch} at ${found.size}, share of ${stated === undefined ? 'the measured' : 'the stated'} peak`,
      ...layerTable(found, peak ?? 0),
    ]),
    ...cudnn.flatMap((found) => {
      const ours = layers.find(({ batch, size }) => batch === found.batch && size === found.size);
      return ours === undefined ? [] : ['', ...cudnnTable(ours, found)];
    }),
    ...tuningLines(tuning),
    '',
    ...matrixLines(matrix),
    '',
    'Inf-Net. ms: from host memory to host memory, median (shortest to longest). device ms: on data that lies on the card.',
    'x: how many times as long as infnet, median (smallest to largest of one round); above 1 infnet is faster.',
    ...(compare === undefined
      ? ['not measured']
      : [...comparisonTable(compare.results), ...loadedLines(compare.loaded)]),
  ];
}

function ceilingLines({ stated, ceilings, torch }) {
  const giga = (value) => (value === undefined ? '-' : (value / 1e9).toFixed(1));
  return [
    `Float32, GFLOP/s: ${giga(stated)} stated, ${giga(ceilings?.multiplyAdds)} measured by multiply-adds, ${giga(torch?.product)} by PyTorch's product of 8192 x 8192`,
    `Copy, GB/s read and written: ${giga(ceilings?.bandwidth)} by ours, ${giga(torch?.copy)} by PyTorch's`,
  ];
}

function tuningLines(tuning) {
  if (tuning === undefined) return [];
  const choices = Object.keys(tuning.choices).length;
  return ['', `Tuner: ${choices} shapes of ${tuning.layers.length} with another choice than the usual one`];
}

const loadedLines = (loaded) => Object.entries(loaded).map(([name, text]) => `  ${name}: ${text}`);
