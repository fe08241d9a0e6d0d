/** One item's files to pictures, with everything checked that can be wrong with them. */
import { isInfnetError } from '@infnet/errors';
import { binaryToEdge } from '../canny.js';
import { decodeImage } from '../decode/decode-image.js';
import type { SizeLimits } from '../decode/limits.js';
import { rangeNote } from '../decode/range-note.js';
import { type ByteImage, type DecodedImage, type DepthOptions, type GreyImage, toGrey8, toRgb8 } from '../image.js';
import type { VolumeSliceOptions } from '../nifti/slice.js';
import { describeNote } from '../notes.js';
import type { ItemFiles } from './layout.js';
import { looksInverted, type MaskMode, readMask } from './masks.js';
import { type Finding, unreadable } from './problems.js';
import type { Loaded } from './read-all.js';
import type { DataSource } from './source.js';

/** A decoded item at its own size; all three pictures have the same. */
export interface Slice {
  /** Grey when the file is grey. */
  readonly image: ByteImage;
  /** 255 where infected; in between for soft masks. */
  readonly mask: GreyImage;
  /** 255 on the mask's edge. */
  readonly edge: GreyImage;
}

/** A slice of an unlabelled data set has the picture alone. */
export type LoadedSlice = Pick<Slice, 'image'> & Partial<Slice>;

export interface LoadOptions extends DepthOptions, SizeLimits, VolumeSliceOptions {
  readonly masks?: MaskMode;
}

/** Never throws for what is wrong with a file: it becomes a finding. */
export async function loadItem(
  source: DataSource,
  files: ItemFiles,
  options: LoadOptions,
): Promise<Loaded<LoadedSlice>> {
  const findings: Finding[] = [];
  const open = (file: string | undefined): Promise<DecodedImage | undefined> =>
    openPicture(source, file, options, findings);
  const picture = await open(files.image);
  const maskPicture = await open(files.mask);
  const edgePicture = await open(files.edge);
  if (picture === undefined || findings.length > 0) return { findings };
  const image = asSlice(picture, options);
  const told: Finding[] = [
    ...notesOn(picture, files.image, options),
    ...(maskPicture === undefined ? [] : notesOn(maskPicture, files.mask as string)),
  ];
  if (files.mask === undefined || maskPicture === undefined) {
    return { slice: { image }, ...(told.length > 0 ? { told } : {}) };
  }

  const { mask, content, foreign, odd } = readMask(maskPicture, options.masks ?? 'binary');
  findings.push(...sizeFindings('maskSize', files.mask, mask, image));
  if (foreign !== undefined) findings.push({ kind: 'maskNotBinary', file: files.mask, ...foreign });
  const edge = edgePicture === undefined ? binaryToEdge(mask) : toGrey8(edgePicture);
  if (files.edge !== undefined) findings.push(...sizeFindings('edgeSize', files.edge, edge, image));
  if (findings.length > 0) return { findings };
  if (odd !== undefined) told.push({ kind: 'maskFaint', file: files.mask, note: odd });
  if (looksInverted(mask)) told.push({ kind: 'maskInverted', file: files.mask });
  return { slice: { image, mask, edge }, content, ...(told.length > 0 ? { told } : {}) };
}

/** A decoded file; `undefined` where there is none, or where a finding tells what is wrong with it. */
export async function openPicture(
  source: DataSource,
  file: string | undefined,
  options: SizeLimits,
  findings: Finding[],
): Promise<DecodedImage | undefined> {
  if (file === undefined) return undefined;
  try {
    return await decodeImage(await source.read(file), file, options);
  } catch (error) {
    // The JPEG decoder missing is not this file's fault.
    if (isInfnetError(error, 'DATA_JPEG_DECODER')) throw error;
    findings.push(unreadable(file, error));
    return undefined;
  }
}

/** What was noticed in a picture; with options also how its 16 bits become 8. */
export function notesOn(picture: DecodedImage, file: string, depth?: DepthOptions): Finding[] {
  const range = depth === undefined ? undefined : rangeNote(picture, depth);
  const notes = [...(picture.notes ?? []), ...(range === undefined ? [] : [range])];
  return notes.map((note) => ({ kind: 'noted', file, note: describeNote(note) }));
}

/** That a picture has not the size of its image. */
export function sizeFindings(kind: Finding['kind'], file: string, part: Size, image: Size): Finding[] {
  if (part.width === image.width && part.height === image.height) return [];
  return [{ kind, file, note: `${part.width}x${part.height}, its image ${image.width}x${image.height}` }];
}

/** Bytes that a slice keeps in memory. */
export function bytesOf({ image, mask, edge }: LoadedSlice): number {
  return image.data.length + (mask?.data.length ?? 0) + (edge?.data.length ?? 0);
}

/** Grey when the file is grey. */
export function asSlice(picture: DecodedImage, options: DepthOptions): ByteImage {
  return picture.channels <= 2 ? toGrey8(picture, options) : toRgb8(picture, options);
}

type Size = Pick<ByteImage, 'width' | 'height'>;
