/** What Segment knows: items, results, how they are looked at. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { builtinWeights } from '../../app/builtin.js';
import { listed, nameText } from '../../app/format.js';
import { announce, report, tell, wireOf } from '../../app/notices.js';
import { withoutMasks } from '../../app/slice-folders.js';
import { tasks } from '../../app/tasks.js';
import { labWorker } from '../../app/workers.js';
import { type Progress, STOPPED, type WireError } from '../../protocol.js';
import type { ItemReport, ItemSource, SliceResult, VolumeView, WeightsReport } from '../../worker/segment-protocol.js';
import type { TaskReport } from '../../worker/task-protocol.js';
import type { StoredFile } from '../../worker/train-protocol.js';
import { figuresOf, shareText } from './figures.js';
import { differences } from './stale.js';

export interface Item {
  readonly report: ItemReport;
  /** With the folders it was dropped with. */
  readonly path: string;
  readonly results: readonly (SliceResult | undefined)[];
  /** What the results are of; undefined before there are any. */
  readonly task?: TaskReport | undefined;
  readonly status: 'new' | 'running' | 'done' | 'stopped' | 'failed';
  readonly error?: WireError;
}

export interface Layers {
  readonly probability: boolean;
  readonly mask: boolean;
  readonly edge: boolean;
}

export const items: Signal<readonly Item[]> = signal([]);
export const selectedId: Signal<number | undefined> = signal(undefined);
export const sliceIndex: Signal<number> = signal(0);
export const view: Signal<VolumeView> = signal({ window: 'lung', orient: 'released' });
export const layers: Signal<Layers> = signal({ probability: false, mask: true, edge: false });
/** In hundredths. */
export const threshold: Signal<number> = signal(50);
export const opacity: Signal<number> = signal(55);
export const weights: Signal<WeightsReport | undefined> = signal(undefined);
export const size: Signal<number> = signal(352);
/** What is going on, if anything. */
export const progress: Signal<Progress | undefined> = signal(undefined);
export const running: Signal<AbortController | undefined> = signal(undefined);

export const selected: ReadonlySignal<Item | undefined> = computed(() =>
  items.value.find(({ report: { id } }) => id === selectedId.value),
);

/** The task of what is looked at: of the result, else of the weights that would make one. */
export const shownTask: ReadonlySignal<TaskReport | undefined> = computed(
  () => selected.value?.task ?? weights.value?.task ?? tasks.value[0],
);

/** Folders often number their slices alike. */
export const repeatedNames: ReadonlySignal<ReadonlySet<string>> = computed(() => {
  const names = items.value.map(({ report: { name } }) => name).sort();
  return new Set(names.filter((name, i) => name === names[i - 1]));
});

/** In what the results of an item differ from how the page is set; empty where they do not, or where there are none. */
export function staleBy({ report, results }: Item): readonly string[] {
  const made = results.find((result) => result !== undefined)?.made;
  if (made === undefined) return [];
  return differences(made, report, {
    weightsSha256: weights.value?.sha256,
    size: size.value,
    view: view.value,
  });
}

export function change(id: number, update: Partial<Item> | ((item: Item) => Partial<Item>)): void {
  items.value = items.value.map((item) =>
    item.report.id === id ? { ...item, ...(typeof update === 'function' ? update(item) : update) } : item,
  );
}

export function select(id: number): void {
  batch(() => {
    selectedId.value = id;
    const depth = selected.value?.report.depth ?? 1;
    sliceIndex.value = depth >> 1;
  });
}

const PICTURE = /\.(png|jpe?g|nii|nii\.gz)$/i;
const WEIGHTS = /\.(pth|pt|safetensors)$/i;

/** So many loose files are tried even if their names say that they are nothing: the error then says what they are. */
const MOST_TRIED = 3;

