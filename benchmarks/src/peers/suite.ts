/** `npm run bench -- --peers`: infnet compared with other libraries, on one adapter, in turns. */
import { fileURLToPath } from 'node:url';
import { InfnetError } from '@infnet/core';
import { type AdapterKind, openAdapter } from '@infnet/node';
import type { BenchOptions } from '../options.js';
import { progress, writeText } from '../suite.js';
import { sectionLines } from '../text.js';
import type { AlternateOptions, Case } from './alternate.js';
import { type CaseOptions, PART_TABLE } from './cases.js';
import type { CaseResult } from './figures.js';
import { measurePart, NO_TIME } from './measure-part.js';
import { type Patience, PeerProcess } from './parent.js';
import { PartClock } from './part-clock.js';
import { inOrderOfPreparing, usualPeers } from './peer-table.js';
import {
  ASKABLE_PARTS,
  type AskablePart,
  CEILING_PEERS,
  type CeilingPeer,
  type Ceilings,
  PARTS,
  type Part,
  type PeerName,
  referenceOf,
} from './protocol.js';
import { closingSections, compared, type PeerFigures, partSection, renderPeerReport } from './report.js';
import { measureStartUp, type StartUp } from './startup.js';

/** Seconds after which no further round of a case begins. */
const BUDGET = 300;
const QUICK_BUDGET = 4;
/** Seconds of a quick run from the start of this process to its last answer. */
const QUICK_SECONDS = 160;
const PATIENCE = 900;
/** The same in a run of given seconds. */
const BOUNDED_PATIENCE = 90;

interface Settled extends CaseOptions {
  readonly runs: number;
  readonly out: string;
  readonly peers: readonly PeerName[];
  readonly parts: readonly { readonly part: Part; readonly cases: readonly Case[] }[];
  readonly startUp: boolean;
  readonly patience: Patience;
  readonly clock?: PartClock;
  readonly budget: AlternateOptions['budget'];
  /** This program, which is also that of the peers' processes. */
  readonly program: string;
}

export async function peerSuite(given: BenchOptions): Promise<void> {
  const adapter = await openAdapter();
  const options = settle(given, adapter.kind);
  const { peers, parts, clock, budget, quick, size, batch, runs } = options;
  const measures = (name: CeilingPeer): boolean => peers.some((peer) => peer === name || referenceOf(peer) === name);
  const names = new Set([...inOrderOfPreparing(peers), ...CEILING_PEERS.filter(measures)]);
  const processes = [...names].map((name) => new PeerProcess(name, options));
  const asked = processes.filter(({ name }) => peers.includes(name));
  const results: CaseResult[] = [];
  let ceilings: PeerFigures['ceilings'] = {};
  let startUp: readonly StartUp[] = [];
  const figures = (): PeerFigures => ({
    date: new Date().toISOString(),
    adapter: { kind: adapter.kind, message: adapter.message },
    settings: { size, batch, rounds: runs, quick },
    peers,
    loaded: Object.fromEntries(processes.flatMap(({ name, loaded }) => (loaded === undefined ? [] : [[name, loaded]]))),
    ceilings,
    startUp,
    results,
  });
  clock?.nextPart(1);
  try {
    ceilings = await measureAllCeilings(processes, ceilings);
    console.log(adapter.message);
    for (const { part, cases } of parts) {
      const onProgress = progress(PART_TABLE[part].title);
      const onResult = async (result: CaseResult, done: number): Promise<void> => {
        results.push(result);
        onProgress(done, cases.length);
        await write(figures(), options);
      };
      const found = await measurePart(cases, asked, { rounds: runs, budget, clock, onResult });
      console.log(sectionLines(partSection(part, found, figures())).join('\n'));
      // Other programs lower what is reached; a ceiling is the most that was seen.
      ceilings = await measureAllCeilings(processes, ceilings);
    }
    startUp = options.startUp ? await startUps(options) : [];
    const now = figures();
    console.log([...closingSections(now), compared(now)].flatMap(sectionLines).join('\n'));
    console.log(`\nWritten: ${(await write(now, options)).join(' and ')}`);
  } finally {
    await Promise.all(processes.map((process) => process.end()));
  }
}

