/** Gzip members as they may be: optional fields, empty ones, many of them, stored, and things behind them. */
import { deflateRawSync } from 'node:zlib';
import { crc32 } from '@infnet/inflate';
import { ascii, concat, FLOOD, little, MOST_BYTES } from '../bytes.js';
import type { Random } from '../random.js';

export function gzipMember(
  bytes: Uint8Array,
  level: number,
  flags = 0,
  fields: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const head = Uint8Array.of(0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255);
  return concat(head, fields, deflateRawSync(bytes, { level }), little(4, crc32(bytes), bytes.length));
}

/** The same content in other members, mostly whole. */
export function gzipMembers(content: Uint8Array, random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  const count = random.isOneIn(FLOOD) ? 500 : 1 + random.below(5);
  const size = Math.ceil(content.length / count);
  for (let at = 0; at < content.length; at += size) {
    if (random.isOneIn(4)) parts.push(...emptyMembers(random.isOneIn(FLOOD) ? 20_000 : 3));
    parts.push(memberWithFields(content.subarray(at, at + size), random));
  }
  if (random.isOneIn(3)) {
    const behind = random.below(12);
    if (behind === 0) parts.push(gzipMember(new Uint8Array(random.isOneIn(20) ? 3e6 : 30_000), 1));
    else parts.push(behind % 2 === 0 ? new Uint8Array(600) : random.bytes(20));
  }
  if (random.isOneIn(6)) parts.splice(random.below(parts.length), 1);
  return concat(...parts);
}

/** As many empty members as a file may have before `file`; and with a comment each, before a part of it. */
export const GZIP_FLOODS: readonly ((file: Uint8Array) => Uint8Array)[] = [
  (file) => flood(gzipMember(new Uint8Array(0), 1), file),
  (file) => flood(gzipMember(new Uint8Array(0), 1, 16, ascii('a\0')), file.subarray(0, 15)),
];

function flood(member: Uint8Array, last: Uint8Array): Uint8Array {
  const count = Math.floor((MOST_BYTES - last.length) / member.length);
  return concat(...new Array<Uint8Array>(count).fill(member), last);
}

function emptyMembers(count: number): Uint8Array[] {
  return new Array<Uint8Array>(count).fill(gzipMember(new Uint8Array(0), 1));
}

function memberWithFields(bytes: Uint8Array, random: Random): Uint8Array {
  const level = random.pick([0, 1, 9]);
  switch (random.below(8)) {
    case 0:
      return gzipMember(bytes, level, 8, ascii('name.nii\0'));
    case 1:
      return gzipMember(bytes, level, 4, concat(little(2, 5), random.bytes(5)));
    case 2:
      return gzipMember(bytes, level, 16 + 2, concat(ascii('a comment\0'), random.bytes(2)));
    case 3:
      return gzipMember(bytes, level, random.below(256), random.bytes(30));
    default:
      return gzipMember(bytes, level);
  }
}
