/** Writing PNG files. No time stamps, no texts: the same picture gives the same bytes everywhere. */
import { encode } from 'fast-png';
import { dataError } from './errors.js';
import { checkSize } from './image.js';

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
