/** JPEG: segments of right length, scans of any number and kind, restart markers, tables. */
import { ascii, big, concat, EDGES, mutateBytes, mutateList } from '../bytes.js';
import type { Format } from '../format.js';
import type { Random } from '../random.js';
import { Random as Seeded } from '../random.js';
import { readPicture } from './picture.js';

/** A marker with its payload, and what follows up to the next marker. */
interface Segment {
  readonly marker: number;
  readonly body: Uint8Array;
  readonly data: Uint8Array;
}

const NONE = new Uint8Array(0);
const [SOF0, SOF2, DHT, EOI, SOS, DQT, DNL, DRI, EXIF] = [0xc0, 0xc2, 0xc4, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xe1];

export const jpeg: Format = {
  name: 'jpeg',
  // An instance of the decoder's WebAssembly, after a file that broke the last one.
  own: 2 ** 24 + 2 ** 20,
  hard: [
    ...([1, 3] as const).flatMap((planes) => [false, true].map((is) => () => hardPicture(planes, is, 4096))),
    () => hardPicture(1, false, 8192),
  ],
  corpus: () => [picture(1, false), picture(3, false), picture(1, true), picture(3, true)],
  mutate(file, random) {
    if (random.isOneIn(10)) return mutateBytes(file, random);
    let segments = segmentsOf(file);
    for (let n = 1 + random.below(3); n > 0; n--) segments = mutateSegments(segments, random);
    return fileOf(segments);
  },
  read: readPicture,
};

/** Codes of one to four bits; what begins with four ones is none. */
function table(kind: number, symbols: readonly number[]): Segment {
  const counts = Array.from({ length: 16 }, (_, n) => (n < symbols.length ? 1 : 0));
  return { marker: DHT, body: Uint8Array.of(kind << 4, ...counts, ...symbols), data: NONE };
}

function scan(planes: readonly number[], first: number, last: number, bits: number, length: number): Segment {
  const body = Uint8Array.of(planes.length, ...planes.flatMap((id) => [id, 0]), first, last, bits);
  const random = new Seeded(length + first);
  return { marker: SOS, body, data: random.bytes(length).map((byte) => byte & FEW_ONES) };
}

/** Never more than two ones in a row, so that whatever is read of it is a code. */
const FEW_ONES = 0b01101101;

function stuffed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes].flatMap((byte) => (byte === 0xff ? [0xff, 0] : [byte])));
}

/** The least data of so many rows of 4096 pixels: a bit for each code, all of them 0. */
function hardPicture(planes: 1 | 3, progressive: boolean, height: number): Uint8Array {
  const ids = Array.from({ length: planes }, (_, n) => n + 1);
  const blocks = (height / 8) * 512;
  const zeros = (id: number, first: number, last: number, bits: number): Segment => ({
    marker: SOS,
    body: Uint8Array.of(1, id, 0, first, last, 0),
    data: new Uint8Array(Math.ceil((blocks * bits) / 8)),
  });
  return fileOf([
    { marker: DQT, body: Uint8Array.of(0, ...new Uint8Array(64).fill(3)), data: NONE },
    {
      marker: progressive ? SOF2 : SOF0,
      body: concat(
        Uint8Array.of(8),
        big(2, height),
        big(2, 4096),
        Uint8Array.of(planes, ...ids.flatMap((id) => [id, 0x11, 0])),
      ),
      data: NONE,
    },
    table(0, [0]),
    table(1, [0]),
    ...ids.flatMap((id) => (progressive ? [zeros(id, 0, 0, 1), zeros(id, 1, 63, 1)] : [zeros(id, 0, 63, 2)])),
  ]);
}

function picture(planes: 1 | 3, progressive: boolean): Uint8Array {
  const ids = Array.from({ length: planes }, (_, n) => n + 1);
  const frame = ids.flatMap((id) => [id, planes === 3 && id === 1 ? 0x22 : 0x11, 0]);
  return fileOf([
    { marker: 0xe0, body: concat(ascii('JFIF\0'), Uint8Array.of(1, 1, 0, 0, 1, 0, 1, 0, 0)), data: NONE },
    { marker: EXIF, body: concat(ascii('Exif\0\0II*\0'), exif(6)), data: NONE },
    { marker: DQT, body: Uint8Array.of(0, ...new Uint8Array(64).fill(3)), data: NONE },
    {
      marker: progressive ? SOF2 : SOF0,
      body: concat(Uint8Array.of(8), big(2, 24), big(2, 33), Uint8Array.of(planes, ...frame)),
      data: NONE,
    },
    table(0, [0, 1, 2, 3]),
    table(1, [0x00, 0x01, 0x11, 0x20]),
    ...(progressive
      ? [
          scan(ids, 0, 0, 0x01, 300),
          ...ids.map((id) => scan([id], 1, 5, 0x02, 300)),
          ...ids.map((id) => scan([id], 6, 63, 0x02, 300)),
          ...ids.map((id) => scan([id], 1, 63, 0x21, 300)),
          scan(ids, 0, 0, 0x10, 100),
        ]
      : [scan(ids, 0, 63, 0, 900)]),
  ]);
}

