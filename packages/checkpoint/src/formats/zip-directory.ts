import { ByteReader } from '../bytes/reader.js';
import { corrupt, truncated } from '../errors.js';

const END = 0x06054b50;
const END_LENGTH = 22;
const MAX_COMMENT = 0xffff;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_LOCATOR_LENGTH = 20;
const ZIP64_END = 0x06064b50;
const ENTRY_LENGTH = 46;

/** Where the central directory of a zip archive lies. */
export interface ZipDirectory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

/** Finds the central directory through the record at the end of the file, which a truncated file lacks. */
export function findDirectory(bytes: Uint8Array): ZipDirectory {
  const end = findEnd(bytes);
  const reader = new ByteReader(bytes, 'The zip archive', end + 10);
  const short = { count: reader.u16(), size: reader.u32(), offset: reader.u32() };
  const needsZip64 = short.count === 0xffff || short.size === 0xffffffff || short.offset === 0xffffffff;
  const directory = needsZip64 ? readZip64(bytes, end) : short;
  if (directory.offset + directory.size > end || directory.count * ENTRY_LENGTH > directory.size) {
    throw corrupt(
      `The zip directory (${directory.count} entries, ${directory.size} bytes at ${directory.offset}) does not fit ` +
        `into a file of ${bytes.length} bytes.`,
    );
  }
  return directory;
}

/** Start of the "end of central directory" record: the last one whose comment reaches exactly the end of the file. */
function findEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = Math.max(0, bytes.length - END_LENGTH - MAX_COMMENT);
  for (let at = bytes.length - END_LENGTH; at >= first; at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at + END_LENGTH + view.getUint16(at + 20, true) === bytes.length) return at;
  }
  throw truncated(
    `The file starts as a zip archive but has no directory at its end: it was cut off after ${bytes.length} bytes.`,
    { length: bytes.length },
  );
}

function readZip64(bytes: Uint8Array, end: number): ZipDirectory {
  const locatorAt = end - ZIP64_LOCATOR_LENGTH;
  if (locatorAt < 0) throw corrupt('The zip archive needs a zip64 record and has none.');
  const locator = new ByteReader(bytes, 'The zip64 locator', locatorAt);
  if (locator.u32() !== ZIP64_LOCATOR) throw corrupt('The zip archive needs a zip64 record and has none.');
  locator.skip(4);
  const at = locator.u64();
  if (at > locatorAt) throw corrupt(`The zip64 record should be at byte ${at}, after its own locator.`);
  const reader = new ByteReader(bytes, 'The zip64 record', at);
  if (reader.u32() !== ZIP64_END) throw corrupt(`There is no zip64 record at byte ${at}.`);
  reader.skip(28);
  return { count: reader.u64(), size: reader.u64(), offset: reader.u64() };
}
