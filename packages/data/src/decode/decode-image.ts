/** Bytes of a file to a picture, by content and never by file name. */
import { dataError } from '../errors.js';
import type { DecodedImage } from '../image.js';
import { formatOf } from './formats.js';
import { decodeJpeg } from './jpeg.js';
import type { SizeLimits } from './limits.js';
import { decodePng } from './png.js';
import { sniff } from './sniff.js';

/**
 * Decodes a PNG or JPEG file, recognised by its first bytes.
 *
 * PNG: 1, 2, 4, 8 and 16 bit; grey, RGB, palette, with or without alpha; interlaced or not. Checksums are verified.
 * JPEG: baseline and progressive, grey and colour, 8 bit; samples equal libjpeg-turbo's (so Pillow's and torchvision's)
 * to the bit; EXIF orientation is ignored, as Pillow does, with a note; stray bytes between segments are passed over,
 * with a note.
 *
 * @param bytes the whole file
 * @param name the file's name, for error messages
 * @throws `DATA_EMPTY`, `DATA_UNKNOWN_FORMAT`, `DATA_TRUNCATED`, `DATA_CORRUPT`, `DATA_UNSUPPORTED`, `DATA_ZERO_SIZE`,
 * `DATA_TOO_SMALL`, `DATA_TOO_LARGE`, `DATA_JPEG_DECODER`
 */
export async function decodeImage(bytes: Uint8Array, name = 'image', limits: SizeLimits = {}): Promise<DecodedImage> {
  if (bytes.length === 0) {
    throw dataError({
      code: 'DATA_EMPTY',
      message: 'The file is empty (0 bytes).',
      where: name,
      fix: 'Copy or export the slice again.',
    });
  }
  switch (sniff(bytes)) {
    case 'png':
      return decodePng(bytes, name, limits);
    case 'jpeg':
      return decodeJpeg(bytes, name, limits);
    default: {
      const format = formatOf(bytes);
      throw dataError({
        code: 'DATA_UNKNOWN_FORMAT',
        message: `The file is neither PNG nor JPEG; it looks like ${format?.name ?? 'something else'}.`,
        where: name,
        fix: format?.advice ?? 'Convert it to PNG (8 or 16 bit, grey or RGB) or JPEG.',
        details: { firstBytes: Array.from(bytes.subarray(0, 8)) },
      });
    }
  }
}
