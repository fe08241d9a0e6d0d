/**
 * Compare: convolutions of this project beside those of tfjs and onnxruntime-web, on this device.
 *
 * Each library gets the same numbers and gives its result back to JavaScript, so that a run is what a program would
 * wait for. The libraries take turns within a round, so that whatever else the machine does meets all of them alike.
 * Every result is compared with ours before anything is timed.
 */
import { conv2d } from '@infnet/conv';
import { type Context, InfnetError, preparePlan, trace } from '@infnet/core';
import { VERSION } from '../app/version.js';
import { type Contestant, type ConvCase, gflopOf, inputsOf, type PreparedConv, QUICK_SET } from './compare-cases.js';
import type { CompareMethods, CompareRow, LibraryName } from './compare-protocol.js';
import type { Gpu } from './gpu.js';
import type { Handlers } from './handlers.js';

/** On slow adapters a case gets fewer runs: those that fit into so many milliseconds, but at least these. */
const PATIENCE = 4000;
const FEWEST_RUNS = 3;

const NOT_HERE = 'not in this build';

interface Entrant {
  readonly library: LibraryName;
  readonly contestant: Contestant | undefined;
  readonly cannot: string | undefined;
}

export function compareHandlers(gpu: Gpu): Handlers<CompareMethods> {
  return {
    async compare({ runs }, { tell, signal }) {
      const context = await gpu.context();
      tell({ progress: { what: 'Loading the libraries', done: 0, total: 0 } });
      const entrants: Entrant[] = [
        { library: 'infnet', contestant: ours(context), cannot: undefined },
        await entrant('tfjs', async () => (await import('./peers/tfjs.js')).openTfjs()),
        await entrant('onnxruntime-web', async () => (await import('./peers/ort.js')).openOrt()),
      ];
      const rows: CompareRow[] = [];
      try {
        for (const [done, one] of QUICK_SET.entries()) {
          if (signal.aborted) throw new InfnetError({ code: 'STOPPED', message: 'Stopped.' });
          tell({ progress: { what: one.name, done, total: QUICK_SET.length } });
          for (const row of await measure(one, entrants, runs, signal)) {
            rows.push(row);
            tell({ row });
          }
        }
      } finally {
        for (const { contestant } of entrants) contestant?.dispose();
      }
      const versions = Object.fromEntries(
        entrants.flatMap(({ library, contestant }) =>
          contestant === undefined ? [] : [[library, contestant.version]],
        ),
      );
      const adapter = context.adapter.message.replace(/^infnet: /, '');
      return { adapter, runs, date: new Date().toISOString(), userAgent: navigator.userAgent, versions, rows };
    },
  };
}

async function entrant(library: LibraryName, load: () => Promise<Contestant | undefined>): Promise<Entrant> {
  try {
    const contestant = await load();
    return { library, contestant, cannot: contestant === undefined ? NOT_HERE : undefined };
  } catch (error) {
    return { library, contestant: undefined, cannot: reason(error) };
  }
}

function ours(context: Context): Contestant {
  return {
    version: VERSION,
    async prepare({ inChannels, outChannels, extent, kernel, stride }, weight) {
      const graph = trace(({ x, w }) => ({ y: conv2d(x, w, undefined, { stride, padding: (kernel - 1) / 2 }) }), {
        x: [1, inChannels, extent, extent],
        w: [outChannels, inChannels, kernel, kernel],
      });
      const plan = await preparePlan(context, graph);
      return {
        run: async (x) => (await plan.run({ x, w: weight }))['y'] as Float32Array,
        dispose: () => plan.dispose(),
      };
    },
    dispose: () => {},
  };
}

async function measure(
  one: ConvCase,
  entrants: readonly Entrant[],
  runs: number,
  signal: AbortSignal,
): Promise<CompareRow[]> {
  const { x, weight } = inputsOf(one);
  const ready: { readonly library: LibraryName; readonly prepared: PreparedConv; readonly times: number[] }[] = [];
  const common = { name: one.name, gflop: gflopOf(one) };
  const rows = new Map<LibraryName, CompareRow>();
  let reference: Float32Array | undefined;
  for (const { library, contestant, cannot } of entrants) {
    const none = { ...common, library, milliseconds: undefined, runs: 0, difference: undefined };
    if (contestant === undefined) {
      rows.set(library, { ...none, cannot });
      continue;
    }
    try {
      const prepared = await contestant.prepare(one, weight);
      const y = await prepared.run(x);
      // Differences are from infnet's result, or none are told.
      if (library === 'infnet') reference = y;
      const difference = reference === undefined ? undefined : differenceOf(y, reference);
      rows.set(library, { ...none, cannot: undefined, difference });
      ready.push({ library, prepared, times: [] });
    } catch (error) {
      rows.set(library, { ...none, cannot: reason(error) });
    }
  }
  const started = performance.now();
  for (let run = 0; run < runs; run++) {
    const isLate = run >= FEWEST_RUNS && performance.now() - started > PATIENCE;
    if (isLate || signal.aborted) break;
    for (const { prepared, times } of ready) {
      const begun = performance.now();
      await prepared.run(x);
      times.push(performance.now() - begun);
    }
  }
  for (const { library, prepared, times } of ready) {
    prepared.dispose();
    const row = rows.get(library) as CompareRow;
    const sorted = times.sort((a, b) => a - b);
    const [low] = sorted;
    // Stopped before it was timed: no figure is no zero.
    if (low === undefined) rows.set(library, { ...row, cannot: 'stopped before it was timed' });
    else {
      const milliseconds = [sorted[sorted.length >> 1] ?? low, low, sorted.at(-1) ?? low] as const;
      rows.set(library, { ...row, milliseconds, runs: sorted.length });
    }
  }
  return [...rows.values()];
}

function differenceOf(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY;
  let [most, largest] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    most = Math.max(most, Math.abs((values[i] as number) - (reference[i] as number)));
    largest = Math.max(largest, Math.abs(reference[i] as number));
  }
  return largest === 0 ? most : most / largest;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
