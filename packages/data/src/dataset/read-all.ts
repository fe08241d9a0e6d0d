/** Reading every item of a data set once, through a cache, with everything that is wrong collected. */
import type { ClassCounts } from '../classes/class-map.js';
import { ByteCache } from './cache.js';
import type { ItemFiles } from './layout.js';
import type { MaskContent } from './masks.js';
import { type Finding, ProblemList } from './problems.js';
import type { DataSource } from './source.js';

export interface OpenProgress {
  /** Items read so far, of all. */
  readonly done: number;
  readonly total: number;
  readonly name: string;
}

export interface ReadOptions {
  /** `error` (default): anything wrong is an error. `skip`: wrong items are left out and told in `warnings`. */
  readonly onProblem?: 'error' | 'skip';
  /** Whether masks may all be empty or all be full. Default `error`. */
  readonly oneClass?: 'error' | 'allow';
  /** What happens to slices whose mask has no infected pixel. `keep` (default); `drop`: left out, and told. */
  readonly emptyMasks?: 'keep' | 'drop';
  /**
   * Most bytes of decoded slices kept in memory. Default 256 MiB; 0 keeps none. Volumes take up to half as much beside
   * them.
   */
  readonly cacheBytes?: number;
  readonly onProgress?: (progress: OpenProgress) => void;
  readonly signal?: AbortSignal;
}

export const DEFAULT_CACHE_BYTES: number = 2 ** 28;

/** What an item's files show beside the pictures. */
export interface ItemContent {
  /** Absent in an unlabelled data set. */
  readonly content?: MaskContent;
  /** Pixels of each class; of a multi-class data set. */
  readonly counts?: ClassCounts;
}

/** An item read well, or what is wrong with it. */
export type Loaded<S> =
  | ({ readonly slice: S; readonly told?: readonly Finding[] } & ItemContent)
  | { readonly findings: readonly Finding[] };

export interface ReadItems<S> {
  readonly items: readonly (ItemFiles & ItemContent)[];
  /** Reads an item again, or takes it from the cache. */
  load(files: ItemFiles): Promise<S>;
}

/**
 * Reads all items, in order.
 *
 * @param load must not throw for what is wrong with a file
 * @param bytesOf bytes that a slice keeps in memory
 * @throws `DATA_DATASET`; the `signal`'s reason
 */
export async function readAll<S>(
  source: DataSource,
  files: readonly ItemFiles[],
  problems: ProblemList,
  options: ReadOptions,
  { load: read, bytesOf }: { load(files: ItemFiles): Promise<Loaded<S>>; bytesOf(slice: S): number },
): Promise<ReadItems<S>> {
  const { onProblem = 'error', oneClass = 'error', emptyMasks = 'keep', cacheBytes = DEFAULT_CACHE_BYTES } = options;
  const { onProgress, signal } = options;
  const load = cached(read, bytesOf, cacheBytes);
  const items: (ItemFiles & ItemContent)[] = [];
  for (const [i, item] of files.entries()) {
    signal?.throwIfAborted();
    const loaded = await load(item);
    if ('findings' in loaded) problems.addAll(loaded.findings);
    else {
      const { slice: _, told = [], ...content } = loaded;
      problems.addAll(told);
      if (content.content === 'empty' && emptyMasks === 'drop') problems.add('emptyDropped', maskOf(item));
      else items.push({ ...item, ...content });
    }
    onProgress?.({ done: i + 1, total: files.length, name: item.name });
  }
  for (const item of items) {
    if (item.content === 'empty') problems.add('emptyMask', maskOf(item));
    if (item.content === 'full') problems.add('fullMask', maskOf(item));
  }
  const nothing = items.length === 0;
  if (nothing && !problems.wrong()) problems.add('empty', 'no pictures');
  const single = oneClass === 'error' ? oneClassOf(items) : undefined;
  if (single !== undefined) problems.add('oneClass', single);
  const fatal = nothing || problems.wrong('oneClass');
  if (problems.wrong() && (onProblem === 'error' || fatal)) throw problems.error(source.name);
  return {
    items,
    async load(item) {
      const loaded = await load(item);
      if ('slice' in loaded) return loaded.slice;
      const changed = new ProblemList();
      for (const { kind, file, note, fix } of loaded.findings) {
        changed.add(kind, file, `${note ?? ''}; changed since it was opened`, fix);
      }
      throw changed.error(source.name);
    },
  };
}

/** The mask of an item, with the slice where it is one of a volume. */
function maskOf({ mask = '', slice }: ItemFiles): string {
  return slice === undefined ? mask : `${mask} slice ${slice}`;
}

/** What to say when all masks are empty, or all are full. */
export function oneClassOf(items: readonly { readonly content?: MaskContent }[]): string | undefined {
  const count = items.length;
  const all = (content: MaskContent): boolean => count > 0 && items.every((item) => item.content === content);
  if (all('empty')) return `no infected pixel in any of ${count} masks`;
  return all('full') ? `no background pixel in any of ${count} masks` : undefined;
}

/** Loads items through a cache; an item that is asked for twice at the same time is read once. */
function cached<S>(
  read: (files: ItemFiles) => Promise<Loaded<S>>,
  bytesOf: (slice: S) => number,
  limit: number,
): (files: ItemFiles) => Promise<Loaded<S>> {
  const cache = new ByteCache<string, Loaded<S>>(limit);
  const running = new Map<string, Promise<Loaded<S>>>();
  return (files) => {
    const key = files.slice === undefined ? files.image : `${files.image}\n${files.slice}`;
    const kept = cache.get(key);
    if (kept !== undefined) return Promise.resolve(kept);
    const started = running.get(key);
    if (started !== undefined) return started;
    const loading = read(files)
      .then((loaded) => {
        if ('slice' in loaded) cache.set(key, loaded, bytesOf(loaded.slice));
        return loaded;
      })
      .finally(() => running.delete(key));
    running.set(key, loading);
    return loading;
  };
}
