/** `npm run bench -- --peers`: infnet beside other libraries, on one adapter, in turns. */
import { fileURLToPath } from 'node:url';
import { progress, type SuiteOptions } from '../suite.js';
import { alternate, type Case } from './alternate.js';
import { type CaseOptions, forwardCases, gradientCases, layerCases, overheadCases, stepCases } from './cases.js';
import type { CaseResult } from './figures.js';
import { formatCases, formatDifferences, formatErrors } from './format.js';
import { Pool } from './pool.js';
import { type Part, PEER_TITLES, type PeerName } from './protocol.js';
import { layerBytes, workloadFlops } from './workloads.js';

export interface PeerSuiteOptions extends SuiteOptions {
  readonly quick: boolean;
  readonly peers: readonly PeerName[];
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

const TITLES: Readonly<Record<Part, string>> = {
  forward: 'Nets in inference',
  layer: 'Convolutions of Inf-Net, each alone',
  gradients: 'Convolutions with the gradients of input and weights',
  step: 'Training steps (forward, gradients, batch norm, Adam)',
  overhead: 'What an operator costs beside its work',
};

export async function peerSuite(options: PeerSuiteOptions): Promise<void> {
  const { quick, runs, peers, parts } = options;
  const pool = new Pool({ program: fileURLToPath(new URL('../main.js', import.meta.url)), patience: quick ? 60 : 900 });
  try {
    const results: CaseResult[] = [];
    for (const part of parts) {
      const found: CaseResult[] = [];
      const cases = CASES[part](options);
      const onProgress = progress(TITLES[part]);
      for (const item of cases) {
        const asked = peers.map((name) => pool.asked(name));
        const outcomes = await alternate(item, asked, { rounds: runs, budget: quick ? 5 : 300 });
        found.push(resultOf(item, outcomes));
        onProgress(found.length, cases.length);
      }
      if (results.length === 0) console.log(describe(pool, peers));
      console.log([`\n${TITLES[part]}`, ...formatCases(found, peers, REFERENCE), ...formatErrors(found)].join('\n'));
      results.push(...found);
    }
    console.log(`\n${formatDifferences(results, peers)}`);
  } finally {
    await pool.end();
  }
}

function resultOf(item: Case, outcomes: CaseResult['outcomes']): CaseResult {
  const { workload } = item;
  const bytes = workload.kind === 'layer' ? workload.copies * layerBytes(workload) : undefined;
  return { ...item, flops: workloadFlops(workload), bytes, outcomes };
}

function describe(pool: Pool, peers: readonly PeerName[]): string {
  const lines = peers.map((name) => `  ${PEER_TITLES[name]}: ${pool.loaded.get(name)?.description ?? 'not loaded'}`);
  return ['Compared', ...lines].join('\n');
}
