/**
 * A minimal reader of zip archives in memory.
 *
 * `torch.save` stores its entries uncompressed and pads the local headers so that data starts at multiples of 64 bytes:
 * a storage can be used where it lies. So this reads the central directory at the end of the file (zip64 records
 * included), and hands out views. Deflated entries, which appear when somebody packed the archive again, are inflated.
 * Layout: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3.
 */
import { crc32, Inflater } from '@infnet/inflate';
import type { Budget } from '../bytes/budget.js';
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
const LOCAL_LENGTH = 30;
/** The sizes and the checksum are behind the data, and not in the local header. */
const HAS_DESCRIPTOR = 8;
/** A checkpoint has an entry for each storage, and the largest nets have some ten thousand. */
const MAX_ENTRIES = 100_000;

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
  if (directory.count > MAX_ENTRIES) {
    const fix = 'Save the state dict alone: torch.save(model.state_dict(), "weights.pth").';
    const message = `The zip archive has ${directory.count} entries; at most ${MAX_ENTRIES} are read.`;
    throw checkpointError('CHECKPOINT_LIMIT', message, fix);
  }
  const entries = new Map<string, ZipEntry>();
  for (let i = 0; i < directory.count; i++) {
    const entry = readCentralHeader(reader);
    if (entries.has(entry.name)) throw corrupt(`The zip archive has two entries called ${quote(entry.name)}.`);
    entries.set(entry.name, entry);
  }
  checkOverlap([...entries.values()], directory.offset, bytes.length);
  return entries;
}

/** Entries that overlap are two readings of the same bytes, and could make a small file cost any amount of work. */
function checkOverlap(entries: readonly ZipEntry[], end: number, fileLength: number): void {
  const sorted = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const [n, { name, headerOffset, compressedSize }] of sorted.entries()) {
    const next = sorted[n + 1]?.headerOffset ?? end;
    if (headerOffset > fileLength) {
      throw truncated(`The zip entry ${quote(name)} starts at ${headerOffset}, after the end of the file.`);
    }
    if (headerOffset + LOCAL_LENGTH + compressedSize <= next) continue;
    throw corrupt(
      `The zip entry ${quote(name)} claims ${compressedSize} bytes from ${headerOffset} on, beyond byte ${next}, ` +
        'where something else begins.',
    );
  }
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
  const reader = new ByteReader(bytes, `The zip entry ${quote(entry.name)}`, entry.headerOffset);
  if (reader.u32() !== LOCAL_HEADER) throw corrupt(`The zip entry ${quote(entry.name)} has no header where it should.`);
  reader.skip(2);
  const flags = reader.u16();
  const method = reader.u16();
  reader.skip(4);
  const [crc, compressedSize, size] = [reader.u32(), reader.u32(), reader.u32()];
  const nameLength = reader.u16();
  const extraLength = reader.u16();
  const name = decodeText(reader.take(nameLength));
  const isSame = (here: number, there: number): boolean => here === there || here === 0xffffffff;
  const isSized = (flags & HAS_DESCRIPTOR) !== 0 || (crc === entry.crc32 && isSame(size, entry.size));
  const isPacked = (flags & HAS_DESCRIPTOR) !== 0 || isSame(compressedSize, entry.compressedSize);
  if (name !== entry.name || method !== entry.method || !isSized || !isPacked) {
    throw corrupt(`The zip entry ${quote(entry.name)} is another one by its own header than by the directory.`);
  }
  reader.skip(extraLength);
  return reader.take(entry.compressedSize);
}

/** Inflates piece by piece, so that data that yields more than its entry claims is left at once. */
function inflate(packed: Uint8Array, entry: ZipEntry, budget: Budget): Uint8Array {
  const name = quote(entry.name);
  if (entry.size > (packed.length + 1) * MAX_INFLATION) {
    throw corrupt(`The zip entry ${name} claims ${entry.size} bytes out of ${packed.length} deflated ones.`);
  }
  const out = budget.allocate(Uint8Array, entry.size);
  let length = 0;
  const { status, reason } = new Inflater().run(packed, 0, (piece) => {
    if (piece.length > out.length - length) return false;
    out.set(piece, length);
    length += piece.length;
    return true;
  });
  if (status === 'damaged') throw corrupt(`The zip entry ${name} cannot be inflated: ${reason}.`);
  if (status !== 'complete' || length !== out.length) {
    throw corrupt(`The zip entry ${name} does not inflate to ${out.length} bytes.`);
  }
  return out;
}

function unsupported(message: string): Error {
  return checkpointError('CHECKPOINT_UNSUPPORTED', message, 'Pack the archive again without compression or password.');
}
