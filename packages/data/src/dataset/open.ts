/**
 * Opening a data set: list, pair, read and check everything once, so that training cannot fail on a file hours later.
 */
import { Dataset, type DatasetStore } from './dataset.js';
import { type FolderLayout, type ItemFiles, type ListLayout, pairFiles } from './layout.js';
import { bytesOf, type LoadOptions, loadItem } from './load.js';
import { ProblemList } from './problems.js';
import { DEFAULT_CACHE_BYTES, type ReadOptions, readAll } from './read-all.js';
import type { DataSource } from './source.js';
import { VolumeFiles } from './volume-files.js';

export interface DatasetOptions extends LoadOptions, ReadOptions {
  /** The three folders' names, or the files themselves. Default: `Imgs`, `GT` and `Edge`, wherever below the root. */
  readonly layout?: FolderLayout | ListLayout;
  /** Folder below the source that holds the three, where the source has several data sets. */
  readonly root?: string;
  /** False: pictures alone, for prediction and pseudo labels. Default true. */
  readonly labelled?: boolean;
  /** `files` (default): edge files where there are some. `derive`: from the masks always. */
  readonly edges?: 'files' | 'derive';
}

/**
 * Opens a data set in the paper's layout: `Imgs`, `GT` and optionally `Edge`, files paired by name. Every file is read
 * and checked. Edges that are absent are derived from the masks, equal to the reference's.
 *
 * A NIfTI volume is its slices, one item each, `case1.nii.gz slice 0` and so on, with all that belong to no lesion too;
 * its mask is a volume on the same grid, in any storage order. Their edges are derived always. `split` keeps slices of
 * one volume together.
 *
 * @throws `DATA_DATASET` with everything that is wrong, by kind, with files; the `signal`'s reason
 */
export async function openDataset(source: DataSource, options: DatasetOptions = {}): Promise<Dataset> {
  const { labelled = true, edges = 'files', oneClass = 'error', cacheBytes = DEFAULT_CACHE_BYTES } = options;
  const problems = new ProblemList();
  const volumes = new VolumeFiles(source, options, Math.floor(cacheBytes / 2));
  const pairs = pairFiles(await source.list(), { ...options, labelled, edges }, problems);
  const files = await expand(pairs, volumes, problems, options.signal);
  let bytes = 0;
  const { items, load } = await readAll(source, files, problems, options, {
    load: (item) => (item.slice === undefined ? loadItem(source, item, options) : volumes.load(item)),
    bytesOf: (slice) => {
      bytes += bytesOf(slice);
      return bytesOf(slice);
    },
  });
  if (items.some(({ slice }) => slice !== undefined) && bytes > cacheBytes && cacheBytes > 0) {
    problems.add('cacheSmall', `${mebibytes(bytes)} MiB of slices, ${mebibytes(cacheBytes)} MiB are kept`);
  }
  const warnings = problems.list();
  const header: DatasetStore['header'] = ({ image }) => volumes.header(image);
  const store: DatasetStore = { name: source.name, labelled, oneClass, warnings, load, header };
  return new Dataset(store, items);
}

/** Volumes become their slices, in their place. */
async function expand(
  pairs: readonly ItemFiles[],
  volumes: VolumeFiles,
  problems: ProblemList,
  signal: AbortSignal | undefined,
): Promise<ItemFiles[]> {
  const items: ItemFiles[] = [];
  for (const pair of pairs) {
    signal?.throwIfAborted();
    const slices = await volumes.slices(pair);
    if ('findings' in slices) problems.addAll(slices.findings);
    else for (const slice of slices) items.push(slice);
  }
  return items;
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
