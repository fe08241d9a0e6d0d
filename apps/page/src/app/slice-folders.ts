/**
 * Which of the files that somebody dropped are slices, and which are masks of them.
 *
 * Data sets lay masks into a folder beside the slices (`Imgs` and `GT`, `images` and `labels`, `imagesTr` and
 * `labelsTr`, `Infection_Mask`), or into the slices' own folder under their names with an ending (`1_mask.png`). A mask
 * that is taken for a slice gives figures that mean nothing, so both are told by name. The innermost folder that says
 * what it holds counts.
 */
import type { StoredFile } from '../worker/train-protocol.js';

export type FolderRole = 'images' | 'masks' | 'edges';

const NAMES: Readonly<Record<FolderRole, string>> = {
  images: 'imgs?|images?|slices?|scans?|pictures?|volumes?|inputs?',
  masks: 'gts?|ground[ _-]?truths?|masks?|labels?|annotations?|annos?|segs?|segmentations?|targets?|priors?',
  edges: 'edges?|boundar(?:y|ies)|contours?',
};
const PART = '[ _-]?(?:tr|ts|train(?:ing)?|test(?:ing)?|val(?:id(?:ation)?)?)';
const FOLDERS = Object.entries(NAMES).map(
  ([role, names]) => [role as FolderRole, new RegExp(`(?:^|[ _-])(?:${names})(?:${PART})?$`, 'i')] as const,
);
/** `slices without masks`. */
const DENIED = /(?:^|[ _-])(?:no|without)[ _-]/i;

/** What a folder of that name holds; undefined where the name does not say. */
export function folderRole(name: string): FolderRole | undefined {
  const [role] = FOLDERS.find(([, pattern]) => pattern.test(name)) ?? [];
  return role !== undefined && DENIED.test(name) ? 'images' : role;
}

/** What endings masks and other results have beside their slice. */
const ENDING =
  /[._ -](?:masks?|gt|ground[_-]?truth|labels?|segs?|segmentation|infections?|lesions?|edges?|prob|overlay|classes|prior)$/i;

export interface SortedFiles {
  readonly slices: readonly StoredFile[];
  /** Masks, edges and results, left out. */
  readonly masks: readonly StoredFile[];
  /** What tells them, e.g. `scans/GT`, for people. */
  readonly places: readonly string[];
}

/** Slices, and what belongs to slices: in the order given. */
export function withoutMasks(files: readonly StoredFile[]): SortedFiles {
  const stems = new Set(files.map(({ path }) => stemOf(path)));
  const places = new Set<string>();
  const [slices, masks]: StoredFile[][] = [[], []];
  for (const file of files) {
    const place = maskPlace(file.path, stems);
    if (place !== undefined) places.add(place);
    (place === undefined ? slices : masks)?.push(file);
  }
  return { slices: slices ?? [], masks: masks ?? [], places: [...places] };
}

function stemOf(path: string): string {
  return path.replace(/\.gz$/i, '').replace(/\.[^./]+$/, '');
}

function maskPlace(path: string, stems: ReadonlySet<string>): string | undefined {
  const folders = path.split('/').slice(0, -1);
  for (let depth = folders.length; depth > 0; depth--) {
    const role = folderRole(folders[depth - 1] as string);
    if (role === 'images') break;
    if (role !== undefined) return folders.slice(0, depth).join('/');
  }
  const stem = stemOf(path);
  const slice = stem.replace(ENDING, '');
  return slice !== stem && stems.has(slice) ? path : undefined;
}
