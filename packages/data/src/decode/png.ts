/**
 * PNG to samples. Frame, checksums and size come first (`png-chunks.ts`); what the header calls for is compared with
 * what the compressed data can hold, and where that is a large picture of a small file, with what they do hold, before
 * memory is taken; then the data are inflated into rows (`png-rows.ts`), and samples below 8 bit and palettes expanded.
 */
import { type Inflated as InflatedStream, Inflater } from '@infnet/inflate';
import type { DecodedImage } from '../image.js';
import type { DataNote } from '../notes.js';
import { checkExpansion, checkLimits, isHeldLater, MAX_EXPANSION, type SizeLimits } from './limits.js';
import { CHANNELS, corrupt, type PngHeader, pngChunks, readPngHeader } from './png-chunks.js';
import { inflatedSize, PngRows } from './png-rows.js';

/** Beyond 64 MiB a picture may be so many times its file. */
const EXPANSION = 32;

/** Decodes a PNG file; see {@link decodeImage}. */
export function decodePng(bytes: Uint8Array, where: string, limits: SizeLimits): DecodedImage {
  const header = readPngHeader(bytes, where);
  const { width, height, bitDepth, colourType } = header;
  checkLimits(width, height, where, limits);
  const { palette, data: compressed } = readFrame(bytes, header, where);
  const held = width * height * bytesOfPixel(header, palette);
  const rows = (): PngRows => {
    checkExpansion(held, bytes.length, EXPANSION, where, limits);
    return new PngRows(header, where);
  };
  const isLate = isHeldLater(held, bytes.length);
  const { samples, notes } = inflate(compressed, header, isLate, rows, where);
  const common = { width, height, format: 'png' as const, ...(notes.length > 0 ? { notes } : {}) };
  if (samples instanceof Uint16Array) return { ...common, channels: CHANNELS[colourType], depth: 16, data: samples };
  if (palette !== undefined) {
    const channels = palette[0]?.length === 4 ? 4 : 3;
    const data = lookUp(samples, palette, channels, where);
    return { ...common, channels, depth: 8, data, indices: samples, palette };
  }
  stretch(samples, bitDepth);
  return { ...common, channels: CHANNELS[colourType], depth: 8, data: samples };
}

/** As it is held: samples below 8 bit take a byte, and of a palette there are the indices and the colours. */
function bytesOfPixel({ bitDepth, colourType }: PngHeader, palette: Frame['palette']): number {
  if (palette !== undefined) return 1 + (palette[0]?.length ?? 3);
  return CHANNELS[colourType] * (bitDepth === 16 ? 2 : 1);
}

interface Frame {
  /** Of a picture with a palette. */
  readonly palette: number[][] | undefined;
  /** The zlib stream. */
  readonly data: Uint8Array;
}

function readFrame(bytes: Uint8Array, { colourType }: PngHeader, where: string): Frame {
  let [first, pieces, length] = [0, 0, 0];
  const body = new Map<string, Uint8Array>();
  for (const chunk of pngChunks(bytes, where)) {
    const start = chunk.start + 8;
    if (chunk.type === 'IDAT') {
      if (pieces++ === 0) first = start;
      length += chunk.length;
    } else if (chunk.type === 'PLTE' || chunk.type === 'tRNS') {
      if (pieces > 0) throw corrupt(where, `The PNG has its chunk ${chunk.type} after the data that need it.`);
      body.set(chunk.type, bytes.subarray(start, start + chunk.length));
    }
  }
  const palette = colourType === 3 ? readPalette(body.get('PLTE'), body.get('tRNS'), where) : undefined;
  return { palette, data: pieces === 1 ? bytes.subarray(first, first + length) : joined(bytes, first, pieces, length) };
}

