/**
 * Gzip, piece by piece and with checksums.
 *
 * fflate inflates. It neither verifies the checksums nor stops at a size, and both matter: a flipped bit in a `.nii.gz`
 * gives plausible voxels, and a small file can inflate to more than the memory holds. A file may have several members
 * (bgzip and concatenated files do), each with a trailer: CRC-32 and length.
 *
 * What follows the last member (padding of tapes and blocks, mostly zeros) is not compressed data, and gzip(1), Python
 * and nibabel leave it alone. fflate takes it for a broken member. The end of the last member is found then by its
 * trailer, whose eight bytes are known by what was decoded.
 */
import { Gunzip } from 'fflate';
import { crc32 } from '../decode/png-chunks.js';
import { niftiCorrupt, niftiTruncated } from './errors.js';

/** Compressed bytes at a time. Deflate expands at most 1032 times, so a piece is at most 34 MB. */
const PIECE = 1 << 15;

/** No deflate stream expands more. */
export const MAX_EXPANSION = 1032;

/** Bytes of a member's trailer: CRC-32 and length. */
const TRAILER = 8;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

export interface Gunzipped {
  /** Number of decoded bytes; checksums were verified if `take` never said `false`. */
  readonly total: number;
  /** How many bytes other than zeros, and what lies between them, follow the last member. */
  readonly trailing: number;
}

/**
 * Hands the decoded bytes to `take`, piece by piece, until that says `false` or they end.
 *
 * @param needed how many there must be: with fewer and a wrong checksum the file is cut off (fflate does not notice a
 *   cut between two symbols)
 * @throws `DATA_TRUNCATED`, `DATA_CORRUPT`
 */
export function gunzip(
  bytes: Uint8Array,
  where: string,
  needed: number,
  take: (piece: Uint8Array) => boolean,
): Gunzipped {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [total, memberLength, crc, at] = [0, 0, 0, 0];
  let wanted = true;
  const isTrailer = (start: number): boolean =>
    view.getUint32(start, true) === crc && view.getUint32(start + 4, true) === memberLength % 2 ** 32;
  const checkMember = (end: number): void => {
    if (!wanted) return;
    if (!isTrailer(end - TRAILER)) throw wrongChecksum(where, end);
    [memberLength, crc] = [0, 0];
  };
  const inflator = new Gunzip((piece) => {
    if (!wanted) return;
    total += piece.length;
    memberLength += piece.length;
    crc = crc32(piece, crc);
    wanted = take(piece);
  });
  inflator.onmember = (start) => checkMember(start);
  // Fewer than four bytes after a trailer may have waited for the next piece.
  const endOfMember = (): number | undefined => {
    const last = Math.min(bytes.length, at + PIECE) - TRAILER;
    for (let start = Math.max(0, at - TRAILER - 4); start <= last; start++) {
      if (isTrailer(start)) return start + TRAILER;
    }
    return undefined;
  };
  try {
    for (at = 0; at < bytes.length && wanted; at += PIECE) {
      inflator.push(bytes.subarray(at, Math.min(bytes.length, at + PIECE)), at + PIECE >= bytes.length);
    }
    at -= PIECE;
  } catch (cause) {
    if (isOwn(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (/unexpected EOF/.test(reason)) throw cutOff(where, bytes.length, total);
    // What fflate says of bytes that begin no member; before the first one they are the file's own.
    const end = /invalid gzip data/.test(reason) && total > 0 ? endOfMember() : undefined;
    if (end !== undefined) return { total, trailing: lengthOf(bytes.subarray(end)) };
    throw niftiCorrupt(where, `The compressed data cannot be decompressed: ${reason}.`, cause);
  }
  if (!wanted) return { total, trailing: 0 };
  if (bytes.length < 18) throw cutOff(where, bytes.length, total);
  if (isTrailer(bytes.length - TRAILER)) return { total, trailing: 0 };
  const end = endOfMember();
  if (end !== undefined) return { total, trailing: lengthOf(bytes.subarray(end)) };
  if (total < needed) throw cutOff(where, bytes.length, total);
  throw wrongChecksum(where, bytes.length);
}

/** Without the zeros at its end. */
function lengthOf(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
}

function isOwn(error: unknown): boolean {
  return error instanceof Error && error.name === 'InfnetError';
}

function wrongChecksum(where: string, end: number): Error {
  return niftiCorrupt(
    where,
    `The checksum of the compressed data (ending at byte ${end}) is wrong: its bytes were changed.`,
  );
}

function cutOff(where: string, length: number, decoded: number): Error {
  return niftiTruncated(
    where,
    `The compressed file ends after ${length} bytes, in the middle (${decoded} bytes of it decoded).`,
    {
      length,
      decoded,
    },
  );
}
