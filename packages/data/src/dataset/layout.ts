/**
 * From a listing of files to pairs of image and mask: by name, never by position (the reference pairs by position,
 * quirk 18).
 */
import { duplicateNote, fileNameOf, isHidden, sameName, slashes, stemOf } from './names.js';
import { compareNames } from './natural-order.js';
import type { ProblemList } from './problems.js';

/** Names of the folders, compared without regard to case. Default: the paper's, `Imgs`, `GT`, `Edge`. */
export interface FolderLayout {
  readonly images?: string;
  readonly masks?: string;
  readonly edges?: string;
  /** Of a multi-class data set. Default `Prior`. */
  readonly priors?: string;
}

/** A flat listing: paths of the source, in any order. */
export interface ListLayout {
  readonly images: readonly string[];
  readonly masks: readonly string[];
  readonly edges?: readonly string[];
  readonly priors?: readonly string[];
}

/** Paths of one item. All slices of a volume have its paths in common. */
export interface ItemFiles {
  /** File name without folder and extension, accents in one spelling; of a slice of a volume `case1.nii.gz slice 7`. */
  readonly name: string;
  readonly image: string;
  /** Which slice, from 0, where `image` is a volume. */
  readonly slice?: number;
  /** Absent in an unlabelled data set. */
  readonly mask?: string;
  /** Absent where the edge is derived from the mask. */
  readonly edge?: string;
  /** Of a multi-class data set; absent where it is made from the image. */
  readonly prior?: string;
}

export interface LayoutOptions {
  readonly root?: string;
  readonly layout?: FolderLayout | ListLayout;
  readonly labelled: boolean;
  readonly edges: 'files' | 'derive';
  /** Whether priors are looked for; one that is missing among others is a problem. Default false. */
  readonly priors?: boolean;
}

interface Groups {
  readonly images: readonly string[];
  readonly masks: readonly string[];
  readonly edges: readonly string[];
  readonly priors: readonly string[];
}

/** Extensions that stand for an attempt at a picture; such a file is read, and reported if that fails. */
const PICTURE = /\.(png|jpe?g|jfif|tiff?|bmp|gif|webp|dcm|dicom|nii|gz|npy|npz|mha|nrrd)$/i;

/** Items in the order of their names. What does not match goes to `problems`. */
export function pairFiles(paths: readonly string[], options: LayoutOptions, problems: ProblemList): ItemFiles[] {
  const groups: (Partial<Groups> & Pick<Groups, 'images' | 'masks'>) | undefined = isList(options.layout)
    ? options.layout
    : findFolders(paths, options, problems);
  if (groups === undefined) return [];
  const images = byStem(groups.images, problems);
  const masks = options.labelled ? byStem(groups.masks, problems) : new Map<string, string>();
  const useEdges = options.labelled && options.edges === 'files';
  const edges = useEdges ? byStem(groups.edges ?? [], problems) : new Map<string, string>();
  const priors = options.priors === true ? byStem(groups.priors ?? [], problems) : new Map<string, string>();
  const folders = isList(options.layout) ? {} : (options.layout ?? {});
  const nothingIn = (what: string, folder: string, others: number): void => {
    // A link that leads nowhere is listed as a file.
    const isFile = paths.some((path) => sameName(fileNameOf(path), folder));
    const dangling = isFile ? ', which is no folder, or a link that leads nowhere' : '';
    const fix = options.labelled ? undefined : 'Give the folder that holds Imgs, or name its folders with { layout }.';
    problems.add(
      'empty',
      `no ${what} in ${folder}${dangling}${others > 0 ? `, of ${others} files there` : ''}`,
      undefined,
      fix,
    );
  };
  if (images.size === 0) nothingIn('images', folders.images ?? 'Imgs', groups.images.length);
  if (options.labelled && masks.size === 0) nothingIn('masks', folders.masks ?? 'GT', groups.masks.length);
  if (problems.wrong('empty')) return [];

  const items: ItemFiles[] = [];
  for (const [name, image] of sorted(images)) {
    const mask = masks.get(name);
    if (!options.labelled) items.push({ name, image });
    else if (mask === undefined) problems.add('imageWithoutMask', image);
    else {
      const edge = edges.get(name);
      if (edge === undefined && edges.size > 0) problems.add('edgeDerived', image);
      const prior = priors.get(name);
      if (prior === undefined && priors.size > 0) {
        problems.add('imageWithoutPrior', image);
        continue;
      }
      const given = { ...(edge === undefined ? {} : { edge }), ...(prior === undefined ? {} : { prior }) };
      items.push({ name, image, mask, ...given });
    }
  }
  for (const [name, mask] of sorted(masks)) if (!images.has(name)) problems.add('maskWithoutImage', mask);
  for (const [name, edge] of sorted(edges)) {
    if (!images.has(name) || !masks.has(name)) problems.add('edgeWithoutPair', edge);
  }
  for (const [name, prior] of sorted(priors)) {
    if (!images.has(name) || !masks.has(name)) problems.add('priorWithoutPair', prior);
  }
  return items;
}

