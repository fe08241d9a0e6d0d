/** The figures as sections: of the HTML page, and of what the terminal shows (`../text.ts`). */
import {
  type Bar,
  type Block,
  type Report,
  type RooflinePoint,
  renderReport,
  type Section,
  type Table,
} from '@infnet/report';
import { passBlocks } from '../gradients/pass-table.js';
import { left, right } from '../text.js';
import { PART_TABLE } from './cases.js';
import { type CaseResult, cellOf, errorsOf, meanRatio } from './figures.js';
import { caseTable, largestDifferences, startUpTable, wideTable } from './format.js';
import { isOnCpu, PEER_TITLES } from './peer-table.js';
import {
  type CeilingPeer,
  type Ceilings,
  type Loaded,
  PARTS,
  type Part,
  type PeerName,
  referenceOf,
} from './protocol.js';
import type { StartUp } from './startup.js';

/** Everything that a run of the suite found; also what the JSON file holds. */
export interface PeerFigures {
  readonly date: string;
  /** Kind of the adapter, and one line about it. */
  readonly adapter: { readonly kind: string; readonly message: string };
  readonly settings: Readonly<Record<string, unknown>>;
  readonly peers: readonly PeerName[];
  readonly loaded: Readonly<Partial<Record<PeerName, Loaded>>>;
  /** By who measured them: the adapter of Node and that of Chromium may differ. */
  readonly ceilings: Readonly<Partial<Record<CeilingPeer, Ceilings>>>;
  readonly startUp: readonly StartUp[];
  readonly results: readonly CaseResult[];
}

const READING = [
  'Times are medians, in milliseconds, with the shortest and the longest; "times as long" is by the median of infnet in',
  'the same place, "by round" the range of single rounds. A run begins with inputs in JavaScript memory and ends with',
  'results there; "device ms": on data that lies on the device, by which GFLOP/s then count. "differs by": relative L2',
  'distance of the results from those of infnet; DIFFERS: the result is another one. In a table with a column for each',
  'library: median (shortest..longest), then times as long; cannot: the error stands in the last section; cannot (time):',
  'a quick run had no time for it.',
].join(' ');

export function renderPeerReport(figures: PeerFigures): string {
  const report: Report = {
    title: 'infnet compared with other libraries',
    subtitle: figures.adapter.message,
    sections: [compared(figures), ...partSections(figures), ...closingSections(figures)],
    data: figures,
    footer: `Made by npm run bench -- --peers, ${figures.date}. Compare only what stands in one table: it was measured in turns.`,
  };
  return renderReport(report);
}

/** A section for each part that has results. */
export function partSections(figures: PeerFigures): Section[] {
  return PARTS.flatMap((part) => {
    const found = figures.results.filter(({ group }) => group === part);
    return found.length === 0 ? [] : [partSection(part, found, figures)];
  });
}

/** What stands behind the parts. */
export function closingSections(figures: PeerFigures): Section[] {
  const { results, startUp } = figures;
  return [
    ...(startUp.length === 0 ? [] : [startUpSection(startUp)]),
    ...memorySection(figures),
    ...cannotSection(results),
  ];
}

/** What a library says it is, where it was loaded. Start-ups are of processes that ended with them. */
function describeLibrary(peer: PeerName, { loaded, startUp }: PeerFigures): string | undefined {
  const started = startUp.some((start) => start.peer === peer && start.cannot === undefined);
  return loaded[peer]?.description ?? (started ? 'started in processes of its own alone' : undefined);
}

export function compared(figures: PeerFigures): Section {
  const { peers, settings, ceilings, results } = figures;
  const rows: (readonly [string, string])[] = Object.entries(settings).map(([name, value]) => [name, String(value)]);
  for (const [name, found] of Object.entries(ceilings)) {
    if (found === undefined) continue;
    const by = `measured by ${PEER_TITLES[name as PeerName]}`;
    rows.push([`Multiply-adds, ${by}`, `${(found.compute / 1e9).toFixed(1)} GFLOP/s`]);
    rows.push([`Memory, ${by}`, `${(found.bandwidth / 1e9).toFixed(2)} GB/s`]);
  }
  rows.push(['Largest relative L2 difference from infnet', largestDifferences(results, peers)]);
  const libraries: Table = {
    kind: 'table',
    columns: [{ title: 'Name here' }, { title: 'Library, version, adapter or device' }],
    rows: peers.map((peer) => [
      PEER_TITLES[peer],
      describeLibrary(peer, figures) ?? 'not loaded, see the last section',
    ]),
  };
  return {
    title: 'What was compared',
    blocks: [libraries, { kind: 'facts', rows }, { kind: 'text', text: READING }],
  };
}

