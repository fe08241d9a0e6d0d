/** `.pth`: pickles changed byte by byte or opcode by opcode, in archives with right checksums, and as streams. */
import { readCheckpoint } from '@infnet/checkpoint';
import { ascii, concat, FLOOD, little, mutateBytes, mutateList } from '../bytes.js';
import { fixtureFiles } from '../fixtures.js';
import type { Format } from '../format.js';
import type { Random } from '../random.js';
import { type Member, membersOf, zipOf } from './zip.js';

const FOLDERS = ['fixtures/golden/checkpoints', 'packages/checkpoint/test/fixtures'];
const isZip = (file: Uint8Array): boolean => file[0] === 0x50 && file[file.length - 22] === 0x50;

/** Opcodes without arguments, and short ones with theirs. */
const PIECES: readonly Uint8Array[] = [
  ...['(', ')', '.', '0', '1', '2', ']', '}', 'N', 'R', 'Q', 'a', 'b', 'd', 'e', 'l', 'o', 's', 't', 'u'].map(ascii),
  ...[0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94].map((byte) => Uint8Array.of(byte)),
  Uint8Array.of(0x4b, 7),
  Uint8Array.of(0x68, 0),
  Uint8Array.of(0x68, 1),
  Uint8Array.of(0x71, 0),
  Uint8Array.of(0x43, 0),
  Uint8Array.of(0x8c, 1, 97),
  Uint8Array.of(0x8a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9),
  Uint8Array.of(0x82, 1),
  concat(ascii('G'), new Uint8Array(8)),
  concat(Uint8Array.of(0x8d), little(8, 3), ascii('abc')),
  ascii('ccollections\nOrderedDict\n'),
  ascii('ctorch._utils\n_rebuild_tensor_v2\n'),
  ascii('ctorch._tensor\n_rebuild_from_type_v2\n'),
  ascii('ctorch.nn.parameter\nParameter\n'),
  ascii('ctorch\nFloatStorage\n'),
  ascii('ctorch\nSize\n'),
  ascii('ccollections\ndefaultdict\n'),
  ascii('cnumpy\nthing\n'),
  ascii('I123\n'),
  ascii('F1.5\n'),
  ascii("S'text'\n"),
  ascii('Vte\\u0078t\n'),
  ascii('L99999999999999999999L\n'),
];

export const pth: Format = {
  name: 'pth',
  corpus: () => fixtureFiles('.pth', ...FOLDERS).filter(isZip),
  mutate(file, random) {
    if (random.isOneIn(8)) return mutateBytes(file, random);
    let members: Member[] = membersOf(file);
    const change = random.below(5);
    if (change === 0) members = mutateList(members, random, 500);
    else if (change < 4) {
      members = members.map((member) =>
        member.name.endsWith('data.pkl') ? { ...member, bytes: mutatePickle(member.bytes, random) } : member,
      );
    }
    return zipOf(members, random, change >= 3);
  },
  read: readWeights,
};

export const pthLegacy: Format = {
  name: 'pth-legacy',
  corpus: () => fixtureFiles('.pth', ...FOLDERS).filter((file) => !isZip(file)),
  mutate: (file, random) => (random.isOneIn(3) ? mutateBytes(file, random) : mutatePickle(file, random)),
  read: readWeights,
};

function readWeights(bytes: Uint8Array): number {
  const { tensors } = readCheckpoint(bytes);
  return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** Opcodes put in, doubled or taken out; now and then a great many. */
function mutatePickle(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.isOneIn(FLOOD)) return flooded(bytes, random);
  let out = bytes;
  for (let n = 1 + random.below(3); n > 0; n--) {
    const at = random.below(out.length);
    const end = random.isOneIn(2) ? at : Math.min(out.length, at + random.below(12));
    out = concat(
      out.subarray(0, at),
      random.isOneIn(4) ? out.subarray(at, at + 20) : random.pick(PIECES),
      out.subarray(end),
    );
  }
  return random.isOneIn(4) ? mutateBytes(out, random) : out;
}

function flooded(bytes: Uint8Array, random: Random): Uint8Array {
  const start = concat(ascii('('), random.pick(PIECES), random.pick(PIECES));
  const flood = concat(
    ...new Array<Uint8Array>(30_000).fill(
      concat(random.pick(PIECES), random.isOneIn(2) ? random.pick(PIECES) : ascii('')),
    ),
  );
  const at = random.pick([2, random.below(bytes.length)]);
  return concat(bytes.subarray(0, at), start, flood, bytes.subarray(at));
}
