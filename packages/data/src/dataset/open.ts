/** Opening a data set: list, pair, read and check everything once, so that training cannot fail on a file hours later. */
import { Dataset, type DatasetStore } from './dataset.js';
import { type FolderLayout, type ListLayout, pairFiles } from './layout.js';
import { bytesOf, type LoadOptions, loadItem } from './load.js';
import { ProblemList } from './problems.js';
import { type ReadOptions, readAll } from './read-all.js';
import type { DataSource } from './source.js';

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
 * Opens a data set in the paper's layout: `Imgs`, `GT` and optionally `Edge`, files paired by name. Every file is read and
 * checked. Edges that are absent are derived from the masks, equal to the reference's.
 *
 * @throws `DATA_DATASET` with everything that is wrong, by kind, with files; the `signal`'s reason
 */
export async function openDataset(source: DataSource, options: DatasetOptions = {}): Promise<Dataset> {
  const { labelled = true, edges = 'files', oneClass = 'error' } = options;
  const problems = new ProblemList();
  const files = pairFiles(await source.list(), { ...options, labelled, edges }, problems);
  const { items, load } = await readAll(source, files, problems, options, {
    load: (item) => loadItem(source, item, options),
    bytesOf,
  });
  const store: DatasetStore = { name: source.name, labelled, oneClass, warnings: problems.list(), load };
  return new Dataset(store, items);
}