/** The contents of so many chunks in a row. */
function joined(bytes: Uint8Array, first: number, pieces: number, length: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Uint8Array(length);
  for (let n = 0, from = first, to = 0; n < pieces; n++) {
    const count = view.getUint32(from - 8);
    out.set(bytes.subarray(from, from + count), to);
    from += count + 12;
    to += count;
  }
  return out;
}

interface Inflated {
  readonly samples: PngRows['samples'];
  readonly notes: readonly DataNote[];
}

/**
 * What the file has more of is told and left aside, and no more of it is inflated.
 *
 * @param isLate whether all of it must be there before memory is taken
 * @param makeRows takes the memory
 */
function inflate(
  data: Uint8Array,
  header: PngHeader,
  isLate: boolean,
  makeRows: () => PngRows,
  where: string,
): Inflated {
  const expected = inflatedSize(header);
  const [method = 0, flags = 0] = data;
  if (data.length > 0 && ((method & 15) !== 8 || method >> 4 > 7 || (method * 256 + flags) % 31 || flags & 32)) {
    throw corrupt(where, 'The PNG data cannot be decompressed: invalid zlib data.');
  }
  if (data.length * MAX_EXPANSION < expected) throw tooShort(where, `${data.length} compressed bytes`, expected);
  const inflater = new Inflater();
  const isMore = ({ status, total, reason }: InflatedStream): boolean => {
    // With all of it there, how the stream ends is of no importance.
    if (total >= expected) return total > expected || status === 'stopped';
    if (status === 'damaged') throw corrupt(where, `The PNG data cannot be decompressed: ${reason}.`);
    throw tooShort(where, `only ${total} bytes`, expected);
  };
  if (isLate) isMore(inflater.count(data, 2, expected));
  const rows = makeRows();
  let needsMore = true;
  const stream = inflater.run(data, 2, (piece) => {
    if (!needsMore) return false;
    needsMore = rows.take(piece);
    return true;
  });
  if (!isMore(stream)) return { samples: rows.samples, notes: [] };
  const message = `it has more data than its ${expected} bytes of picture; they are left aside`;
  return { samples: rows.samples, notes: [{ code: 'PNG_SURPLUS', message }] };
}

function tooShort(where: string, holds: string, expected: number): Error {
  const message = `The PNG data decompresses to ${holds}, its header calls for ${expected}.`;
  return corrupt(where, message, { expected });
}

/** RGB, or RGBA where the file says how clear its colours are. */
function readPalette(colours: Uint8Array | undefined, clear: Uint8Array | undefined, where: string): number[][] {
  if (colours === undefined) throw corrupt(where, 'The PNG uses a palette but has none (no PLTE chunk).');
  if (colours.length % 3 !== 0 || colours.length > 3 * 256) {
    throw corrupt(where, `The palette of the PNG has ${colours.length} bytes; up to 256 colours have 3 each.`);
  }
  return Array.from({ length: colours.length / 3 }, (_, i) => [
    ...colours.subarray(3 * i, 3 * i + 3),
    ...(clear === undefined ? [] : [clear[i] ?? 255]),
  ]);
}

function lookUp(indices: Uint8Array, palette: readonly number[][], channels: 3 | 4, where: string): Uint8Array {
  const beyond = indices.findIndex((index) => index >= palette.length);
  if (beyond >= 0) {
    throw corrupt(where, `Pixel ${beyond} uses colour ${indices[beyond]} of a palette with ${palette.length} colours.`);
  }
  const colours = Uint8Array.from(palette.flat());
  const out = new Uint8Array(indices.length * channels);
  for (let i = 0, to = 0; i < indices.length; i++, to += channels) {
    const from = (indices[i] as number) * channels;
    for (let c = 0; c < channels; c++) out[to + c] = colours[from + c] as number;
  }
  return out;
}

/** Greys of fewer bits onto 0..255, in place. */
function stretch(samples: Uint8Array, bits: number): void {
  if (bits === 8) return;
  const step = 255 / (2 ** bits - 1);
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] as number) * step;
}
