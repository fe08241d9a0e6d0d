/**
 * PNG to samples. Frame, checksums and size come first (`png-chunks.ts`); the compressed data are inflated into exactly
 * the bytes that the header calls for, so that a small file cannot fill the memory and missing rows are not silently
 * black; then filters and passes are undone (`png-rows.ts`), and samples below 8 bit and palettes expanded.
 */
import { Unzlib } from 'fflate';
import type { DecodedImage } from '../image.js';
import type { DataNote } from '../notes.js';
import { checkLimits, type SizeLimits } from './limits.js';
import { CHANNELS, corrupt, type PngChunk, readPngChunks, readPngHeader } from './png-chunks.js';
import { inflatedSize, samplesOf } from './png-rows.js';

/** Chunks that may stand once: with two of them there are two pictures, and nobody knows which is meant. */
const ONCE = ['IHDR', 'PLTE', 'tRNS'] as const;

/** Decodes a PNG file; see {@link decodeImage}. */
export function decodePng(bytes: Uint8Array, where: string, limits: SizeLimits): DecodedImage {
  const header = readPngHeader(bytes, where);
  const { width, height, bitDepth, colourType } = header;
  checkLimits(width, height, where, limits);
  const chunks = readPngChunks(bytes, where);
  for (const type of ONCE) {
    const count = chunks.filter((chunk) => chunk.type === type).length;
    if (count > 1) throw corrupt(where, `The PNG has ${count} chunks ${type}; there may be one.`);
  }
  if (colourType === 3 && !chunks.some((chunk) => chunk.type === 'PLTE')) {
    throw corrupt(where, 'The PNG uses a palette but has none (no PLTE chunk).');
  }
  const { raw, notes } = inflate(bytes, chunks, inflatedSize(header), where);
  const noted = notes.length > 0 ? { notes } : {};
  const samples = samplesOf(raw, header, where);
  if (samples instanceof Uint16Array) {
    return { width, height, channels: CHANNELS[colourType], depth: 16, data: samples, format: 'png', ...noted };
  }
  if (colourType === 3) {
    const palette = readPalette(bytes, chunks, where);
    const channels = palette[0]?.length === 4 ? 4 : 3;
    const data = lookUp(samples, palette, channels, where);
    return { width, height, channels, depth: 8, data, format: 'png', indices: samples, palette, ...noted };
  }
  stretch(samples, bitDepth);
  return { width, height, channels: CHANNELS[colourType], depth: 8, data: samples, format: 'png', ...noted };
}

interface Inflated {
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly notes: readonly DataNote[];
}

/**
 * The picture's data, `expected` bytes; what the file has more of is told and left aside, and no more of it is
 * inflated.
 */
function inflate(bytes: Uint8Array, chunks: readonly PngChunk[], expected: number, where: string): Inflated {
  const raw = new Uint8Array(expected);
  let total = 0;
  const inflator = new Unzlib((piece) => {
    if (total < expected) raw.set(piece.subarray(0, expected - total), total);
    total += piece.length;
  });
  const step = 1 << 14;
  try {
    for (const { type, start, length } of chunks) {
      if (type !== 'IDAT') continue;
      for (let at = 0; at < length && total <= expected; at += step) {
        inflator.push(bytes.subarray(start + 8 + at, start + 8 + Math.min(length, at + step)), false);
      }
    }
    // With all of it there, how the stream ends is of no importance.
    if (total < expected) inflator.push(new Uint8Array(0), true);
  } catch (cause) {
    if (total < expected) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw corrupt(where, `The PNG data cannot be decompressed: ${reason}.`, {}, cause);
    }
  }
  if (total < expected) {
    const message = `The PNG data decompresses to only ${total} bytes, its header calls for ${expected}.`;
    throw corrupt(where, message, { expected });
  }
  if (total === expected) return { raw, notes: [] };
  const message = `it has more data than its ${expected} bytes of picture; they are left aside`;
  return { raw, notes: [{ code: 'PNG_SURPLUS', message }] };
}

/** RGB, or RGBA where the file says how clear its colours are. */
function readPalette(bytes: Uint8Array, chunks: readonly PngChunk[], where: string): number[][] {
  const body = (type: string): Uint8Array | undefined => {
    const chunk = chunks.find((one) => one.type === type);
    return chunk === undefined ? undefined : bytes.subarray(chunk.start + 8, chunk.start + 8 + chunk.length);
  };
  const colours = body('PLTE') as Uint8Array;
  const clear = body('tRNS');
  if (colours.length % 3 !== 0 || colours.length > 3 * 256) {
    throw corrupt(where, `The palette of the PNG has ${colours.length} bytes; up to 256 colours have 3 each.`);
  }
  return Array.from({ length: colours.length / 3 }, (_, i) => [
    ...colours.subarray(3 * i, 3 * i + 3),
    ...(clear === undefined ? [] : [clear[i] ?? 255]),
  ]);
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

/** Greys of fewer bits onto 0..255, in place. */
function stretch(samples: Uint8Array, bits: number): void {
  if (bits === 8) return;
  const step = 255 / (2 ** bits - 1);
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] as number) * step;
}
