/**
 * PNG to samples. fast-png decodes; this module guards it: frame, checksums and size come first (`png-chunks.ts`), the
 * compressed data must inflate to exactly the bytes that the header calls for (so a small file cannot fill the memory,
 * and missing rows are not silently black), and samples below 8 bit and palettes are expanded here.
 */

import { decode } from 'fast-png';
import { Unzlib } from 'fflate';
import type { DecodedImage } from '../image.js';
import { checkLimits, type SizeLimits } from './limits.js';
import {
  CHANNELS,
  corrupt,
  type PngChunk,
  type PngHeader,
  readPngChunks,
  readPngHeader,
  withChunks,
} from './png-chunks.js';
import { ADAM7, unpackInterlaced } from './png-rows.js';

const KEPT = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** Decodes a PNG file; see {@link decodeImage}. */
export function decodePng(bytes: Uint8Array, where: string, limits: SizeLimits): DecodedImage {
  const header = readPngHeader(bytes, where);
  const { width, height, bitDepth, colourType, interlaced } = header;
  checkLimits(width, height, where, limits);
  const chunks = readPngChunks(bytes, where).filter((chunk) => KEPT.has(chunk.type));
  if (colourType === 3 && !chunks.some((chunk) => chunk.type === 'PLTE')) {
    throw corrupt(where, 'The PNG uses a palette but has none (no PLTE chunk).');
  }
  const keep = interlaced && bitDepth < 8 ? new Uint8Array(inflatedSize(header)) : undefined;
  inflate(bytes, chunks, inflatedSize(header), where, keep);
  if (keep !== undefined) {
    const stored = unpackInterlaced(keep, width, height, bitDepth as 1 | 2 | 4, where);
    return expanded(stored, header, colourType === 3 ? readPalette(bytes, chunks, where) : [], where);
  }

  let png: ReturnType<typeof decode>;
  try {
    png = decode(withChunks(bytes, chunks));
  } catch (cause) {
    throw corrupt(where, `The PNG data cannot be decoded: ${reason(cause)}.`, {}, cause);
  }
  const { data } = png;
  if (bitDepth === 16) {
    return { width, height, channels: CHANNELS[colourType], depth: 16, data: data as Uint16Array, format: 'png' };
  }
  const samples =
    bitDepth === 8 ? Uint8Array.from(data) : unpack(data, width, height, bitDepth as Exclude<typeof bitDepth, 8>);
  return expanded(samples, header, png.palette ?? [], where);
}

/** Samples of up to 8 bit as they are stored, to colours, or greys of 8 bit. */
function expanded(
  samples: Uint8Array,
  { width, height, bitDepth, colourType }: PngHeader,
  palette: readonly number[][],
  where: string,
): DecodedImage {
  if (colourType === 3) {
    const channels = palette[0]?.length === 4 ? 4 : 3;
    const colours = lookUp(samples, palette, channels, where);
    return { width, height, channels, depth: 8, data: colours, format: 'png', indices: samples, palette };
  }
  if (bitDepth < 8) {
    const step = 255 / (2 ** bitDepth - 1);
    for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] as number) * step;
  }
  return { width, height, channels: CHANNELS[colourType], depth: 8, data: samples, format: 'png' };
}

/** RGB, or RGBA where the file says how clear its colours are. */
function readPalette(bytes: Uint8Array, chunks: readonly PngChunk[], where: string): number[][] {
  const body = (type: string): Uint8Array | undefined => {
    const chunk = chunks.find((one) => one.type === type);
    return chunk === undefined ? undefined : bytes.subarray(chunk.start + 8, chunk.start + 8 + chunk.length);
  };
  const colours = body('PLTE') as Uint8Array;
  const clear = body('tRNS');
  if (colours.length % 3 !== 0)
    throw corrupt(where, `The palette of the PNG has ${colours.length} bytes, no multiple of 3.`);
  return Array.from({ length: colours.length / 3 }, (_, i) => [
    ...colours.subarray(3 * i, 3 * i + 3),
    ...(clear === undefined ? [] : [clear[i] ?? 255]),
  ]);
}

/** Bytes of all filtered rows, each with its filter byte. */
function inflatedSize({ width, height, bitDepth, colourType, interlaced }: PngHeader): number {
  const bitsPerPixel = bitDepth * CHANNELS[colourType];
  const rows = (w: number, h: number): number => (w === 0 || h === 0 ? 0 : h * (1 + Math.ceil((w * bitsPerPixel) / 8)));
  if (!interlaced) return rows(width, height);
  return ADAM7.reduce(
    (sum, [x, y, dx, dy]) => sum + rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}

/** Inflates, stops as soon as there is too much, and keeps what it gives where there is `keep` for it. */
function inflate(
  bytes: Uint8Array,
  chunks: readonly PngChunk[],
  expected: number,
  where: string,
  keep: Uint8Array | undefined,
): void {
  let total = 0;
  const inflator = new Unzlib((chunk) => {
    if (total + chunk.length <= expected) keep?.set(chunk, total);
    total += chunk.length;
  });
  const slice = 1 << 14;
  try {
    for (const { type, start, length } of chunks) {
      if (type !== 'IDAT') continue;
      for (let at = 0; at < length && total <= expected; at += slice) {
        inflator.push(bytes.subarray(start + 8 + at, start + 8 + Math.min(length, at + slice)), false);
      }
    }
    if (total <= expected) inflator.push(new Uint8Array(0), true);
  } catch (cause) {
    throw corrupt(where, `The PNG data cannot be decompressed: ${reason(cause)}.`, {}, cause);
  }
  if (total === expected) return;
  const found = total > expected ? `more than ${expected}` : `only ${total}`;
  throw corrupt(where, `The PNG data decompresses to ${found} bytes, its header calls for ${expected}.`, { expected });
}

/** One byte per sample from rows of packed 1-, 2- or 4-bit samples, high bits first, each row starting a new byte. */
function unpack(packed: ArrayLike<number>, width: number, height: number, bits: 1 | 2 | 4): Uint8Array {
  const out = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * bits) / 8);
  const mask = 2 ** bits - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      out[y * width + x] = ((packed[y * rowBytes + (bit >> 3)] as number) >> (8 - bits - (bit & 7))) & mask;
    }
  }
  return out;
}

function lookUp(indices: Uint8Array, palette: readonly number[][], channels: 3 | 4, where: string): Uint8Array {
  const out = new Uint8Array(indices.length * channels);
  for (let i = 0; i < indices.length; i++) {
    const colour = palette[indices[i] as number];
    if (colour === undefined) {
      throw corrupt(where, `Pixel ${i} uses colour ${indices[i]} of a palette with ${palette.length} colours.`);
    }
    out.set(colour, i * channels);
  }
  return out;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