/** Slices, volumes and weights, told apart by their names. What is none of them is named and left out. */
export async function addFiles(files: readonly StoredFile[]): Promise<void> {
  const checkpoints = files.filter(({ path }) => WEIGHTS.test(path));
  const { slices: pictures, masks, places } = withoutMasks(files.filter(({ path }) => PICTURE.test(path)));
  const others = files.filter(({ path }) => !PICTURE.test(path) && !WEIGHTS.test(path));
  const [checkpoint] = checkpoints;
  if (checkpoint !== undefined) await loadWeightsFile(checkpoint.file, checkpoint.path);
  if (checkpoints.length > 1)
    tell(`${checkpoints.length} files are weights; ${listed([checkpoint?.path ?? ''])} was loaded.`);
  if (masks.length > 0) {
    const count = `${masks.length} of ${files.length} ${files.length === 1 ? 'file' : 'files'}`;
    const rest =
      pictures.length > 0 ? 'The slices are in the list.' : 'If they are slices, drop the files without their folder.';
    tell(`Left out, since they are masks, not slices: ${count}: ${listed(places)}. ${rest}`);
  }
  const areTried = others.length === files.length && others.length <= MOST_TRIED;
  if (others.length > 0 && !areTried) {
    const count = `${others.length} of ${files.length} ${files.length === 1 ? 'file' : 'files'}`;
    tell(`Left out, since they are neither PNG, JPEG nor NIfTI: ${count}: ${listed(others.map(({ path }) => path))}.`);
  }
  await addSources(
    (areTried ? others : pictures).map(({ path, file }) => ({
      path,
      source: { kind: 'file', file: new File([file], path.split('/').pop() ?? path) },
    })),
  );
}

export async function addPhantoms(seeds: readonly number[]): Promise<void> {
  await addSources(seeds.map((seed) => ({ path: `phantom-${seed}.png`, source: { kind: 'phantom', seed } })));
}

interface NamedSource {
  readonly path: string;
  readonly source: ItemSource;
}

let added: Promise<void> = Promise.resolve();

/**
 * One drop after the other: what is dropped while the last one is still read would otherwise stand in the middle of it.
 */
function addSources(sources: readonly NamedSource[]): Promise<void> {
  const mine = added.then(() => addNow(sources));
  added = mine.catch(() => {});
  return mine;
}

async function addNow(sources: readonly NamedSource[]): Promise<void> {
  const failures: { readonly path: string; readonly error: unknown }[] = [];
  let first = true;
  for (const [done, { path, source }] of sources.entries()) {
    if (sources.length > 1) progress.value = { what: 'Reading', done, total: sources.length };
    try {
      const item = await labWorker().ask('addItem', { source });
      items.value = [...items.value, { report: item, path, results: [], status: 'new' }];
      if (first) select(item.id);
      first = false;
      for (const note of item.notes) tell(`${nameText(item.name)}: ${note}`);
    } catch (error) {
      failures.push({ path, error });
    }
  }
  progress.value = undefined;
  if (failures.length <= MOST_TRIED) for (const { error } of failures) report(error);
  else {
    const reasons = failures.map(({ path, error }) => `${path} (${wireOf(error).message.replace(/\.$/, '')})`);
    tell(
      `${failures.length} of ${sources.length} files could not be read: ${listed(reasons)}. The others are in the list.`,
    );
  }
  announce(`${items.value.length} in the list`);
}

export async function remove(id: number): Promise<void> {
  const at = items.value.findIndex(({ report }) => report.id === id);
  items.value = items.value.filter(({ report }) => report.id !== id);
  const next = items.value[Math.min(at, items.value.length - 1)];
  if (selectedId.value === id && next !== undefined) select(next.report.id);
  if (segmenting?.id === id) segmenting.controller.abort();
  await labWorker().ask('removeItem', { id });
}

export async function loadWeightsFile(file: Blob, name: string): Promise<void> {
  await loadWeights(name, async () => new Uint8Array(await file.arrayBuffer()));
}

