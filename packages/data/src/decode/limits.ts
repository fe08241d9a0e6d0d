/** Sizes a slice may have, checked on the header, before a pixel is decoded or a buffer allocated. */
import { dataError } from '../errors.js';

export interface SizeLimits {
  /** Most pixels (width times height). Default {@link MAX_PIXELS}. */
  readonly maxPixels?: number;
  /** Fewest pixels per side. Default {@link MIN_SIDE}. */
  readonly minSide?: number;
  /** How many times its file a decoded picture of more than 64 MiB may be. Default 32, of JPEG 64. */
  readonly maxExpansion?: number;
}

/** 2^25 pixels, e.g. 8192x4096: beyond any CT slice. */
export const MAX_PIXELS: number = 2 ** 25;

/** A picture with a side below 16 pixels shows no lung; it is most likely a placeholder or a thumbnail gone wrong. */
export const MIN_SIDE: number = 16;

/** No deflate stream expands more. */
export const MAX_EXPANSION = 1032;

/** Of what a small file asks for, so much is given at its word. */
const ON_TRUST = 2 ** 24;

/**
 * Whether so much memory is taken only after the compressed data were counted: a header may call for a thousand times
 * the file, and only some files hold it.
 */
export function isHeldLater(needed: number, fileLength: number): boolean {
  return needed > ON_TRUST + 4 * fileLength;
}

/** Every picture may have so many bytes when it is decoded: 8192x4096 in grey of 16 bits, 4096x4096 in colour. */
const ALWAYS = 2 ** 26;

/**
 * Throws `DATA_TOO_LARGE` for a small file that holds a huge picture: time and memory go by what is decoded, and a file
 * of 2 MB could ask for a second per step. Medical pictures of such sizes have noise, and are 2 to 10 times their file.
 *
 * @param needed bytes of the samples, in all forms that are held
 * @param expansion of the format, where the limits say nothing
 */
export function checkExpansion(
  needed: number,
  fileLength: number,
  expansion: number,
  where: string,
  { maxExpansion = expansion }: SizeLimits,
): void {
  const most = Math.max(ALWAYS, maxExpansion * fileLength);
  if (needed <= most) return;
  throw dataError({
    code: 'DATA_TOO_LARGE',
    message: `The picture takes ${needed} bytes when it is decoded, and its file has ${fileLength}; the limit is ${ALWAYS} bytes or ${maxExpansion} times the file.`,
    where,
    fix: 'Crop or shrink the picture, or save it in grey, or raise the limit with { maxExpansion } if you trust the file.',
    details: { needed, fileLength, maxExpansion },
  });
}

/** Throws `DATA_ZERO_SIZE`, `DATA_TOO_SMALL` or `DATA_TOO_LARGE`. */
export function checkLimits(width: number, height: number, where: string, limits: SizeLimits): void {
  const { maxPixels = MAX_PIXELS, minSide = MIN_SIDE } = limits;
  const details = { width, height, maxPixels, minSide };
  if (width === 0 || height === 0) {
    throw dataError({
      code: 'DATA_ZERO_SIZE',
      message: `The header says ${width}x${height} pixels: there is no picture in it.`,
      where,
      fix: 'Export the slice again; the file is damaged or was never finished.',
      details,
    });
  }
  if (width * height > maxPixels) {
    throw dataError({
      code: 'DATA_TOO_LARGE',
      message: `The header says ${width}x${height} = ${width * height} pixels, the limit is ${maxPixels}; nothing was decoded.`,
      where,
      fix: 'Crop or shrink the picture, or raise the limit with { maxPixels } if you trust the file.',
      details,
    });
  }
  if (width < minSide || height < minSide) {
    throw dataError({
      code: 'DATA_TOO_SMALL',
      message: `The picture has ${width}x${height} pixels; at least ${minSide} per side are needed.`,
      where,
      fix: 'Check that this is the slice and not a placeholder; { minSide } lowers the limit.',
      details,
    });
  }
}
