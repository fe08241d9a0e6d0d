/** `npm run bench -- --peers`: infnet beside other libraries, on one adapter, in turns. */
import { fileURLToPath } from 'node:url';
import { openAdapter } from '@infnet/node';
import { progress, type SuiteOptions, writeText } from '../suite.js';
import { alternate, type Case } from './alternate.js';
import { type CaseOptions, forwardCases, gradientCases, layerCases, overheadCases, stepCases } from './cases.js';
import type { CaseResult } from './figures.js';
import { formatCases, formatDifferences, formatErrors, formatStartUp } from './format.js';
import { PartClock } from './part-clock.js';
import { Pool } from './pool.js';
import { type Ceilings, type Part, PEER_TITLES, PEERS, type PeerName } from './protocol.js';
import { PART_TITLES, type PeerFigures, renderPeerReport } from './report.js';
import { measureStartUp, type StartUp } from './startup.js';
import { layerBytes, workloadFlops } from './workloads.js';

export interface PeerSuiteOptions extends SuiteOptions {
  readonly quick: boolean;
  /** Seconds after which an answer is no longer waited for. Default 900; of a quick run each part has its share of the time. */
  readonly patience?: number;
  /** Default: see {@link usualPeers}. */
  readonly peers?: readonly PeerName[];
  readonly parts: readonly Part[];
}

const REFERENCE: PeerName = 'infnet';

const CASES: Readonly<Record<Part, (options: CaseOptions) => Case[]>> = {
  forward: forwardCases,
  layer: layerCases,
  gradients: gradientCases,
  step: stepCases,
  overhead: overheadCases,
};

/** Seconds after which no further round of a case begins. */
const BUDGET = 300;
const QUICK_BUDGET = 4;
/** Seconds of a quick run, and those that a request gets however late it is. */
const QUICK_SECONDS = 150;
const LEAST_PATIENCE = 10;
/** What each part needs of a quick run's time: nets have many shaders to compile. */
const QUICK_WEIGHTS: Readonly<Record<Part, number>> = { forward: 6, layer: 3, gradients: 2, step: 6, overhead: 1 };

type Settled = PeerSuiteOptions & { readonly peers: readonly PeerName[]; readonly patience: number };

const PATIENCE = 900;

/** CUDA stands beside a real GPU only. A quick run has no time for the second precision. */
function usualPeers(software: boolean, quick: boolean): readonly PeerName[] {
  const left = [
    ...(software ? ['torch-cuda', 'torch-compile'] : []),
    ...(quick ? ['infnet-fast', 'torch-compile'] : []),
  ];
  return PEERS.filter((name) => !left.includes(name));
}

export async function peerSuite(given: PeerSuiteOptions): Promise<void> {
  const adapter = await openAdapter();
  const peers = given.peers ?? usualPeers(adapter.software, given.quick);
  const options: Settled = { ...given, peers, patience: given.patience ?? PATIENCE };
  const { quick, parts, size, batch, runs, patience } = options;
  const program = fileURLToPath(new URL('../main.js', import.meta.url));
  const weights = [1, ...parts.map((part) => QUICK_WEIGHTS[part])];
  const clock = quick && given.patience === undefined ? new PartClock(QUICK_SECONDS, weights) : undefined;
  clock?.next();
  const pool = new Pool({ program, patience: () => Math.min(patience, clock?.patience(LEAST_PATIENCE) ?? patience) });
  try {
    const results: CaseResult[] = [];
    let ceilings = await pool.ceilings().catch(() => undefined);
    console.log(adapter.message);
    for (const part of parts) {
      clock?.next();
      const found = await measurePart(part, CASES[part](options), pool, options, clock);
      console.log(['', PART_TITLES[part], ...formatCases(found, peers, REFERENCE), ...formatErrors(found)].join('\n'));
      results.push(...found);
      // Other programs lower what is reached; a ceiling is the most that was seen.
      ceilings = higher(ceilings, await pool.ceilings().catch(() => undefined));
    }
    const startUp = quick ? [] : await startUps(options, program);
    const facts = [formatDifferences(results, peers), ...describeCeilings(ceilings), ...describe(pool, peers)];
    console.log([...formatStartUp(startUp), '', ...facts].join('\n'));
    const figures: PeerFigures = {
      date: new Date().toISOString(),
      adapter: { kind: adapter.kind, message: adapter.message },
      settings: { size, batch, rounds: runs, quick },
      peers,
      reference: REFERENCE,
      loaded: Object.fromEntries(pool.loaded),
      ceilings,
      startUp,
      results,
    };
    await write(figures, options);
  } finally {
    await pool.end();
  }
}

/** Cases that a quick run has no time for are left out, and it is said how many. */
async function measurePart(
  part: Part,
  cases: readonly Case[],
  pool: Pool,
  { runs, peers, quick }: Settled,
  clock: PartClock | undefined,
): Promise<CaseResult[]> {
  const found: CaseResult[] = [];
  const onProgress = progress(PART_TITLES[part]);
  for (const item of cases) {
    if (found.length > 0 && clock?.isOver()) {
      console.log(`\n${PART_TITLES[part]}: no time for ${cases.length - found.length} of ${cases.length} cases`);
      break;
    }
    const asked = peers.map((name) => pool.asked(name));
    const outcomes = await alternate(item, asked, { rounds: runs, budget: quick ? QUICK_BUDGET : BUDGET });
    const { workload } = item;
    const bytes = workload.kind === 'layer' ? workload.copies * layerBytes(workload) : undefined;
    found.push({ ...item, flops: workloadFlops(workload), bytes, outcomes });
    onProgress(found.length, cases.length);
  }
  return found;
}

function startUps({ peers, size, batch, patience }: Settled, program: string): Promise<StartUp[]> {
  const workload = { kind: 'forward', net: 'inf-net', batch, size } as const;
  return measureStartUp(peers, workload, { program, patience: () => patience }, progress('Start-up'));
}

async function write(figures: PeerFigures, { out, batch, size }: PeerSuiteOptions): Promise<void> {
  const name = `peers-${figures.adapter.kind}-${batch}x${size}${figures.settings['quick'] ? '-quick' : ''}`;
  const json = await writeText(out, `${name}.json`, `${JSON.stringify(figures, null, 1)}\n`);
  const html = await writeText(out, `${name}.html`, renderPeerReport(figures));
  console.log(`\nWritten: ${json} and ${html}`);
}

function higher(a: Ceilings | undefined, b: Ceilings | undefined): Ceilings | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { compute: Math.max(a.compute, b.compute), bandwidth: Math.max(a.bandwidth, b.bandwidth) };
}

function describeCeilings(ceilings: Ceilings | undefined): string[] {
  if (ceilings === undefined) return [];
  const [compute, bandwidth] = [ceilings.compute / 1e9, ceilings.bandwidth / 1e9];
  return [`Measured ceilings: multiply-adds ${compute.toFixed(1)} GFLOP/s, memory ${bandwidth.toFixed(2)} GB/s`];
}

function describe(pool: Pool, peers: readonly PeerName[]): string[] {
  return [
    'Compared',
    ...peers.map((name) => `  ${PEER_TITLES[name]}: ${pool.loaded.get(name)?.description ?? 'not loaded'}`),
  ];
}
