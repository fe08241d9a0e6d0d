/** PNG: chunks with right checksums, in any order and number; data with a right Adler-32. */
import { deflateSync, inflateSync } from 'node:zlib';
import { ascii, big, concat, EDGES, mutateBytes, mutateList } from '../bytes.js';
import type { Format } from '../format.js';
import type { Random } from '../random.js';
import { readPicture } from './picture.js';
import { type Chunk, pngOf } from './png-file.js';
import { HARD_PNGS } from './png-hard.js';

const ANCILLARY = 'gAMA cHRM sRGB iCCP pHYs tIME bKGD hIST sBIT tEXt zTXt iTXt eXIf sPLT acTL fdAT PLTE tRNS'.split(
  ' ',
);
const KINDS = [
  [0, 1],
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 16],
  [2, 8],
  [2, 16],
  [3, 1],
  [3, 4],
  [3, 8],
  [4, 8],
  [4, 16],
  [6, 8],
  [6, 16],
] as const;
const CHANNELS = [1, 0, 3, 1, 2, 0, 4];

export const png: Format = {
  name: 'png',
  hard: HARD_PNGS,
  corpus: () => KINDS.flatMap(([type, depth]) => [picture(type, depth, 0), picture(type, depth, 1)]),
  mutate(file, random) {
    if (random.isOneIn(10)) return mutateBytes(file, random);
    let chunks = chunksOf(file);
    for (let n = 1 + random.below(3); n > 0; n--) chunks = mutateChunks(chunks, random);
    return pngOf(chunks);
  },
  read: readPicture,
};

function picture(type: number, depth: number, interlace: number): Uint8Array {
  const [width, height] = [19, 17];
  const rowBytes = Math.ceil((width * depth * (CHANNELS[type] ?? 1)) / 8);
  // More than enough for the passes of an interlaced one, and every filter.
  const rows = interlace === 0 ? height : 4 * height;
  const raw = Uint8Array.from({ length: rows * (rowBytes + 1) }, (_, i) =>
    interlace === 0 && i % (rowBytes + 1) === 0 ? (i / (rowBytes + 1)) % 5 : interlace === 1 ? 0 : (i * 7) & 63,
  );
  return pngOf([
    { type: 'IHDR', data: concat(big(4, width), big(4, height), Uint8Array.of(depth, type, 0, 0, interlace)) },
    ...(type === 3 ? [{ type: 'PLTE', data: new Uint8Array(768).fill(9) }] : []),
    ...(type === 3 && interlace ? [{ type: 'tRNS', data: Uint8Array.of(1, 2, 3) }] : []),
    { type: 'IDAT', data: deflateSync(raw) },
    { type: 'IEND', data: new Uint8Array(0) },
  ]);
}

function chunksOf(file: Uint8Array): Chunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    chunks.push({ type, data: file.slice(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

function mutateChunks(chunks: readonly Chunk[], random: Random): Chunk[] {
  const change = (type: string, make: (data: Uint8Array) => Uint8Array): Chunk[] =>
    chunks.map((chunk) => (chunk.type === type ? { type, data: make(chunk.data) } : chunk));
  if (chunks.length === 0) return [];
  switch (random.below(9)) {
    case 0:
      return mutateList(chunks, random, 8000);
    case 1:
      return change('IHDR', (data) => changedHeader(data, random));
    case 2:
      return change('IDAT', (data) => deflateSync(mutateBytes(inflated(data), random), { level: random.below(2) }));
    case 3:
      return change('IDAT', (data) => mutateBytes(data, random));
    case 4:
      return change(random.pick(['PLTE', 'tRNS', 'IDAT']), (data) => data.slice(0, random.below(data.length + 1)));
    case 5: {
      // Data in many small chunks, or not in one run.
      const size = random.pick([1, 2, 30]);
      return chunks.flatMap((chunk) =>
        chunk.type === 'IDAT' ? pieces(chunk, size, random.isOneIn(5) ? random.pick(ANCILLARY) : undefined) : [chunk],
      );
    }
    case 6: {
      const count = random.isOneIn(200) ? 4000 : 1;
      const data = random.isOneIn(2) ? random.bytes(random.below(40)) : concat(ascii('infnet\0\0'), bomb(random));
      const more = new Array<Chunk>(count).fill({ type: random.pick(ANCILLARY), data });
      const at = random.below(chunks.length + 1);
      return [...chunks.slice(0, at), ...more, ...chunks.slice(at)];
    }
    case 7:
      return change('IDAT', () => bomb(random));
    default: {
      const chunk = random.pick(chunks);
      return chunks.map((one) => (one === chunk ? { type: one.type, data: mutateBytes(one.data, random) } : one));
    }
  }
}

function changedHeader(data: Uint8Array, random: Random): Uint8Array {
  const out = concat(data, new Uint8Array(Math.max(0, 13 - data.length)));
  const [type, depth] = random.pick(KINDS);
  const field = random.below(4);
  if (field < 2) out.set(big(4, random.isOneIn(2) ? 1 + random.below(80) : random.pick(EDGES)), 4 * field);
  else if (field === 2) out.set([depth, type], 8);
  else out[12] = random.below(3);
  return out;
}

function inflated(data: Uint8Array): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: 2 ** 20 });
  } catch {
    return new Uint8Array(100);
  }
}

/** Much of nothing. */
function bomb(random: Random): Uint8Array {
  return deflateSync(new Uint8Array(random.pick([1000, 70_000, random.isOneIn(60) ? 4_000_000 : 5000])), { level: 1 });
}

function pieces({ type, data }: Chunk, size: number, between?: string): Chunk[] {
  const out: Chunk[] = [];
  for (let at = 0; at < data.length; at += size) out.push({ type, data: data.subarray(at, at + size) });
  if (between !== undefined) out.splice(1, 0, { type: between, data: new Uint8Array(4) });
  return out;
}
