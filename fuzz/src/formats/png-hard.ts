/**
 * Pictures as large as a small file may have: rows that repeat every 8 KB, so that they hardly take room, and are noise
 * to whoever undoes their filters; of each kind of sample, in order and interlaced. The last ones are beyond the limit.
 */
import { deflateSync } from 'node:zlib';
import { big, concat } from '../bytes.js';
import { Random } from '../random.js';
import { type Chunk, pngOf } from './png-file.js';

interface Hard {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly type: 0 | 2 | 3 | 4 | 6;
  readonly filter: (row: number) => number;
  readonly isInterlaced?: boolean;
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
/** Offset and step of the passes, across and down. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

const [NONE, PAETH] = [() => 0, () => 4];
const mixed = (row: number): number => (row * 7 + 3) % 5;

export const HARD_PNGS: readonly (() => Uint8Array)[] = (
  [
    { width: 4096, height: 2048, depth: 16, type: 6, filter: PAETH },
    { width: 4096, height: 2048, depth: 16, type: 6, filter: mixed },
    { width: 4096, height: 2048, depth: 16, type: 6, filter: PAETH, isInterlaced: true },
    { width: 4096, height: 4096, depth: 8, type: 6, filter: PAETH, isInterlaced: true },
    { width: 8192, height: 4096, depth: 16, type: 0, filter: PAETH },
    { width: 8192, height: 4096, depth: 8, type: 0, filter: PAETH, isInterlaced: true },
    { width: 8192, height: 4096, depth: 1, type: 0, filter: PAETH },
    { width: 4096, height: 4096, depth: 1, type: 3, filter: NONE, isInterlaced: true },
    { width: 16, height: 2 ** 20, depth: 8, type: 6, filter: PAETH },
    { width: 8192, height: 4096, depth: 16, type: 6, filter: NONE },
    { width: 8192, height: 4096, depth: 16, type: 6, filter: PAETH, isInterlaced: true },
  ] satisfies Hard[]
).map((hard) => () => hardPng(hard));

function hardPng({ width, height, depth, type, filter, isInterlaced = false }: Hard): Uint8Array {
  const noise = new Random(1).bytes(8192);
  const parts: Uint8Array[] = [];
  for (const [left, top, right, down] of isInterlaced ? PASSES : WHOLE) {
    const rowBytes = Math.ceil((Math.ceil((width - left) / right) * depth * CHANNELS[type]) / 8);
    const row = Uint8Array.from({ length: rowBytes + 1 }, (_, i) => noise[i % noise.length] ?? 0);
    const rows = Math.ceil((height - top) / down);
    const pass = new Uint8Array(rows * row.length);
    for (let y = 0; y < rows; y++) {
      pass.set(row, y * row.length);
      pass[y * row.length] = filter(y);
    }
    parts.push(pass);
  }
  const header = concat(big(4, width), big(4, height), Uint8Array.of(depth, type, 0, 0, isInterlaced ? 1 : 0));
  const palette: Chunk[] = type === 3 ? [{ type: 'PLTE', data: new Uint8Array(768).fill(9) }] : [];
  return pngOf([
    { type: 'IHDR', data: header },
    ...palette,
    { type: 'IDAT', data: deflateSync(concat(...parts)) },
    { type: 'IEND', data: new Uint8Array(0) },
  ]);
}
