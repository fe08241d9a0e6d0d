/**
 * JPEG to samples with MozJPEG's decoder as WebAssembly (`@jsquash/jpeg`): the same code in Node and in browsers, and
 * the same integer arithmetic as libjpeg-turbo, so its samples are those the reference saw.
 *
 * libjpeg reports damage as warnings and carries on. The warnings are collected, and those that mean wrong pixels
 * become errors. After a fatal error the WebAssembly instance is gone; the next file gets a new one.
 */
import { dataError } from '../errors.js';
import type { DecodedImage } from '../image.js';
import type { DataNote } from '../notes.js';
import { exifOrientation, jpegCorrupt, jpegTruncated, readJpegHeader } from './jpeg-header.js';
import { checkJpegScans } from './jpeg-scans.js';
import { type JpegCodec, jpegCodec, resetJpegCodec } from './jpeg-wasm.js';
import { checkExpansion, checkLimits, type SizeLimits } from './limits.js';

/** Pixels from which an instance is not kept. */
const LARGE = 2 ** 22;

/**
 * The decoder makes RGBA of every picture. Beyond 64 MiB of it (16 million pixels) it may be so many times the file:
 * half a bit for a pixel, which the worst quality of a real picture has.
 */
const EXPANSION = 64;

/** Decodes a JPEG file; see {@link decodeImage}. */
export async function decodeJpeg(bytes: Uint8Array, where: string, limits: SizeLimits): Promise<DecodedImage> {
  const header = readJpegHeader(bytes, where);
  const { width, height, components, precision, kind } = header;
  if (precision !== 8 || kind > 2 || (components !== 1 && components !== 3)) {
    const what =
      precision !== 8
        ? `${precision} bits per sample`
        : kind > 2
          ? `coding process ${kind} (lossless, hierarchical or arithmetic)`
          : `${components} components (CMYK perhaps)`;
    throw dataError({
      code: 'DATA_UNSUPPORTED',
      message: `The JPEG has ${what}; read are 8-bit baseline and progressive files, grey or colour.`,
      where,
      fix: 'Convert it to PNG or to an ordinary grey or RGB JPEG.',
      details: { precision, kind, components },
    });
  }
  checkLimits(width, height, where, limits);
  checkJpegScans(bytes, header, where);

  checkExpansion(4 * width * height, bytes.length, EXPANSION, where, limits);

  const channels = components as 1 | 3;
  const codec = await jpegCodec();
  const { data, notes } = run(codec, bytes, channels, where);
  // WebAssembly's memory grows and never shrinks: a large picture's goes with its instance.
  if (width * height > LARGE) resetJpegCodec();
  const turn = exifOrientation(bytes);
  if (turn !== undefined && turn !== 1) {
    const message = `its EXIF data ask for a turned or mirrored picture (orientation ${turn}); it is taken as stored`;
    notes.push({ code: 'JPEG_ORIENTATION', message });
  }
  if (data.length !== width * height * channels) {
    throw jpegCorrupt(where, `The JPEG decoder delivered ${data.length} samples for ${width}x${height} pixels.`);
  }
  return { width, height, channels, depth: 8, data, format: 'jpeg', ...(notes.length > 0 ? { notes } : {}) };
}

interface Decoded {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly notes: DataNote[];
}

/** One synchronous decode, so that the messages collected are this file's. */
function run(codec: JpegCodec, bytes: Uint8Array, channels: 1 | 3, where: string): Decoded {
  codec.messages.length = 0;
  let data: Decoded['data'];
  try {
    data = codec.decode(bytes, channels);
  } catch (cause) {
    resetJpegCodec();
    const said = codec.messages.length > 0 ? codec.messages.join('; ') : String(cause);
    throw jpegCorrupt(where, `The JPEG cannot be decoded: ${said}.`, cause);
  }
  const stray: string[] = [];
  for (const message of codec.messages) {
    if (/premature end/i.test(message)) throw jpegTruncated(where, bytes.length);
    // Stray bytes between segments are harmless and common; everybody passes over them. Anything else that libjpeg
    // calls corrupt means wrong pixels.
    if (/extraneous bytes before marker/i.test(message)) stray.push(message.replace(/^.*?: /, ''));
    else if (/corrupt/i.test(message)) throw jpegCorrupt(where, `The JPEG is damaged: ${message}.`);
  }
  if (stray.length === 0) return { data, notes: [] };
  const shown = `${stray.slice(0, 3).join('; ')}${stray.length > 3 ? '; ...' : ''}`;
  // Before a restart marker (d0 to d7) they lie within the picture data, where damage may have made them.
  const within = stray.some((one) => /marker 0xd[0-7]/i.test(one)) ? ', some of them within the picture data' : '';
  const message = `it has stray bytes between its segments (${shown})${within}; they are passed over`;
  return { data, notes: [{ code: 'JPEG_STRAY_BYTES', message }] };
}