export async function loadBuiltinWeights(): Promise<void> {
  const { url, name } = builtinWeights;
  // Weights that somebody chose are loaded, or on their way.
  if (url === undefined || newestWeights > 0) return;
  await loadWeights(name, async () => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${name} could not be fetched: the server answered ${response.status}.`);
    return new Uint8Array(await response.arrayBuffer());
  });
}

let newestWeights = 0;

async function loadWeights(name: string, read: () => Promise<Uint8Array>): Promise<void> {
  const turn = ++newestWeights;
  progress.value = { what: `Reading ${nameText(name)}`, done: 0, total: 0 };
  try {
    const bytes = await read();
    // Others were chosen meanwhile.
    if (turn !== newestWeights) return;
    const told = await labWorker().ask('loadWeights', { name, bytes }, { transfer: [bytes.buffer] });
    batch(() => {
      weights.value = told;
      if (told.size !== undefined) size.value = told.size;
      else size.value = Math.max(1, Math.round(size.value / told.sizeMultiple)) * told.sizeMultiple;
    });
    // Those that come with the page say it in their panel, and nobody chose them.
    if (told.warning !== undefined && name !== builtinWeights.name) tell(`${nameText(name)}: ${told.warning}`);
    announce(`Weights loaded: ${told.net}`);
  } catch (error) {
    report(error);
  } finally {
    progress.value = undefined;
  }
}

/** The item that is segmented just now, which may be removed meanwhile. */
let segmenting: { readonly id: number; readonly controller: AbortController } | undefined;

/** Segments what is not yet, the selected one first, and what is added meanwhile; or all again. */
export async function segmentAll(): Promise<void> {
  if (running.value !== undefined) return;
  const controller = new AbortController();
  running.value = controller;
  const isOpen = (item: Item): boolean => item.status !== 'done' || staleBy(item).length > 0;
  const all = !items.value.some(isOpen);
  const tried = new Set<number>();
  const next = (): Item | undefined => {
    const open = items.value.filter((item) => !tried.has(item.report.id) && (all || isOpen(item)));
    return open.find(({ report }) => report.id === selectedId.value) ?? open[0];
  };
  try {
    for (let item = next(); item !== undefined && !controller.signal.aborted; item = next()) {
      tried.add(item.report.id);
      if (!(await segmentOne(item, controller.signal))) break;
    }
  } finally {
    batch(() => {
      running.value = undefined;
      progress.value = undefined;
    });
  }
}

/** False when there is no sense in going on. */
async function segmentOne({ report: { id, name } }: Item, signal: AbortSignal): Promise<boolean> {
  const controller = new AbortController();
  segmenting = { id, controller };
  const stop = (): void => controller.abort();
  signal.addEventListener('abort', stop, { once: true });
  change(id, { status: 'running', results: [], task: weights.value?.task, error: undefined });
  try {
    await labWorker().ask(
      'segment',
      { id, size: size.value, view: view.value },
      {
        signal: controller.signal,
        onEvent: (event) => {
          if ('progress' in event) progress.value = event.progress;
          else {
            change(id, ({ results }) => {
              const more = [...results];
              more[event.result.slice] = event.result;
              return { results: more };
            });
          }
        },
      },
    );
    change(id, { status: 'done' });
    const item = items.value.find(({ report }) => report.id === id);
    const figures = item === undefined ? undefined : figuresOf(item, threshold.value);
    if (figures !== undefined)
      announce(`${nameText(name)}: ${figures.shares.map((share) => shareText(share, figures.of)).join(', ')}`);
    return true;
  } catch (error) {
    const wire = wireOf(error);
    change(id, wire.code === STOPPED ? { status: 'stopped' } : { status: 'failed', error: wire });
    report(error);
    // What is wrong with one slice may be right with the next; a missing net or device is not. One that was removed is
    // no reason to stop.
    return /^(DATA_|RESULT_)/.test(wire.code) || (wire.code === STOPPED && !signal.aborted);
  } finally {
    signal.removeEventListener('abort', stop);
    segmenting = undefined;
  }
}
