/** Opening a multi-class data set: as `openDataset`, with class maps for masks and priors for edges. */
import { CLASS_NAMES, checkIgnoreIndex, type ReadClassMapOptions, readClassMap } from '../classes/class-map.js';
import type { SizeLimits } from '../decode/limits.js';
import { type DepthOptions, toGrey8 } from '../image.js';
import { isVolumeName } from '../nifti/read.js';
import { ByteCache } from './cache.js';
import { type FolderLayout, type ItemFiles, type ListLayout, pairFiles } from './layout.js';
import { asSlice, notesOn, openPicture, sizeFindings } from './load.js';
import { MultiClassDataset, type PriorFunction, type StoredSlice } from './multi-class.js';
import { type Finding, ProblemList } from './problems.js';
import { DEFAULT_CACHE_BYTES, type Loaded, type ReadOptions, readAll } from './read-all.js';
import type { DataSource } from './source.js';

export interface MultiClassOptions extends ReadOptions, DepthOptions, SizeLimits {
  /** The three folders' names, or the files themselves. Default: `Imgs`, `GT` and `Prior`, wherever below the root. */
  readonly layout?: FolderLayout | ListLayout;
  /** Folder below the source that holds the three, where the source has several data sets. */
  readonly root?: string;
  /**
   * Where priors come from. `files` (default): the folder `Prior`; it may be missing, but then samples cannot be made.
   * A function: made from the image when first needed, and kept; files are not looked at.
   */
  readonly prior?: 'files' | PriorFunction;
  /**
   * A grey or palette index of class maps, 3 to 255, of pixels that nobody is to learn from. `classes` then holds it:
   * give `crossEntropy` the same `ignoreIndex`. Default: none, and such maps are refused.
   */
  readonly ignoreIndex?: number;
}

/**
 * Opens a multi-class data set: `Imgs`, `GT` with class maps (see `readClassMap` for the forms) and `Prior`, files
 * paired by name. Every file is read and checked.
 *
 * @throws `DATA_DATASET` with everything that is wrong, by kind, with files; the `signal`'s reason
 */
export async function openMultiClassDataset(
  source: DataSource,
  options: MultiClassOptions = {},
): Promise<MultiClassDataset> {
  const { prior = 'files', oneClass = 'error', cacheBytes = DEFAULT_CACHE_BYTES, ignoreIndex } = options;
  checkIgnoreIndex(ignoreIndex);
  const problems = new ProblemList();
  const layout = { ...options, labelled: true, edges: 'derive', priors: prior === 'files' } as const;
  const files = pairFiles(await source.list(), layout, problems).filter((item) => {
    const volumes = [item.image, item.mask, item.prior].filter((file) => file !== undefined && isVolumeName(file));
    for (const file of volumes) problems.add('volume', file as string);
    return volumes.length === 0;
  });
  const { items, load } = await readAll(source, files, problems, options, {
    load: (item) => loadMultiClassItem(source, item, options),
    bytesOf: ({ image, classes, prior: map }) => image.data.length + classes.data.length + (map?.data.length ?? 0),
  });
  for (const [k, name] of CLASS_NAMES.entries()) {
    if (items.every(({ counts }) => counts?.[k] === 0)) problems.add('classAbsent', name);
  }
  const store = {
    name: source.name,
    oneClass,
    warnings: problems.list(),
    ignoreIndex,
    prior: prior === 'files' ? undefined : prior,
    made: new ByteCache<string, StoredSlice['prior'] & object>(cacheBytes),
    load,
  };
  return new MultiClassDataset(store, items);
}

/** Never throws for what is wrong with a file: it becomes a finding. */
async function loadMultiClassItem(
  source: DataSource,
  files: ItemFiles,
  options: DepthOptions & SizeLimits & ReadClassMapOptions,
): Promise<Loaded<StoredSlice>> {
  const findings: Finding[] = [];
  const picture = await openPicture(source, files.image, options, findings);
  const mask = await openPicture(source, files.mask, options, findings);
  const priorPicture = await openPicture(source, files.prior, options, findings);
  if (picture === undefined || mask === undefined || findings.length > 0) return { findings };
  const image = asSlice(picture, options);
  const maskFile = files.mask as string;
  findings.push(...sizeFindings('maskSize', maskFile, mask, image));
  const read = readClassMap(mask, options);
  if ('foreign' in read) findings.push({ kind: 'maskNotClasses', file: maskFile, note: read.foreign });
  const prior = priorPicture === undefined ? undefined : toGrey8(priorPicture);
  if (prior !== undefined) findings.push(...sizeFindings('priorSize', files.prior as string, prior, image));
  if ('foreign' in read || findings.length > 0) return { findings };
  const { classes, counts } = read;
  const infected = counts[1] + counts[2];
  const content = infected === 0 ? 'empty' : counts[0] === 0 ? 'full' : 'mixed';
  const told = [...notesOn(picture, files.image, options), ...notesOn(mask, maskFile)];
  if (priorPicture !== undefined) told.push(...notesOn(priorPicture, files.prior as string));
  return {
    slice: { image, classes, ...(prior === undefined ? {} : { prior }) },
    content,
    counts,
    ...(told.length > 0 ? { told } : {}),
  };
}
