/**
 * Writing PNG files. No time stamps: the same picture gives the same bytes everywhere. Texts are put in by
 * `provenance-files.ts`.
 */
import { crc32 } from '@infnet/inflate';
import { encode } from 'fast-png';
import { zlibSync } from 'fflate';
import { joined, PNG_SIGNATURE } from './bytes.js';
import { dataError } from './errors.js';
import { checkSize, type GreyImage } from './image.js';

/** A picture to write: bytes for 8 bit, a `Uint16Array` for 16 bit; interleaved, row-major. */
export interface PngSource {
  readonly width: number;
  readonly height: number;
  /** 1 grey (default), 3 RGB. */
  readonly channels?: 1 | 3;
  readonly data: Uint8Array | Uint16Array;
}

/** The bytes of a PNG file: grey or RGB, 8 or 16 bit. */
export function encodePng(image: PngSource): Uint8Array {
  const { width, height, channels = 1, data } = image;
  checkSize({ width, height, channels, data }, 'picture to write');
  if (channels !== 1 && channels !== 3) {
    throw dataError({ code: 'DATA_ARGUMENT', message: `PNG files are written with 1 or 3 channels, not ${channels}.` });
  }
  const depth = data instanceof Uint16Array ? 16 : 8;
  return encode({ width, height, channels, depth, data }, { zlib: { level: 9 } });
}

/**
 * The bytes of a palette PNG, 8 bit: `image` holds indices into `palette` (RGB, at most 256 colours).
 *
 * @throws `DATA_ARGUMENT` for an index without a colour
 */
export function encodeIndexedPng(
  image: GreyImage,
  palette: readonly (readonly [number, number, number])[],
): Uint8Array {
  const { width, height, data } = image;
  checkSize(image, 'picture to write');
  const beyond = data.find((index) => index >= palette.length);
  if (beyond !== undefined || palette.length > 256) {
    const what = beyond === undefined ? 'is too long: 256 is the most' : `has no colour ${beyond}`;
    throw dataError({ code: 'DATA_ARGUMENT', message: `The palette of ${palette.length} colours ${what}.` });
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3, 0, 0, 0], 8);
  // Every row after a filter byte of 0: palettes compress best unfiltered.
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return joined([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    pngChunk('PLTE', Uint8Array.from(palette.flat())),
    pngChunk('IDAT', zlibSync(rows, { level: 9 })),
    pngChunk('IEND', new Uint8Array(0)),
  ]);
}

/** A chunk of a PNG file: length, type, data, checksum. */
export function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}
