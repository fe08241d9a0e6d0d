/** One item's files to pictures, with everything checked that can be wrong with them. */
import { isInfnetError } from '@infnet/errors';
import { binaryToEdge } from '../canny.js';
import { decodeImage } from '../decode/decode-image.js';
import type { SizeLimits } from '../decode/limits.js';
import { type ByteImage, type DecodedImage, type DepthOptions, type GreyImage, toGrey8, toRgb8 } from '../image.js';
import type { ItemFiles } from './layout.js';
import { type MaskContent, type MaskMode, readMask } from './masks.js';
import type { ProblemKind } from './problems.js';
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

export interface LoadOptions extends DepthOptions, SizeLimits {
  readonly masks?: MaskMode;
}

export interface Finding {
  readonly kind: ProblemKind;
  readonly file: string;
  readonly note: string;
}

export type Loaded = { readonly slice: LoadedSlice; readonly content?: MaskContent } | { readonly findings: Finding[] };

/** Never throws for what is wrong with a file: it becomes a finding. */
export async function loadItem(source: DataSource, files: ItemFiles, options: LoadOptions): Promise<Loaded> {
  const findings: Finding[] = [];
  const find = (kind: ProblemKind, file: string, note: string): void => void findings.push({ kind, file, note });
  const open = async (file: string | undefined): Promise<DecodedImage | undefined> => {
    if (file === undefined) return undefined;
    try {
      return await decodeImage(await source.read(file), file, options);
    } catch (error) {
      // The JPEG decoder missing is not this file's fault.
      if (isInfnetError(error, 'DATA_JPEG_DECODER')) throw error;
      find('unreadable', file, reason(error));
      return undefined;
    }
  };
  const picture = await open(files.image);
  const maskPicture = await open(files.mask);
  const edgePicture = await open(files.edge);
  if (picture === undefined || findings.length > 0) return { findings };
  const grey = picture.channels <= 2;
  const image = grey ? toGrey8(picture, options) : toRgb8(picture, options);
  if (files.mask === undefined || maskPicture === undefined) return { slice: { image } };

  const { mask, content, foreign } = readMask(maskPicture, options.masks ?? 'binary');
  if (!sameSize(mask, image)) find('maskSize', files.mask, `${sizeOf(mask)}, its image ${sizeOf(image)}`);
  if (foreign !== undefined) find('maskNotBinary', files.mask, foreign);
  const edge = edgePicture === undefined ? binaryToEdge(mask) : toGrey8(edgePicture);
  if (files.edge !== undefined && !sameSize(edge, image)) {
    find('edgeSize', files.edge, `${sizeOf(edge)}, its image ${sizeOf(image)}`);
  }
  return findings.length > 0 ? { findings } : { slice: { image, mask, edge }, content };
}

/** Bytes that a slice keeps in memory. */
export function bytesOf({ image, mask, edge }: LoadedSlice): number {
  return image.data.length + (mask?.data.length ?? 0) + (edge?.data.length ?? 0);
}

function sameSize(a: ByteImage, b: ByteImage): boolean {
  return a.width === b.width && a.height === b.height;
}

function sizeOf({ width, height }: ByteImage): string {
  return `${width}x${height}`;
}

/** The first line of the message, without code, place and fix. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] as string).replace(/^\[\w+\] /, '').replace(/ \(at [^)]*\)$/, '');
}