/** A directory with the orientation alone. */
function exif(orientation: number): Uint8Array {
  return Uint8Array.of(8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0);
}

function fileOf(segments: readonly Segment[]): Uint8Array {
  const parts = segments.map(({ marker, body, data }) =>
    concat(Uint8Array.of(0xff, marker), big(2, Math.min(65535, body.length + 2)), body.subarray(0, 65533), data),
  );
  return concat(Uint8Array.of(0xff, 0xd8), ...parts, Uint8Array.of(0xff, EOI));
}

function segmentsOf(file: Uint8Array): Segment[] {
  const segments: Segment[] = [];
  for (let at = 2; at + 4 <= file.length && file[at + 1] !== EOI; ) {
    const end = at + 2 + (((file[at + 2] ?? 0) << 8) | (file[at + 3] ?? 0));
    let next = end;
    while (next < file.length && !(file[next] === 0xff && file[next + 1] !== 0)) next++;
    segments.push({ marker: file[at + 1] ?? 0, body: file.slice(at + 4, end), data: file.slice(end, next) });
    at = next;
  }
  return segments;
}

function mutateSegments(segments: readonly Segment[], random: Random): Segment[] {
  const change = (is: (one: Segment) => boolean, make: (one: Segment) => Partial<Segment>): Segment[] => {
    const found = segments.filter(is);
    if (found.length === 0) return [...segments];
    const chosen = random.pick(found);
    return segments.map((one) => (one === chosen ? { ...one, ...make(one) } : one));
  };
  const isFrame = ({ marker }: Segment): boolean => marker === SOF0 || marker === SOF2;
  const isScan = ({ marker }: Segment): boolean => marker === SOS;
  const insert = (one: Segment): Segment[] => {
    const at = random.below(segments.length + 1);
    return [...segments.slice(0, at), one, ...segments.slice(at)];
  };
  switch (random.below(9)) {
    case 0:
      return mutateList(segments, random, 1500);
    case 1:
      return change(isFrame, ({ body }) => ({ body: changedFrame(body, random) }));
    case 2:
      return change(isScan, ({ data }) => ({ data: stuffed(mutateBytes(data, random)) }));
    case 3:
      return change(isScan, ({ body }) => ({ body: mutateBytes(body, random) }));
    case 4:
      return change(
        () => true,
        ({ body }) => ({ body: mutateBytes(body, random) }),
      );
    case 5:
      return insert({ marker: DRI, body: big(2, random.pick([0, 1, 2, 65535])), data: NONE });
    case 6:
      // Restart markers among the data, also of a wrong number.
      return change(isScan, ({ data }) => {
        const at = random.below(data.length + 1);
        const marker = Uint8Array.of(0xff, 0xd0 + random.below(8));
        return { data: concat(data.subarray(0, at), marker, data.subarray(at)) };
      });
    case 7:
      return insert({
        marker: random.pick([DNL, 0x01, 0xd8, 0xc8, 0xcc, 0xfe, 0xee, SOF2, 0xc1, 0xc9]),
        body: random.bytes(random.below(20)),
        data: NONE,
      });
    default:
      return change(isFrame, (one) => ({ marker: one.marker === SOF0 ? SOF2 : SOF0 }));
  }
}

function changedFrame(body: Uint8Array, random: Random): Uint8Array {
  const out = concat(body, new Uint8Array(Math.max(0, 5 - body.length)));
  const at = random.pick([1, 3]);
  if (random.isOneIn(3)) return mutateBytes(body, random);
  // Large pictures take long to decode where the file holds them; most here do not.
  out.set(big(2, random.isOneIn(3) ? random.pick(EDGES) % 65536 : 16 + random.below(60)), at);
  return out;
}
