/** The frame of a JPEG file: its segments, and size, components and kind from the frame header (SOF). */
import { dataError } from '../errors.js';

export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 colour. */
  readonly components: number;
  /** Bits per sample as stored. */
  readonly precision: number;
  /** Low four bits of the SOF marker: 0 baseline, 1 extended, 2 progressive, 3 lossless, 9 and up arithmetic. */
  readonly kind: number;
  readonly planes: readonly JpegPlane[];
}

/** A component of the picture: its number in scans, and its sampling factors across and down. */
export interface JpegPlane {
  readonly id: number;
  readonly across: number;
  readonly down: number;
}

const SOI = 0xd8;
const EOI = 0xd9;
export const SOS = 0xda;

/** The markers SOF0 to SOF15, among which are three others. */
export function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Reads up to the frame header. Throws `DATA_TRUNCATED` or `DATA_CORRUPT`. */
export function readJpegHeader(bytes: Uint8Array, where: string): JpegHeader {
  for (const { marker, start, end } of segments(bytes, where)) {
    if (isFrame(marker)) {
      const components = bytes[start + 7] as number;
      if (end - start < 8 + 3 * components) throw jpegCorrupt(where, 'The JPEG frame header is too short.');
      return {
        planes: Array.from({ length: components }, (_, n) => {
          const at = start + 8 + 3 * n;
          const sampling = bytes[at + 1] as number;
          return { id: bytes[at] as number, across: sampling >> 4, down: sampling & 15 };
        }),
        precision: bytes[start + 2] as number,
        height: word(bytes, start + 3),
        width: word(bytes, start + 5),
        components,
        kind: marker & 15,
      };
    }
    if (marker === SOS) throw jpegCorrupt(where, 'The JPEG has picture data but no frame header before it.');
  }
  throw jpegCorrupt(where, 'The JPEG ends without a picture.');
}

/**
 * What the EXIF data say of how the picture is to be turned: 1 to 8, 1 for not at all; `undefined` where they say
 * nothing.
 */
export function exifOrientation(bytes: Uint8Array): number | undefined {
  for (const { marker, start, end } of segments(bytes, '')) {
    if (marker === SOS) return undefined;
    const tiff = start + 8;
    const isExif = marker === 0xe1 && String.fromCharCode(...bytes.subarray(start + 2, tiff)) === 'Exif\0\0';
    if (!isExif || end < tiff + 10) continue;
    // TIFF: byte order, 42, where the directory is; there a count and entries of 12 bytes.
    const view = new DataView(bytes.buffer, bytes.byteOffset + tiff, end - tiff);
    const little = view.getUint8(0) === 0x49;
    const directory = view.getUint32(4, little);
    if (directory + 2 > view.byteLength) continue;
    const entries = view.getUint16(directory, little);
    for (let n = 0, at = directory + 2; n < entries && at + 12 <= view.byteLength; n++, at += 12) {
      if (view.getUint16(at, little) === 0x0112) return view.getUint16(at + 8, little);
    }
  }
  return undefined;
}

export interface Segment {
  readonly marker: number;
  /** First byte of the length field. */
  readonly start: number;
  /** First byte after the segment, not counting a scan's entropy-coded data. */
  readonly end: number;
}

/** The marker segments after SOI, up to EOI. */
export function* segments(bytes: Uint8Array, where: string): Generator<Segment> {
  let at = 2;
  while (true) {
    // Entropy-coded data and stray bytes run up to the next 0xff that is neither stuffed (0xff00) nor a restart marker.
    while (at + 1 < bytes.length && !(bytes[at] === 0xff && isMarker(bytes[at + 1] as number))) at++;
    if (at + 1 >= bytes.length) throw jpegTruncated(where, bytes.length);
    const marker = bytes[at + 1] as number;
    at += 2;
    if (marker === EOI) return;
    if (marker === SOI || marker === 0x01) continue;
    if (at + 2 > bytes.length) throw jpegTruncated(where, bytes.length);
    const end = at + word(bytes, at);
    if (end < at + 2) throw jpegCorrupt(where, `The JPEG segment at byte ${at - 2} has length ${end - at}.`);
    if (end > bytes.length) throw jpegTruncated(where, bytes.length);
    yield { marker, start: at, end };
    at = end;
  }
}

function isMarker(byte: number): boolean {
  return byte !== 0x00 && byte !== 0xff && !(byte >= 0xd0 && byte <= 0xd7);
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function jpegTruncated(where: string, length: number): Error {
  return dataError({
    code: 'DATA_TRUNCATED',
    message: `The JPEG file ends after ${length} bytes, before its end marker: part of the picture is missing.`,
    where,
    fix: 'Copy or download the file again.',
    details: { length },
  });
}

export function jpegCorrupt(where: string, message: string, cause?: unknown): Error {
  return dataError({ code: 'DATA_CORRUPT', message, where, fix: 'Copy or export the file again.', cause });
}
