/**
 * Gzip, piece by piece and with checksums.
 *
 * fflate inflates. It neither verifies the checksums nor stops at a size, and both matter: a flipped bit in a `.nii.gz` gives
 * plausible voxels, and a small file can inflate to more than the memory holds. A file may have several members
 * (bgzip and concatenated files do), each with a trailer: CRC-32 and length.
 */
import { Gunzip } from 'fflate';
import { crc32 } from '../decode/png-chunks.js';
import { niftiCorrupt, niftiTruncated } from './errors.js';

/** Compressed bytes at a time. Deflate expands at most 1032 times, so a piece is at most 34 MB. */
const PIECE = 1 << 15;

/** No deflate stream expands more. */
export const MAX_EXPANSION = 1032;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Hands the decoded bytes to `take`, piece by piece, until that says `false` or they end.
 *
 * @param needed how many there must be: with fewer and a wrong checksum the file is cut off (fflate does not notice a cut between two
 *   symbols)
 * @returns the number of decoded bytes; checksums were verified if `take` never said `false`
 * @throws `DATA_TRUNCATED`, `DATA_CORRUPT`
 */
export function gunzip(bytes: Uint8Array, where: string, needed: number, take: (piece: Uint8Array) => boolean): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [total, memberLength, crc] = [0, 0, 0];
  let wanted = true;
  const checkMember = (end: number): void => {
    if (!wanted) return;
    const [storedCrc, storedLength] = [view.getUint32(end - 8, true), view.getUint32(end - 4, true)];
    if (storedCrc !== crc || storedLength !== memberLength % 2 ** 32) {
      if (end === bytes.length && total < needed) throw cutOff(where, end, total);
      throw niftiCorrupt(
        where,
        `The checksum of the compressed data (ending at byte ${end}) is wrong: its bytes were changed.`,
      );
    }
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
  try {
    for (let at = 0; at < bytes.length && wanted; at += PIECE) {
      inflator.push(bytes.subarray(at, Math.min(bytes.length, at + PIECE)), at + PIECE >= bytes.length);
    }
  } catch (cause) {
    if (isOwn(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (/unexpected EOF/.test(reason)) throw cutOff(where, bytes.length, total);
    throw niftiCorrupt(where, `The compressed data cannot be decompressed: ${reason}.`, cause);
  }
  if (wanted && bytes.length < 18) throw cutOff(where, bytes.length, total);
  checkMember(bytes.length);
  return total;
}

function isOwn(error: unknown): boolean {
  return error instanceof Error && error.name === 'InfnetError';
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
