/** NumPy files: headers of right length with anything in them. */
import { readNpy, writeNpy } from '@infnet/data';
import { ascii, concat, FLOOD, little, mutateBytes } from '../bytes.js';
import type { Format } from '../format.js';
import type { Random } from '../random.js';
import { mutateText } from '../text.js';

const WORDS = [
  "'descr'",
  "'fortran_order'",
  "'shape'",
  "'<f4'",
  "'<f8'",
  'True',
  'False',
  '()',
  '(2, 3)',
  '{',
  '}',
  '[',
  ',',
  '1,',
  "'",
];

export const npy: Format = {
  name: 'npy',
  corpus: () =>
    [[], [6], [2, 3], [1, 2, 3, 1]].map((shape) => writeNpy(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)),
  mutate(file, random) {
    if (random.isOneIn(5)) return mutateBytes(file, random);
    const start = 10 + (file[8] ?? 0) + 256 * (file[9] ?? 0);
    const text = mutateText(String.fromCharCode(...file.subarray(10, start)), random, WORDS);
    const flood = random.isOneIn(FLOOD) ? random.pick(['1,', ' ', "'a':1,", '(', '0']).repeat(60_000) : '';
    const at = random.below(text.length);
    return withHeader(text.slice(0, at) + flood + text.slice(at), file.subarray(start), random);
  },
  read: (bytes) => readNpy(bytes, 'array').data.byteLength,
};

function withHeader(text: string, data: Uint8Array, random: Random): Uint8Array {
  const version = text.length > 65535 ? 2 : 1 + random.below(3);
  const length = little(version === 1 ? 2 : 4, text.length);
  return concat(Uint8Array.of(0x93), ascii('NUMPY'), Uint8Array.of(version, 0), length, ascii(text), data);
}
