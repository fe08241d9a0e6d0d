/** Zip archives of right checksums, whose headers may say two things. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { crc32 } from '@infnet/inflate';
import { ascii, concat, EDGES, little } from '../bytes.js';
import type { Random } from '../random.js';

export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The members of an archive that a fixture is. */
export function membersOf(file: Uint8Array): Member[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const members: Member[] = [];
  let at = view.getUint32(file.length - 6, true);
  while (at + 46 <= file.length && view.getUint32(at, true) === 0x02014b50) {
    const [method, packed] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [
      number,
      number,
      number,
    ];
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const data = file.slice(start, start + packed);
    members.push({
      name: String.fromCharCode(...file.subarray(at + 46, at + 46 + name)),
      bytes: method === 8 ? inflateRawSync(data) : data,
    });
    at += 46 + name + extra + comment;
  }
  return members;
}

/** An archive; with `lies` some of its numbers are others, here and there. */
export function zipOf(members: readonly Member[], random: Random, lies: boolean): Uint8Array {
  const deflates = random.isOneIn(4);
  const number = (size: 2 | 4, value: number): Uint8Array =>
    little(size, lies && random.isOneIn(30) ? random.pick(EDGES) % 256 ** size : value);
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of members) {
    const data = deflates ? deflateRawSync(bytes, { level: 1 }) : bytes;
    const fields = (): Uint8Array =>
      concat(
        number(2, 0),
        number(2, deflates ? 8 : 0),
        little(4, 0),
        number(4, crc32(bytes)),
        number(4, data.length),
        number(4, bytes.length),
        number(2, name.length),
      );
    const local = concat(little(4, 0x04034b50), little(2, 20), fields(), number(2, 0), ascii(name));
    directory.push(
      concat(
        little(4, 0x02014b50),
        little(2, 20, 20),
        fields(),
        number(2, 0),
        little(2, 0, 0, 0),
        little(4, 0),
        number(4, at),
        ascii(name),
      ),
    );
    parts.push(local, data);
    at += local.length + data.length;
  }
  const listing = concat(...directory);
  const count = number(2, members.length % 65536);
  const end = concat(
    little(4, 0x06054b50),
    little(2, 0, 0),
    count,
    count,
    number(4, listing.length),
    number(4, at),
    little(2, 0),
  );
  return concat(...parts, listing, end);
}
