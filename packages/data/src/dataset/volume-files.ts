/**
 * Volumes of a data set: each becomes its slices, and its mask is brought onto its grid first.
 *
 * Decoded volumes are large, so only some are kept: the one that was read last, since its slices are asked for one
 * after the other, and older ones up to a number of bytes.
 */
import { binaryToEdge } from '../canny.js';
import { MIN_SIDE, type SizeLimits } from '../decode/limits.js';
import { type SliceLayout, sliceLayout } from '../nifti/orient.js';
import { isVolumeName, readNifti, readNiftiHeader } from '../nifti/read.js';
import { type VolumeSliceOptions, volumeSlice } from '../nifti/slice.js';
import type { Volume, VolumeHeader } from '../nifti/volume.js';
import { volumeNotes } from '../nifti/volume-notes.js';
import { describeNote } from '../notes.js';
import { ByteCache } from './cache.js';
import type { ItemFiles } from './layout.js';
import type { LoadedSlice } from './load.js';
import { contentOf, looksInverted, type MaskMode } from './masks.js';
import { fileNameOf } from './names.js';
import { type Finding, unreadable } from './problems.js';
import type { Loaded } from './read-all.js';
import type { DataSource } from './source.js';
import { onGridOf } from './volume-grid.js';
import { readVolumeMask } from './volume-mask.js';

interface Pair {
  readonly volume: Volume;
  readonly mask: Volume | undefined;
  readonly told: readonly Finding[];
}

type Opened = Pair | { readonly findings: readonly Finding[] };

export class VolumeFiles {
  readonly #source: DataSource;
  readonly #options: VolumeSliceOptions & SizeLimits & { readonly masks?: MaskMode };
  readonly #cache: ByteCache<string, Pair>;
  readonly #headers = new Map<string, VolumeHeader>();
  #last: { readonly path: string; readonly opened: Promise<Opened> } | undefined;

  constructor(
    source: DataSource,
    options: VolumeSliceOptions & SizeLimits & { readonly masks?: MaskMode },
    cacheBytes: number,
  ) {
    this.#source = source;
    this.#options = options;
    this.#cache = new ByteCache(cacheBytes);
  }

  /** The slices of a volume as items, or what is wrong with it. Only its header is decoded. */
  async slices(files: ItemFiles): Promise<readonly ItemFiles[] | { readonly findings: readonly Finding[] }> {
    const { image, mask } = files;
    if (mask !== undefined && isVolumeName(image) !== isVolumeName(mask)) {
      const note = isVolumeName(image) ? 'a picture, its image a volume' : 'a volume, its image a picture';
      return { findings: [{ kind: 'maskForm', file: mask, note }] };
    }
    if (!isVolumeName(image)) return [files];
    try {
      const header = await this.header(image);
      const layout = sliceLayout(header, this.#options.orient);
      const small = tooSmall(layout, image);
      if (small !== undefined) return { findings: [small] };
      const name = fileNameOf(image).normalize('NFC');
      return Array.from({ length: layout.count }, (_, slice) => ({ ...files, name: `${name} slice ${slice}`, slice }));
    } catch (error) {
      return { findings: [unreadable(image, error)] };
    }
  }

  /** One slice. Never throws for what is wrong with a file. */
  async load({ slice = 0, ...files }: ItemFiles): Promise<Loaded<LoadedSlice>> {
    const opened = await this.#open(files);
    if ('findings' in opened) return opened;
    const { window, orient } = this.#options;
    const { volume, mask: maskVolume, told } = opened;
    const image = volumeSlice(volume, slice, { ...(window && { window }), ...(orient && { orient }) });
    const common = told.length > 0 ? { told } : {};
    if (maskVolume === undefined) return { slice: { image }, ...common };
    const mask = volumeSlice(maskVolume, slice, { window: [0, 255], ...(orient && { orient }) });
    const inverted: Finding[] = looksInverted(mask)
      ? [{ kind: 'maskInverted', file: files.mask as string, note: `slice ${slice}` }]
      : [];
    return {
      slice: { image, mask, edge: binaryToEdge(mask) },
      content: contentOf(mask.data),
      ...(told.length + inverted.length > 0 ? { told: [...told, ...inverted] } : {}),
    };
  }

  /** The header of a volume, to write another on its grid. @throws `DATA_...`, or what the source throws */
  async header(path: string): Promise<VolumeHeader> {
    const kept = this.#headers.get(path);
    if (kept !== undefined) return kept;
    const header = readNiftiHeader(await this.#source.read(path), path);
    this.#headers.set(path, header);
    return header;
  }

  #open(files: ItemFiles): Promise<Opened> {
    const { image: path } = files;
    if (this.#last?.path === path) return this.#last.opened;
    const kept = this.#cache.get(path);
    const opened = kept === undefined ? this.#read(files) : Promise.resolve(kept);
    this.#last = { path, opened };
    return opened;
  }

  async #read({ image, mask: maskFile }: ItemFiles): Promise<Opened> {
    const { masks = 'binary', orient } = this.#options;
    const findings: Finding[] = [];
    const open = async (path: string): Promise<Volume | undefined> => {
      try {
        return readNifti(await this.#source.read(path), path);
      } catch (error) {
        findings.push(unreadable(path, error));
        return undefined;
      }
    };
    const volume = await open(image);
    const stored = maskFile === undefined ? undefined : await open(maskFile);
    if (volume === undefined || findings.length > 0) return { findings };
    const told: Finding[] = volumeNotes(volume, this.#options).map((note) => ({
      kind: 'noted',
      file: image,
      note: describeNote(note),
    }));
    let mask: Volume | undefined;
    if (maskFile !== undefined && stored !== undefined) {
      const read = readVolumeMask(stored, masks);
      if (read.foreign !== undefined) findings.push({ kind: 'maskNotBinary', file: maskFile, ...read.foreign });
      const placed = onGridOf(read.mask, volume, orient);
      if ('wrong' in placed) findings.push({ kind: 'maskGrid', file: maskFile, note: placed.wrong });
      else {
        mask = placed.volume;
        if (placed.note !== undefined) told.push({ kind: 'noted', file: maskFile, note: placed.note });
      }
      if (findings.length > 0) return { findings };
    }
    const pair = { volume, mask, told };
    this.#cache.set(image, pair, volume.data.byteLength + (mask?.data.byteLength ?? 0));
    return pair;
  }
}

function tooSmall({ width, height }: SliceLayout, file: string): Finding | undefined {
  if (Math.min(width, height) >= MIN_SIDE) return undefined;
  return {
    kind: 'unreadable',
    file,
    note: `its slices have ${width}x${height} voxels, at least ${MIN_SIDE} per side are needed`,
    fix: 'Check that the affine is right, and that this is the scan and not a part of it.',
  };
}
