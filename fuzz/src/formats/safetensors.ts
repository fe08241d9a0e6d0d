/** safetensors: headers of right length, as JSON or nearly, and data of any length. */
import { readCheckpoint, readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { concat, FLOOD, little, mutateBytes } from '../bytes.js';
import { fixtureFiles } from '../fixtures.js';
import type { Format } from '../format.js';
import type { Random } from '../random.js';
import { mutateJson, mutateText } from '../text.js';

const WORDS = [
  '"dtype"',
  '"shape"',
  '"data_offsets"',
  '"F32"',
  '"F16"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '{}',
  '[0]',
  'null',
  '"__metadata__"',
  '"a"',
];
const FLOODS = ['{},', '[],', '"a":{},', '"a":"",', '0,', ' ', '"', '['];

export const safetensors: Format = {
  name: 'safetensors',
  corpus: () => [
    ...fixtureFiles('.safetensors', 'fixtures/golden/checkpoints'),
    writeSafetensors(
      [
        { name: 'a', shape: [3], data: Float32Array.of(1, 2, 3) },
        { name: 'b', shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) },
      ],
      { made: 'here' },
    ),
  ],
  mutate(file, random) {
    if (random.isOneIn(8)) return mutateBytes(file, random);
    const { text, data } = partsOf(file);
    return withHeader(mutateHeader(text, random), random.isOneIn(6) ? mutateBytes(data, random) : data);
  },
  read(bytes) {
    const { tensors } = readSafetensors(bytes);
    readCheckpoint(bytes, { copy: true });
    return [...tensors.values()].reduce((sum, { data }) => sum + 3 * data.byteLength, 0);
  },
};

export function withHeader(text: string, data: Uint8Array): Uint8Array {
  const header = new TextEncoder().encode(text);
  return concat(little(8, header.length), header, data);
}

export function partsOf(file: Uint8Array): { readonly text: string; readonly data: Uint8Array } {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  return { text: new TextDecoder().decode(file.subarray(8, 8 + length)), data: file.subarray(8 + length) };
}

function mutateHeader(text: string, random: Random): string {
  if (random.isOneIn(2)) return JSON.stringify(mutateJson(JSON.parse(text), random));
  const changed = mutateText(text, random, WORDS);
  if (!random.isOneIn(FLOOD)) return changed;
  const at = random.pick([0, 1, 5, random.below(changed.length)]);
  const tensors = Array.from({ length: 5000 }, (_, n) => `"${n}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`);
  const flood = random.isOneIn(4) ? tensors.join(',') : random.pick(FLOODS).repeat(60_000);
  return changed.slice(0, at) + flood + changed.slice(at);
}
