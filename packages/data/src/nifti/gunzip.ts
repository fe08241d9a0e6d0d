/**
 * Gzip, piece by piece and with checksums: a flipped bit in a `.nii.gz` gives plausible voxels, and a small file can
 * inflate to more than the memory holds. A file may have several members (bgzip and concatenated files do), each with a
 * header and a trailer (RFC 1952): CRC-32 and length.
 *
 * What follows the last member (padding of tapes and blocks, mostly zeros) is not compressed data, and gzip(1), Python
 * and nibabel leave it alone.
 */
import { crc32, type Inflated, Inflater } from '@infnet/inflate';
import { niftiCorrupt, niftiTruncated } from './errors.js';

/** Bytes of a member's header without its optional fields, and of its trailer. */
const HEADER = 10;
const TRAILER = 8;

const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;

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
 * @throws `DATA_TRUNCATED`, `DATA_CORRUPT`
 */
export function gunzip(bytes: Uint8Array, where: string, take: (piece: Uint8Array) => boolean): Gunzipped {
  let crc = 0;
  const takeMore = (piece: Uint8Array): boolean => {
    crc = crc32(piece, crc);
    return take(piece);
  };
  const decode = (inflater: Inflater, start: number): Inflated => {
    crc = 0;
    return inflater.run(bytes, start, takeMore);
  };
  return members(bytes, where, decode, () => crc);
}

/**
 * How many bytes it decodes to: `most`, or a little more, where there are more. Checksums are left to who decodes them.
 *
 * @throws `DATA_TRUNCATED`, `DATA_CORRUPT`
 */
export function gunzippedSize(bytes: Uint8Array, where: string, most: number): number {
  let left = most;
  const { total } = members(bytes, where, (inflater, start) => {
    const member = inflater.count(bytes, start, left);
    left -= member.total;
    return member;
  });
  return total;
}

/** Goes from member to member. @param checksum of the one that was just decoded, if it is to be compared */
function members(
  bytes: Uint8Array,
  where: string,
  decode: (inflater: Inflater, start: number) => Inflated,
  checksum?: () => number,
): Gunzipped {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const inflater = new Inflater();
  let total = 0;
  for (let at = 0; ; ) {
    if (bytes[at + 2] !== undefined && bytes[at + 2] !== 8) {
      throw niftiCorrupt(where, `The compressed data cannot be decompressed: method ${bytes[at + 2]} is not gzip's.`);
    }
    const member = decode(inflater, dataStart(bytes, at));
    total += member.total;
    if (member.status === 'stopped') return { total, trailing: 0 };
    if (member.status === 'damaged') {
      throw niftiCorrupt(where, `The compressed data cannot be decompressed: ${member.reason}.`);
    }
    if (member.status === 'cut' || member.end + TRAILER > bytes.length) throw cutOff(where, bytes.length, total);
    at = member.end + TRAILER;
    const isOther = checksum !== undefined && checksum() !== view.getUint32(at - 8, true);
    if (isOther || view.getUint32(at - 4, true) !== member.total % 2 ** 32) throw wrongChecksum(where, at);
    if (bytes[at] !== 0x1f || bytes[at + 1] !== 0x8b) return { total, trailing: lengthOf(bytes.subarray(at)) };
  }
}

/** Where the compressed data of the member at `at` begin; the end of the file where its header does not end. */
function dataStart(bytes: Uint8Array, at: number): number {
  const flags = bytes[at + 3] ?? 0;
  let start = at + HEADER;
  if (flags & FLAG.extra) start += 2 + ((bytes[start] ?? 0) | ((bytes[start + 1] ?? 0) << 8));
  for (const text of [FLAG.name, FLAG.comment]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, start);
    if (end < 0) return bytes.length;
    start = end + 1;
  }
  return start + (flags & FLAG.headerCrc ? 2 : 0);
}

/** Without the zeros at its end. */
function lengthOf(bytes: Uint8Array): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return length;
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