/** What was asked, with everything that was left open. @throws InfnetError `CLI_OPTION` when no case is left. */
function settle(given: BenchOptions, kind: AdapterKind): Settled {
  const { quick, size, batch, runs, out, seconds, match = '' } = given;
  const isAsked = (part: AskablePart): boolean => {
    const when = part === 'startup' ? 'unless quick' : PART_TABLE[part].when;
    return when === undefined || (when === 'unless quick' && !quick);
  };
  const names = given.parts ?? ASKABLE_PARTS.filter(isAsked);
  const startUp = names.includes('startup');
  const parts = PARTS.filter((part) => names.includes(part)).flatMap((part) => {
    const cases = PART_TABLE[part].cases({ size, batch, quick }).filter(({ title }) => title.includes(match));
    return cases.length === 0 ? [] : [{ part, cases }];
  });
  if (parts.length === 0 && !startUp) {
    const message = `--match "${match}" is in no title of the parts ${names.join(', ')}`;
    throw new InfnetError({ code: 'CLI_OPTION', message, fix: 'Titles stand at the left of the tables.' });
  }
  const weights = [1, ...parts.map(({ part }) => PART_TABLE[part].weight)];
  // `performance.now` begins with this process.
  const isQuick = quick && !startUp && given.patience === undefined;
  const limit = seconds ?? (isQuick ? QUICK_SECONDS : undefined);
  const clock = limit === undefined ? undefined : new PartClock(limit - performance.now() / 1e3, weights);
  return {
    size,
    batch,
    quick,
    runs,
    out,
    parts,
    startUp,
    clock,
    budget: clock !== undefined && seconds !== undefined ? () => clock.patience() : quick ? QUICK_BUDGET : BUDGET,
    peers: given.only ?? usualPeers(kind, quick),
    patience: patienceOf(given, clock),
    program: fileURLToPath(new URL('../main.js', import.meta.url)),
  };
}

/**
 * A quick run gives each answer its share. A run of given seconds waits longer: a peer that is slow to prepare takes
 * from the rounds of its case, and is asked again in the next.
 */
function patienceOf({ seconds, patience }: BenchOptions, clock: PartClock | undefined): Patience {
  if (clock === undefined) return { seconds: () => patience ?? PATIENCE };
  if (seconds === undefined) return { seconds: (share) => clock.patience(share), reason: NO_TIME };
  return { seconds: () => Math.min(clock.left, patience ?? BOUNDED_PATIENCE) };
}

function startUps({ peers, size, batch, patience, program }: Settled): Promise<StartUp[]> {
  const workload = { kind: 'forward', net: 'inf-net', batch, size } as const;
  return measureStartUp(peers, workload, { program, patience }, progress('Start-up'));
}

/** JSON and page, whose paths are returned. */
async function write(figures: PeerFigures, { out, batch, size, quick }: Settled): Promise<[string, string]> {
  const name = `peers-${figures.adapter.kind}-${batch}x${size}${quick ? '-quick' : ''}`;
  return [
    await writeText(out, `${name}.json`, `${JSON.stringify(figures, null, 1)}\n`),
    await writeText(out, `${name}.html`, renderPeerReport(figures)),
  ];
}

/** Measured by every library that can; each time the higher ones stay. */
async function measureAllCeilings(
  processes: readonly PeerProcess[],
  known: PeerFigures['ceilings'],
): Promise<PeerFigures['ceilings']> {
  const found: Partial<Record<CeilingPeer, Ceilings>> = { ...known };
  for (const name of CEILING_PEERS) {
    const now = await processes
      .find((process) => process.name === name)
      ?.ceilings()
      .catch(() => undefined);
    if (now === undefined) continue;
    const { compute, bandwidth } = known[name] ?? now;
    found[name] = { compute: Math.max(compute, now.compute), bandwidth: Math.max(bandwidth, now.bandwidth) };
  }
  return found;
}
