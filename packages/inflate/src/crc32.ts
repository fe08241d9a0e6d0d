/**
 * CRC-32 as PNG, gzip and ZIP files have it (polynomial 0xEDB88320, reflected), eight bytes a step ("slicing by eight":
 * table k holds the checksum of a byte followed by k zero bytes, so eight look-ups replace eight dependent ones).
 *
 * Masks and the air around a body are zeros by the gigabyte. What zeros do to a checksum is linear over its bits, so
 * that a block of them is one step: four look-ups, a byte of the checksum each.
 */
const SLICES = 8;
/** Bytes of a block that is looked through for zeros. */
const BLOCK = 4096;
let tables: Uint32Array | undefined;
let zeroTables: Uint32Array | undefined;

function makeTables(): Uint32Array {
  const made = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    made[byte] = value;
  }
  for (let i = 256; i < made.length; i++) {
    const shorter = made[i - 256] as number;
    made[i] = (shorter >>> 8) ^ (made[shorter & 255] as number);
  }
  return made;
}

/** At 256 k + b: what the checksum b * 2^(8 k) is after a block of zeros. */
function makeZeroTables(t: Uint32Array): Uint32Array {
  const made = new Uint32Array(4 * 256);
  for (let bit = 0; bit < 32; bit++) {
    let value = (1 << bit) >>> 0;
    for (let i = 0; i < BLOCK; i++) value = (value >>> 8) ^ t[value & 255]!;
    const [start, step] = [256 * (bit >> 3), 1 << (bit & 7)];
    for (let i = 0; i < step; i++) made[start + step + i] = made[start + i]! ^ value;
  }
  return made;
}

/** Whether the block's words from `at` on are zeros. */
function isZeroBlock(words: Int32Array, at: number): boolean {
  for (let i = at; i < at + BLOCK / 4; i += 8) {
    const some = words[i]! | words[i + 1]! | words[i + 2]! | words[i + 3]!;
    if ((some | words[i + 4]! | words[i + 5]! | words[i + 6]! | words[i + 7]!) !== 0) return false;
  }
  return true;
}

/** The checksum of `bytes`, unsigned. @param before that of the bytes before these */
export function crc32(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables();
  const t = tables;
  const { length, byteOffset } = bytes;
  let crc = ~before;
  let i = 0;
  if (length >= BLOCK && byteOffset % 4 === 0) {
    zeroTables ??= makeZeroTables(t);
    const z = zeroTables;
    const words = new Int32Array(bytes.buffer, byteOffset, length >> 2);
    for (; i + BLOCK <= length; i += BLOCK) {
      if (isZeroBlock(words, i >> 2)) {
        crc = z[crc & 255]! ^ z[256 + ((crc >>> 8) & 255)]! ^ z[512 + ((crc >>> 16) & 255)]! ^ z[768 + (crc >>> 24)]!;
      } else crc = advance(t, bytes, i, i + BLOCK, crc);
    }
  }
  return ~advance(t, bytes, i, length, crc) >>> 0;
}

/** The inverted checksum `crc` after the bytes from `from` to before `to`. */
function advance(t: Uint32Array, bytes: Uint8Array, from: number, to: number, before: number): number {
  const whole = to - ((to - from) % SLICES);
  let [crc, i] = [before, from];
  for (; i < whole; i += SLICES) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t[1792 + (crc & 255)]! ^
      t[1536 + ((crc >>> 8) & 255)]! ^
      t[1280 + ((crc >>> 16) & 255)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 255]!;
  return crc;
}
