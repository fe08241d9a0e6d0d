/**
 * Provenance in files: into PNG, and out of PNG and NIfTI. What volumes get is written by `NiftiEncoder` (`comment`).
 */
import { isInfnetError } from '@infnet/errors';
import { joined, PNG_SIGNATURE, startsWith } from './bytes.js';
import type { DataSource } from './dataset/source.js';
import { type PngChunk, pngChunks } from './decode/png-chunks.js';
import { gunzip, isGzip } from './nifti/gunzip.js';
import { HEADER_BYTES, parseHeader } from './nifti/header.js';
import { pngChunk } from './png.js';
import { decodeProvenance, encodeProvenance, PROVENANCE_KEYWORD, type Provenance } from './provenance.js';

/** Header extensions hold little; a damaged length must not make all of a volume be decoded. */
const MOST_EXTENSIONS = 1 << 20;

/**
 * The PNG file with a text: an international text chunk (`iTXt`, UTF-8, not compressed) after the header. One of the
 * same name is replaced; pixels and all other chunks stay as they are. With `undefined` the text is taken out.
 *
 * @param png whole, as `encodePng` gives it
 * @throws InfnetError `DATA_TRUNCATED`, `DATA_CORRUPT` for a file that is not a whole PNG
 */
export function withPngText(png: Uint8Array, keyword: string, text: string | undefined): Uint8Array {
  const kept = [...pngChunks(png, 'the picture')].filter((one) => textOf(png, one, keyword) === undefined);
  const parts = kept.map(({ start, length }) => png.subarray(start, start + 12 + length));
  if (text !== undefined) {
    // Keyword, end, not compressed, method 0, no language, no translated keyword.
    parts.splice(1, 0, pngChunk('iTXt', new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`)));
  }
  return joined([png.subarray(0, 8), ...parts]);
}

/** The text of that name in a PNG file, if {@link withPngText} wrote one. @throws InfnetError as `withPngText` */
export function pngText(png: Uint8Array, keyword: string): string | undefined {
  for (const one of pngChunks(png, 'the picture')) {
    const text = textOf(png, one, keyword);
    if (text !== undefined) return text;
  }
  return undefined;
}

function textOf(png: Uint8Array, { type, start, length }: PngChunk, keyword: string): string | undefined {
  const head = `${keyword}\0\0\0\0\0`;
  if (type !== 'iTXt' || length < head.length) return undefined;
  const data = png.subarray(start + 8, start + 8 + length);
  for (let i = 0; i < head.length; i++) if (data[i] !== head.charCodeAt(i)) return undefined;
  return new TextDecoder().decode(data.subarray(head.length));
}

/** The PNG file with where it comes from. @throws InfnetError as {@link withPngText} */
export function stampPng(png: Uint8Array, provenance: Provenance): Uint8Array {
  return withPngText(png, PROVENANCE_KEYWORD, encodeProvenance(provenance));
}

/**
 * Where a result comes from: of a mask, probability or overlay (PNG), or of a volume (NIfTI, compressed or not).
 * Undefined where the file does not say, and for other files.
 *
 * @throws InfnetError `DATA_...` for a damaged file
 */
export function readProvenance(bytes: Uint8Array): Provenance | undefined {
  if (startsWith(bytes, PNG_SIGNATURE)) {
    const text = pngText(bytes, PROVENANCE_KEYWORD);
    return text === undefined ? undefined : decodeProvenance(text);
  }
  for (const text of niftiComments(bytes)) {
    const provenance = decodeProvenance(text);
    if (provenance !== undefined) return provenance;
  }
  return undefined;
}

/** Of a picture that a program drew, in its file: the standard's keyword for what it was taken with. */
const SOURCE = 'Source';
const PHANTOM = 'infnet phantom';

/**
 * The PNG file of a phantom, saying that it is one: weights that learn from it must not be taken for weights of
 * patients' slices.
 */
export function markPhantom(png: Uint8Array, seed: number): Uint8Array {
  return withPngText(png, SOURCE, `${PHANTOM}, seed ${seed}`);
}

/** Whether a file says that it is a phantom's picture. A damaged file says nothing. */
export function isPhantom(bytes: Uint8Array): boolean {
  if (!startsWith(bytes, PNG_SIGNATURE)) return false;
  try {
    return pngText(bytes, SOURCE)?.startsWith(PHANTOM) === true;
  } catch (error) {
    if (isInfnetError(error)) return false;
    throw error;
  }
}

/** Notes which files that are read from a source are phantoms, by their names without folder and ending. */
export function watchPhantoms(source: DataSource): {
  readonly source: DataSource;
  readonly phantoms: ReadonlySet<string>;
} {
  const phantoms = new Set<string>();
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await source.read(path);
    const file = path.split(/[\\/]/).at(-1) ?? path;
    if (isPhantom(bytes)) phantoms.add(file.replace(/\.[^.]+$/, '').normalize('NFC'));
    return bytes;
  };
  return { source: { name: source.name, list: () => source.list(), read }, phantoms };
}

/** Comments (code 6) among the header extensions of a NIfTI file; none for what is not a NIfTI file. */
function niftiComments(bytes: Uint8Array): string[] {
  const start = beginning(bytes, HEADER_BYTES[2] + 4);
  if (start.length < HEADER_BYTES[1]) return [];
  // It begins with the header's own length, in either byte order.
  const own = new DataView(start.buffer, start.byteOffset, 4);
  const lengths: readonly number[] = [HEADER_BYTES[1], HEADER_BYTES[2]];
  if (![own.getInt32(0, true), own.getInt32(0, false)].some((length) => lengths.includes(length))) return [];
  const { version, littleEndian, dataOffset } = parseHeader(start, 'the volume');
  const header = beginning(bytes, Math.min(dataOffset, MOST_EXTENSIONS));
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const first = HEADER_BYTES[version];
  const comments: string[] = [];
  if (header[first] === 0) return comments;
  for (let at = first + 4; at + 8 <= header.length; ) {
    const size = view.getInt32(at, littleEndian);
    if (size < 16 || at + size > header.length) break;
    if (view.getInt32(at + 4, littleEndian) === 6) {
      const text = new TextDecoder().decode(header.subarray(at + 8, at + size));
      comments.push(text.replace(/\0+$/, ''));
    }
    at += size;
  }
  return comments;
}

/** The first bytes of a file, decompressed. */
function beginning(bytes: Uint8Array, count: number): Uint8Array {
  if (!isGzip(bytes)) return bytes.subarray(0, count);
  const out = new Uint8Array(count);
  let filled = 0;
  gunzip(bytes, 'the volume', (piece) => {
    const part = piece.subarray(0, count - filled);
    out.set(part, filled);
    filled += part.length;
    return filled < count;
  });
  return out.subarray(0, filled);
}
