/**
 * The frame of a PNG file: chunks with their lengths and checksums, and the header.
 *
 * Walking the frame before decoding is what makes the errors good: a cut file is told from a damaged one, a damaged
 * chunk is named, and the size is known before anything is allocated.
 */
import { crc32 } from '@infnet/inflate';
import { dataError } from '../errors.js';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA. */
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  readonly interlaced: boolean;
}

export interface PngChunk {
  readonly type: string;
  /** Offset of the length field; the chunk ends at `start + 12 + length`. */
  readonly start: number;
  readonly length: number;
}

const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Samples per pixel as stored, by colour type. */
export const CHANNELS: Readonly<Record<PngHeader['colourType'], 1 | 2 | 3 | 4>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** The 13 bytes of IHDR. Its own checksum is verified first, so a damaged size is not reported as a strange size. */
export function readPngHeader(bytes: Uint8Array, where: string): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw truncated(where, bytes.length, 'the header');
  if (view.getUint32(8) !== 13 || chunkType(bytes, 8) !== 'IHDR') {
    throw corrupt(where, `The first chunk is not a PNG header but '${printable(chunkType(bytes, 8))}'.`);
  }
  checkCrc(bytes, view, { type: 'IHDR', start: 8, length: 13 }, where);
  const [bitDepth, colourType, compression, filter, interlace] = bytes.subarray(24, 29);
  if (!DEPTHS[colourType as number]?.includes(bitDepth as number)) {
    throw corrupt(where, `The header names colour type ${colourType} with ${bitDepth} bits, which PNG does not have.`);
  }
  if (compression !== 0 || filter !== 0 || (interlace as number) > 1) {
    throw corrupt(where, `The header names compression ${compression}, filter ${filter}, interlace ${interlace}.`);
  }
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    bitDepth: bitDepth as PngHeader['bitDepth'],
    colourType: colourType as PngHeader['colourType'],
    interlaced: interlace === 1,
  };
}

/**
 * Chunks that may stand once (https://www.w3.org/TR/png-3/#5ChunkOrdering): with two of them there are two pictures,
 * and nobody knows which is meant. The data are one run of IDAT, for the same reason.
 */
const ONCE: ReadonlySet<string> = new Set(
  'IHDR PLTE IEND acTL cHRM cICP cLLI gAMA iCCP mDCV sBIT sRGB bKGD hIST tRNS eXIf pHYs tIME'.split(' '),
);

/** All chunks up to IEND in turn, each inside the file, with a right checksum, and once where it may stand once. */
export function* pngChunks(bytes: Uint8Array, where: string): Generator<PngChunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const met = new Set<string>();
  let before = '';
  for (let start = 8; ; ) {
    if (start + 12 > bytes.length) throw truncated(where, bytes.length, 'the end marker IEND');
    const chunk = { type: chunkType(bytes, start), start, length: view.getUint32(start) };
    const { type, length } = chunk;
    if (!/^[A-Za-z]{4}$/.test(type)) {
      throw corrupt(where, `At byte ${start} a chunk should start, but its type reads '${printable(type)}'.`);
    }
    if (start + 12 + length > bytes.length) throw truncated(where, bytes.length, `chunk ${type} complete`);
    checkCrc(bytes, view, chunk, where);
    if (met.has(type)) throw corrupt(where, `The PNG has a second chunk ${type} (at byte ${start}); there may be one.`);
    if (ONCE.has(type)) met.add(type);
    if (before === 'IDAT' && type !== 'IDAT') met.add(before);
    before = type;
    yield chunk;
    if (type === 'IEND') return;
    start += 12 + length;
  }
}

function chunkType(bytes: Uint8Array, start: number): string {
  return String.fromCharCode(...bytes.subarray(start + 4, start + 8));
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

function checkCrc(bytes: Uint8Array, view: DataView, { type, start, length }: PngChunk, where: string): void {
  const stored = view.getUint32(start + 8 + length);
  const computed = crc32(bytes.subarray(start + 4, start + 8 + length));
  if (stored === computed) return;
  throw corrupt(
    where,
    `The checksum of chunk ${type} at byte ${start} is ${hex(computed)}, the file says ${hex(stored)}: its bytes were changed.`,
    { chunk: type, offset: start, stored, computed },
  );
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function truncated(where: string, length: number, missing: string): Error {
  return dataError({
    code: 'DATA_TRUNCATED',
    message: `The PNG file ends after ${length} bytes, before ${missing}.`,
    where,
    fix: 'Copy or download the file again.',
    details: { length },
  });
}

export function corrupt(where: string, message: string, details: Record<string, unknown> = {}, cause?: unknown): Error {
  return dataError({
    code: 'DATA_CORRUPT',
    message,
    where,
    fix: 'Copy or export the file again.',
    details,
    cause,
  });
}
