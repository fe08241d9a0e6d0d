/** Opening a data set: list, pair, read and check everything once, so that training cannot fail on a file hours later. */
import { ByteCache } from './cache.js';
import { Dataset, type DatasetItem, type DatasetStore } from './dataset.js';
import { type FolderLayout, type ItemFiles, type ListLayout, pairFiles } from './layout.js';
import { bytesOf, type Finding, type LoadedSlice, type LoadOptions, loadItem } from './load.js';
import type { MaskContent } from './masks.js';
import { ProblemList } from './problems.js';
import type { DataSource } from './source.js';

export interface OpenProgress {
  /** Items read so far, of all. */
  readonly done: number;
  readonly total: number;
  readonly name: string;
}

export interface DatasetOptions extends LoadOptions {
  /** The three folders' names, or the files themselves. Default: `Imgs`, `GT` and `Edge`, wherever below the root. */
  readonly layout?: FolderLayout | ListLayout;
  /** Folder below the source that holds the three, where the source has several data sets. */
  readonly root?: string;
  /** False: pictures alone, for prediction and pseudo labels. Default true. */
  readonly labelled?: boolean;
  /** `files` (default): edge files where there are some. `derive`: from the masks always. */
  readonly edges?: 'files' | 'derive';
  /** `error` (default): anything wrong is an error. `skip`: wrong items are left out and told in `warnings`. */
  readonly onProblem?: 'error' | 'skip';
  /** Whether masks may all be empty or all be full. Default `error`. */
  readonly oneClass?: 'error' | 'allow';
  /** Most bytes of decoded slices kept in memory. Default 256 MiB; 0 keeps none. */
  readonly cacheBytes?: number;
  readonly onProgress?: (progress: OpenProgress) => void;
  readonly signal?: AbortSignal;
}

export const DEFAULT_CACHE_BYTES: number = 2 ** 28;

/**
 * Opens a data set in the paper's layout: `Imgs`, `GT` and optionally `Edge`, files paired by name. Every file is read and
 * checked. Edges that are absent are derived from the masks, equal to the reference's.
 *
 * @throws `DATA_DATASET` with everything that is wrong, by kind, with files; the `signal`'s reason
 */
export async function openDataset(source: DataSource, options: DatasetOptions = {}): Promise<Dataset> {
  const { labelled = true, edges = 'files', onProblem = 'error', oneClass = 'error', onProgress, signal } = options;
  const problems = new ProblemList();
  const files = pairFiles(await source.list(), { ...options, labelled, edges }, problems);
  const load = cachedLoader(source, options);
  const items: DatasetItem[] = [];
  for (const [i, item] of files.entries()) {
    signal?.throwIfAborted();
    const loaded = await load(item);
    if ('findings' in loaded) for (const { kind, file, note } of loaded.findings) problems.add(kind, file, note);
    else items.push({ ...item, ...(loaded.content === undefined ? {} : { content: loaded.content }) });
    onProgress?.({ done: i + 1, total: files.length, name: item.name });
  }
  for (const { content, mask = '' } of items) {
    if (content === 'empty') problems.add('emptyMask', mask);
    if (content === 'full') problems.add('fullMask', mask);
  }
  const nothing = items.length === 0;
  if (nothing && !problems.wrong()) problems.add('empty', 'no pictures');
  const single = oneClass === 'error' ? oneClassOf(items) : undefined;
  if (single !== undefined) problems.add('oneClass', single);
  const fatal = nothing || problems.wrong('oneClass');
  if (problems.wrong() && (onProblem === 'error' || fatal)) throw problems.error(source.name);

  const store: DatasetStore = {
    name: source.name,
    labelled,
    oneClass,
    warnings: problems.list(),
    async load(item) {
      const loaded = await load(item);
      if ('slice' in loaded) return loaded.slice;
      const changed = new ProblemList();
      for (const { kind, file, note } of loaded.findings)
        changed.add(kind, file, `${note}; changed since it was opened`);
      throw changed.error(source.name);
    },
  };
  return new Dataset(store, items);
}

/** What to say when all masks are empty, or all are full. */
export function oneClassOf(items: readonly { readonly content?: MaskContent }[]): string | undefined {
  const count = items.length;
  const all = (content: MaskContent): boolean => count > 0 && items.every((item) => item.content === content);
  if (all('empty')) return `no infected pixel in any of ${count} masks`;
  return all('full') ? `no background pixel in any of ${count} masks` : undefined;
}

type CachedItem = { readonly slice: LoadedSlice; readonly content?: MaskContent };

/** Loads items through a cache; an item that is asked for twice at the same time is read once. */
function cachedLoader(
  source: DataSource,
  options: DatasetOptions,
): (files: ItemFiles) => Promise<CachedItem | { readonly findings: Finding[] }> {
  const cache = new ByteCache<string, CachedItem>(options.cacheBytes ?? DEFAULT_CACHE_BYTES);
  const running = new Map<string, ReturnType<typeof loadItem>>();
  return (files) => {
    const key = files.image;
    const kept = cache.get(key);
    if (kept !== undefined) return Promise.resolve(kept);
    const started = running.get(key);
    if (started !== undefined) return started;
    const loading = loadItem(source, files, options)
      .then((loaded) => {
        if ('slice' in loaded) cache.set(key, loaded, bytesOf(loaded.slice));
        return loaded;
      })
      .finally(() => running.delete(key));
    running.set(key, loading);
    return loading;
  };
}
