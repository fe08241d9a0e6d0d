/**
 * A minimal reader of zip archives in memory.
 *
 * `torch.save` stores its entries uncompressed and pads the local headers so that data starts at multiples of 64 bytes:
 * a storage can be used where it lies. So this reads the central directory at the end of the file (zip64 records
 * included), and hands out views. Deflated entries, which appear when somebody packed the archive again, are inflated.
 * Layout: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3.
 */
import { Inflate } from 'fflate';
import type { Budget } from '../bytes/budget.js';
import { crc32 } from '../bytes/crc32.js';
import { ByteReader } from '../bytes/reader.js';
import { decodeText } from '../bytes/text.js';
import { checkpointError, corrupt, quote, truncated } from '../errors.js';
import { findDirectory } from './zip-directory.js';

const CENTRAL_HEADER = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const ZIP64_EXTRA = 1;
const STORED = 0;
const DEFLATED = 8;
/** Deflate cannot expand more than this. */
const MAX_INFLATION = 1032;
/** Deflated bytes that are inflated at a time. */
const INFLATE_STEP = 16384;

/** One file of the archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

/** The entries of the archive by name, in the order of its directory. */
export function readZipDirectory(bytes: Uint8Array): Map<string, ZipEntry> {
  const directory = findDirectory(bytes);
  const reader = new ByteReader(bytes.subarray(0, directory.offset + directory.size), 'The zip directory');
  reader.position = directory.offset;
  const entries = new Map<string, ZipEntry>();
  let stored = 0;
  for (let i = 0; i < directory.count; i++) {
    const entry = readCentralHeader(reader);
    if (entries.has(entry.name)) throw corrupt(`The zip archive has two entries called ${quote(entry.name)}.`);
    entries.set(entry.name, entry);
    stored += entry.compressedSize;
  }
  // Entries that overlap could make a small file cost any amount of work.
  if (stored > bytes.length) {
    throw corrupt(`The entries of the zip archive claim ${stored} bytes; the file has ${bytes.length}.`);
  }
  return entries;
}

function readCentralHeader(reader: ByteReader): ZipEntry {
  const start = reader.position;
  if (reader.u32() !== CENTRAL_HEADER) throw corrupt(`The zip directory has no entry at byte ${start}.`);
  reader.skip(4);
  const flags = reader.u16();
  const method = reader.u16();
  reader.skip(4);
  const crc = reader.u32();
  const sizes = { compressedSize: reader.u32(), size: reader.u32(), headerOffset: 0 };
  const nameLength = reader.u16();
  const extraLength = reader.u16();
  const commentLength = reader.u16();
  reader.skip(8);
  sizes.headerOffset = reader.u32();
  const name = decodeText(reader.take(nameLength));
  readZip64Extra(reader.take(extraLength), sizes);
  reader.skip(commentLength);
  return { name, method, encrypted: (flags & 1) !== 0, crc32: crc, ...sizes };
}

/** Replaces the sizes that are 0xFFFFFFFF by those of the zip64 extra field, which holds just these, in this order. */
function readZip64Extra(
  extra: Uint8Array,
  sizes: { size: number; compressedSize: number; headerOffset: number },
): void {
  const reader = new ByteReader(extra, 'The extra field of a zip entry');
  while (reader.remaining >= 4) {
    const id = reader.u16();
    const field = new ByteReader(reader.take(reader.u16()), 'The zip64 field of a zip entry');
    if (id !== ZIP64_EXTRA) continue;
    if (sizes.size === 0xffffffff) sizes.size = field.u64();
    if (sizes.compressedSize === 0xffffffff) sizes.compressedSize = field.u64();
    if (sizes.headerOffset === 0xffffffff) sizes.headerOffset = field.u64();
  }
}

/** The content of an entry: a view of `bytes` if it is stored, else inflated. */
export function readZipEntry(
  bytes: Uint8Array,
  entry: ZipEntry,
  options: { readonly budget: Budget; readonly verify: boolean },
): Uint8Array {
  const name = quote(entry.name);
  if (entry.encrypted) throw unsupported(`The zip entry ${name} is encrypted.`);
  const packed = packedBytes(bytes, entry);
  let content: Uint8Array;
  if (entry.method === STORED) {
    if (entry.size !== entry.compressedSize) throw corrupt(`The stored zip entry ${name} has two different sizes.`);
    content = packed;
  } else if (entry.method === DEFLATED) {
    content = inflate(packed, entry, options.budget);
  } else {
    throw unsupported(`The zip entry ${name} is compressed by method ${entry.method}; only 0 and 8 are read.`);
  }
  // torch.serialization.set_crc32_options(False) writes zeros.
  if (options.verify && entry.crc32 !== 0 && crc32(content) !== entry.crc32) {
    throw corrupt(`The zip entry ${name} is damaged: its CRC-32 does not match its ${content.length} bytes.`);
  }
  return content;
}

function packedBytes(bytes: Uint8Array, entry: ZipEntry): Uint8Array {
  if (entry.headerOffset > bytes.length) {
    throw truncated(`The zip entry ${quote(entry.name)} starts at ${entry.headerOffset}, after the end of the file.`);
  }
  const reader = new ByteReader(bytes, `The zip entry ${quote(entry.name)}`, entry.headerOffset);
  if (reader.u32() !== LOCAL_HEADER) throw corrupt(`The zip entry ${quote(entry.name)} has no header where it should.`);
  reader.skip(22);
  const nameLength = reader.u16();
  const extraLength = reader.u16();
  reader.skip(nameLength + extraLength);
  return reader.take(entry.compressedSize);
}

/** Inflates piece by piece, so that data which yields more than its entry claims is left at once. */
function inflate(packed: Uint8Array, entry: ZipEntry, budget: Budget): Uint8Array {
  const name = quote(entry.name);
  if (entry.size > (packed.length + 1) * MAX_INFLATION) {
    throw corrupt(`The zip entry ${name} claims ${entry.size} bytes out of ${packed.length} deflated ones.`);
  }
  const out = budget.allocate(Uint8Array, entry.size);
  let length = 0;
  const stream = new Inflate((piece) => {
    if (length + piece.length <= out.length) out.set(piece, length);
    length += piece.length;
  });
  try {
    for (let at = 0; at === 0 || (at < packed.length && length <= out.length); at += INFLATE_STEP) {
      stream.push(packed.subarray(at, at + INFLATE_STEP), at + INFLATE_STEP >= packed.length);
    }
  } catch (cause) {
    throw corrupt(`The zip entry ${name} cannot be inflated: ${cause instanceof Error ? cause.message : cause}.`);
  }
  if (length !== out.length) throw corrupt(`The zip entry ${name} does not inflate to ${out.length} bytes.`);
  return out;
}

function unsupported(message: string): Error {
  return checkpointError('CHECKPOINT_UNSUPPORTED', message, 'Pack the archive again without compression or password.');
}