/** Up to so many cases of a part have a table of their own; more stand in one, a line each. */
const FEW = 6;

export function partSection(part: Part, results: readonly CaseResult[], figures: PeerFigures): Section {
  const { peers, ceilings } = figures;
  const passes = passBlocks(results, peers, ceilings.infnet);
  const tables =
    results.length <= FEW ? results.map((result) => caseTable(result, peers)) : [wideTable(results, peers)];
  return {
    title: PART_TABLE[part].title,
    blocks: [...tables, ...passes, ...meanBars(results, peers), ...rooflines(results, figures)],
  };
}

/** How many times as long as ours: the geometric mean over the part's cases, with the smallest and largest ratio. */
function meanBars(results: readonly CaseResult[], peers: readonly PeerName[]): Block[] {
  const bars = peers.flatMap((peer): Bar[] => {
    const over = meanRatio(results, peer);
    if (over === undefined || over.cases < 2) return [];
    const { mean, smallest, largest, cases } = over;
    return [{ label: PEER_TITLES[peer], value: mean, low: smallest, high: largest, note: `${cases} cases` }];
  });
  if (bars.length === 0) return [];
  return [{ kind: 'bars', title: 'Times as long as infnet: geometric mean, and the range of cases', unit: 'x', bars }];
}

/** One roofline per peer on an adapter whose ceilings were measured; native code on the CPU has another roof. */
function rooflines(results: readonly CaseResult[], { peers, ceilings }: PeerFigures): Block[] {
  return peers.flatMap((peer): Block[] => {
    const points = results.flatMap((result): RooflinePoint[] => {
      const rate = cellOf(result, peer)?.rate;
      if (rate === undefined || result.bytes === undefined) return [];
      return [{ label: result.title, intensity: result.flops / result.bytes, performance: rate }];
    });
    const roof = ceilings[referenceOf(peer) as CeilingPeer];
    if (points.length === 0 || roof === undefined || isOnCpu(peer)) return [];
    return [
      {
        kind: 'roofline',
        title: `Roofline of ${PEER_TITLES[peer]}`,
        points,
        ceilings: [
          { label: 'memory', bandwidth: roof.bandwidth },
          { label: 'multiply-adds', compute: roof.compute },
        ],
      },
    ];
  });
}

function startUpSection(startUp: readonly StartUp[]): Section {
  return {
    title: 'Start-up',
    note: 'Seconds in a new process: the library and its device, then a net up to its first result. Cold: no compiled shaders are kept.',
    blocks: [startUpTable(startUp)],
  };
}

const MIB = 2 ** 20;
const inMib = (bytes: number | undefined): string => (bytes === undefined ? '' : (bytes / MIB).toFixed(0));

function memorySection({ results, peers }: PeerFigures): Section[] {
  const rows = results
    .filter(({ group }) => group === 'forward' || group === 'step' || group === 'card')
    .flatMap(({ title, outcomes }) =>
      peers.flatMap((peer) => {
        const outcome = outcomes.find((o) => o.peer === peer);
        if (outcome === undefined || outcome.cannot !== undefined) return [];
        return [[title, PEER_TITLES[peer], inMib(outcome.heldBytes), inMib(outcome.processBytes)]];
      }),
    );
  if (rows.length === 0) return [];
  const note =
    'MiB. What the library says that it holds on the device, and by how much its process grew (on a software adapter the device is ' +
    'in the process; what an earlier case left to be used again does not count).';
  const columns = [left(''), left(''), right('held'), right('growth')];
  return [{ title: 'Memory', note, blocks: [{ kind: 'table', columns, rows }] }];
}

function cannotSection(results: readonly CaseResult[]): Section[] {
  const rows = errorsOf(results).map(({ peer, title, error, cases }) => [PEER_TITLES[peer], title, cases, error]);
  if (rows.length === 0) return [];
  const columns = ['', 'first met at', 'cases', 'error'].map((title) => ({ title }));
  return [{ title: 'What could not be done', blocks: [{ kind: 'table', columns, rows }] }];
}