function isList(layout: FolderLayout | ListLayout | undefined): layout is ListLayout {
  return layout !== undefined && Array.isArray(layout.images);
}

/** The files directly in the three folders, wherever below the root these lie. */
function findFolders(paths: readonly string[], options: LayoutOptions, problems: ProblemList): Groups | undefined {
  const { images = 'Imgs', masks = 'GT', edges = 'Edge', priors = 'Prior' } = (options.layout ?? {}) as FolderLayout;
  const root = (options.root ?? '').replace(/^\.?\/+|\/+$/g, '');
  const below = paths
    .map(slashes)
    .filter((path) => root === '' || path.startsWith(`${root}/`))
    .filter((path) => !isHidden(root === '' ? path : path.slice(root.length + 1)));
  const roots = new Set<string>();
  for (const path of below) {
    const parts = path.split('/');
    const folder = parts[parts.length - 2];
    const wanted = options.labelled ? [images, masks] : [images];
    if (folder !== undefined && wanted.some((name) => sameName(folder, name))) roots.add(parts.slice(0, -2).join('/'));
  }
  // The given root itself comes first, so that a copy of a data set inside another does no harm.
  const found = roots.has(root) ? [root] : [...roots].sort(compareNames);
  if (found.length > 1) {
    for (const candidate of found)
      problems.add('ambiguousLayout', candidate === '' ? '(the folder itself)' : candidate);
    return undefined;
  }
  const base = found[0] ?? root;
  const inFolder = (name: string): string[] => {
    const wanted = `${base === '' ? '' : `${base}/`}${name}`;
    const folderOf = (path: string): string => slashes(path).split('/').slice(0, -1).join('/');
    // Where there are both GT and gt, GT is meant.
    const exact = paths.filter((path) => folderOf(path) === wanted);
    return exact.length > 0 ? exact : paths.filter((path) => sameName(folderOf(path), wanted));
  };
  return { images: inFolder(images), masks: inFolder(masks), edges: inFolder(edges), priors: inFolder(priors) };
}

/** Paths by file name without folder and extension, accents in one spelling (macOS writes them in another). */
function byStem(paths: readonly string[], problems: ProblemList): Map<string, string> {
  const stems = new Map<string, string>();
  for (const path of [...paths].sort(compareNames)) {
    const file = fileNameOf(path);
    if (isHidden(file) || !PICTURE.test(file)) {
      problems.add('ignored', path);
      continue;
    }
    const stem = stemOf(file);
    const first = stems.get(stem);
    if (first === undefined) stems.set(stem, path);
    else problems.add('duplicateName', path, duplicateNote(path, first));
  }
  return stems;
}

function sorted(stems: ReadonlyMap<string, string>): [string, string][] {
  return [...stems].sort(([a], [b]) => compareNames(a, b));
}
