/**
 * Bytes of a `.nii` or `.nii.gz` to a volume.
 *
 * The order of things keeps a bad file cheap: the header is decoded alone; what it calls for is compared with the limit
 * and with what the file can hold at all (where that is far more than the file, with what it does hold); only then is
 * memory taken, once, and filled. Nothing is inflated beyond it.
 */
import { FORMAT_BYTES } from '../decode/formats.js';
import { isHeldLater, MAX_EXPANSION } from '../decode/limits.js';
import { dataError } from '../errors.js';
import type { DataNote } from '../notes.js';
import { DATATYPES, isLittleEndianMachine, swapBytes, type VolumeData } from './datatypes.js';
import { niftiCorrupt, niftiTruncated, voxelsAlone } from './errors.js';
import { gunzip, gunzippedSize, isGzip } from './gunzip.js';
import { HEADER_BYTES, parseHeader } from './header.js';
import type { Volume, VolumeHeader } from './volume.js';

/** 2 GiB: a volume of 512 x 512 x 4096 in 16 bit, or of 1024 in 64 bit. */
export const MAX_VOLUME_BYTES: number = 2 ** 31;

/** Compressed files may hold this much after the voxels; it is read, for the checksum, and dropped. */
const MAX_TRAILING = 2 ** 20;

export interface NiftiLimits {
  /** Most bytes of the decoded file up to its last voxel. Default {@link MAX_VOLUME_BYTES}. */
  readonly maxBytes?: number;
  /** How many times its compressed file a volume of more than 640 MiB may be. Default 320. */
  readonly maxExpansion?: number;
}

/** Every volume may have so many bytes when it is decoded: 512 x 512 x 320 in 64 bit, which an empty mask may be. */
const ALWAYS = 640 * 2 ** 20;

/** Whether a file's name says that it is a volume, or a part of one. */
export function isVolumeName(name: string): boolean {
  return /\.(nii|nii\.gz|hdr|img|hdr\.gz|img\.gz)$/i.test(name);
}

/**
 * The header alone: quick also for a large file.
 *
 * @param bytes the file, compressed or not, or its beginning (of a compressed file some kilobytes)
 */
export function readNiftiHeader(bytes: Uint8Array, name = 'volume'): VolumeHeader {
  if (bytes.length === 0) {
    const fix = 'Copy or export the volume again.';
    throw dataError({ code: 'DATA_EMPTY', message: 'The file is empty (0 bytes).', where: name, fix });
  }
  if (/\.img(\.gz)?$/i.test(name)) throw voxelsAlone(name);
  return parseHeader(isGzip(bytes) ? beginning(bytes, name) : bytes, name);
}

/**
 * Reads a volume: NIfTI-1 or NIfTI-2 in one file, compressed or not (told by content), either byte order, 2-D or 3-D.
 *
 * @param bytes the whole file; not kept
 * @param name the file's name, for error messages
 * @throws `DATA_EMPTY`; `DATA_NIFTI` (not a NIfTI file, or its header cannot be); `DATA_NIFTI_PAIR` (.hdr/.img);
 *   `DATA_NIFTI_SERIES` (more than one volume); `DATA_NIFTI_TYPE` (colours, complex, 128-bit floats); `DATA_ZERO_SIZE`;
 *   `DATA_TOO_LARGE`; `DATA_TRUNCATED`; `DATA_CORRUPT`
 */
