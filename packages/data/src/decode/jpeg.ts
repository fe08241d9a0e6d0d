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
import { checkLimits, type SizeLimits } from './limits.js';

/** Pixels from which an instance is not kept. */
const LARGE = 2 ** 22;

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

  const codec = await jpegCodec();
  const { rgba, notes } = run(codec, bytes, where);
  // WebAssembly's memory grows and never shrinks: a large picture's goes with its instance.
  if (width * height > LARGE) resetJpegCodec();
  const turn = exifOrientation(bytes);
  if (turn !== undefined && turn !== 1) {
    const message = `its EXIF data ask for a turned or mirrored picture (orientation ${turn}); it is taken as stored`;
    notes.push({ code: 'JPEG_ORIENTATION', message });
  }
  if (rgba.length !== width * height * 4) {
    throw jpegCorrupt(where, `The JPEG decoder delivered ${rgba.length} bytes for ${width}x${height} pixels.`);
  }
  const channels = components as 1 | 3;
  const data = new Uint8Array(width * height * channels);
  if (channels === 1) {
    for (let i = 0; i < data.length; i++) data[i] = rgba[i * 4] as number;
  } else {
    for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
      data[to] = rgba[from] as number;
      data[to + 1] = rgba[from + 1] as number;
      data[to + 2] = rgba[from + 2] as number;
    }
  }
  return { width, height, channels, depth: 8, data, format: 'jpeg', ...(notes.length > 0 ? { notes } : {}) };
}

interface Decoded {
  readonly rgba: ArrayLike<number>;
  readonly notes: DataNote[];
}

/** One synchronous decode, so that the messages collected are this file's. */
function run(codec: JpegCodec, bytes: Uint8Array, where: string): Decoded {
  codec.messages.length = 0;
  let rgba: ArrayLike<number>;
  try {
    rgba = codec.decode(bytes);
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
  if (stray.length === 0) return { rgba, notes: [] };
  const shown = `${stray.slice(0, 3).join('; ')}${stray.length > 3 ? '; ...' : ''}`;
  // Before a restart marker (d0 to d7) they lie within the picture data, where damage may have made them.
  const within = stray.some((one) => /marker 0xd[0-7]/i.test(one)) ? ', some of them within the picture data' : '';
  const message = `it has stray bytes between its segments (${shown})${within}; they are passed over`;
  return { rgba, notes: [{ code: 'JPEG_STRAY_BYTES', message }] };
}