export function readNifti(
  bytes: Uint8Array,
  name = 'volume',
  { maxBytes = MAX_VOLUME_BYTES, maxExpansion = 320 }: NiftiLimits = {},
): Volume {
  const header = readNiftiHeader(bytes, name);
  const { width, height, depth, datatype, dataOffset, littleEndian } = header;
  const type = [...DATATYPES.values()].find((known) => known.name === datatype);
  if (type === undefined) throw new Error(`no datatype ${datatype}`);
  const length = width * height * depth * type.size;
  const end = dataOffset + length;
  const shape = `${width}x${height}x${depth} voxels of ${datatype}`;
  if (!(end <= maxBytes)) {
    throw dataError({
      code: 'DATA_TOO_LARGE',
      message: `The header says ${shape}, ${end} bytes, the limit is ${maxBytes}; nothing was decoded.`,
      where: name,
      fix: 'Crop or resample the volume, or raise the limit with { maxBytes } if you trust the file.',
      details: { width, height, depth, datatype, bytes: end, maxBytes },
    });
  }
  const compressed = isGzip(bytes);
  if (bytes.length * (compressed ? MAX_EXPANSION : 1) < end) throw tooShort(name, shape, end, bytes.length, compressed);
  if (compressed && isHeldLater(end, bytes.length)) {
    const held = gunzippedSize(bytes, name, end);
    if (held < end) throw tooShort(name, shape, end, held, false);
    // Time goes by what is decoded: a file of 2 MB could ask for seconds.
    if (length > Math.max(ALWAYS, maxExpansion * bytes.length)) {
      throw dataError({
        code: 'DATA_TOO_LARGE',
        message: `The volume, ${shape}, takes ${length} bytes when it is decoded, and its file has ${bytes.length}; the limit is ${ALWAYS} bytes or ${maxExpansion} times the file.`,
        where: name,
        fix: 'Save it with fewer bits a voxel (a mask needs 8), or raise the limit with { maxExpansion } if you trust the file.',
        details: { bytes: length, fileLength: bytes.length, maxExpansion },
      });
    }
  }
  const data = allocate(length, shape, name);
  const notes = [...header.notes];
  if (compressed) {
    const trailing = inflateInto(data, dataOffset, bytes, shape, name);
    if (trailing > 0) {
      const message = `it has ${trailing} bytes after its compressed data; they are left aside`;
      notes.push({ code: 'GZIP_TRAILING', message });
    }
  } else data.set(bytes.subarray(dataOffset, end));
  if (littleEndian !== isLittleEndianMachine()) swapBytes(data, type.size);
  const voxels = type.view(data.buffer);
  if (/int64/.test(datatype)) notes.push(...precisionNotes(voxels));
  return { ...header, notes, data: voxels };
}

/** Numbers of a float64 are exact up to 2^53. */
function precisionNotes(voxels: VolumeData): DataNote[] {
  let largest = 0;
  for (let i = 0; i < voxels.length; i++) largest = Math.max(largest, Math.abs(voxels[i] as number));
  if (largest < 2 ** 53) return [];
  const message = `it has 64-bit integers of up to ${largest.toPrecision(4)}; from 2^53 on they are rounded to what a float64 holds`;
  return [{ code: 'NIFTI_PRECISION', message }];
}

/** The first bytes of the decoded file, enough for a header. */
function beginning(bytes: Uint8Array, name: string): Uint8Array {
  // More than a header, so that something else in it is told by name.
  const head = new Uint8Array(FORMAT_BYTES);
  let filled = 0;
  try {
    gunzip(bytes, name, (piece) => {
      const part = piece.subarray(0, head.length - filled);
      head.set(part, filled);
      filled += part.length;
      return filled < head.length;
    });
  } catch (error) {
    // A file that is cut may still hold its header; what is missing is told with the figures later.
    if (filled < HEADER_BYTES[1]) throw error;
  }
  return head.subarray(0, filled);
}

/**
 * Decodes the file and keeps `data.length` bytes from `offset` on.
 * @returns how many bytes follow the compressed data
 */
function inflateInto(data: Uint8Array, offset: number, bytes: Uint8Array, shape: string, name: string): number {
  const end = offset + data.length;
  let at = 0;
  let tooMuch = false;
  const { total, trailing } = gunzip(bytes, name, (piece) => {
    const from = Math.max(0, offset - at);
    const to = Math.min(piece.length, end - at);
    if (from < to) data.set(piece.subarray(from, to), at + from - offset);
    at += piece.length;
    tooMuch = at > end + MAX_TRAILING;
    return !tooMuch;
  });
  if (total < end) throw tooShort(name, shape, end, total, false);
  if (tooMuch) {
    const message = `The compressed file holds more than ${total} bytes, its header calls for ${end} (${shape}).`;
    throw niftiCorrupt(name, message);
  }
  return trailing;
}

function allocate(length: number, shape: string, where: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw dataError({
      code: 'DATA_TOO_LARGE',
      message: `There is no memory for ${shape}, ${length} bytes.`,
      where,
      fix: 'Close other programs or pages, or crop or resample the volume.',
      cause,
    });
  }
}

function tooShort(where: string, shape: string, needed: number, found: number, compressed: boolean): Error {
  const holds = compressed ? `the file has ${found} compressed bytes, which cannot hold them` : `there are ${found}`;
  return niftiTruncated(where, `The header says ${shape}, which with the header is ${needed} bytes; ${holds}.`, {
    needed,
    found,
  });
}
