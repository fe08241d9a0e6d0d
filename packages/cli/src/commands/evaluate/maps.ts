/**
 * Grey pictures to numbers: probability maps, and the masks they are compared with.
 *
 * A map is brought to the size of its mask, never the mask to the map's. The paper's tool uses MATLAB's bicubic imresize there
 * (quirk 29); here it is bilinear with half-pixel centres, which is what `infnet segment` does. With the conventions
 * `as-released` an 8-bit map is rounded to 8 bits again afterwards, because the tool writes the resized picture back to its file.
 */
import { type DecodedImage, decodeImage, type GreyImage, resizeBilinearFloat } from '@infnet/data';
import type { Conventions } from '@infnet/metrics';
import { readFile } from '@infnet/node';
import { cliError } from '../../errors.js';
import type { Truths } from './options.js';

/** A probability map as a file has it: 0..`white` stands for 0..1. Row-major. */
export interface MapPicture {
  readonly width: number;
  readonly height: number;
  readonly white: 255 | 65535;
  readonly data: Uint8Array | Uint16Array;
}

/** Above this a pixel of an 8-bit mask is infected (quirk 29). */
const ABOVE = 128;
const LISTED = 8;

/** @throws InfnetError `FILE_...`, `DATA_...`, `CLI_NOT_GREY` */
export async function readMap(path: string): Promise<MapPicture> {
  return greyOf(await decodeImage(await readFile(path), path), path);
}

/** @throws InfnetError `FILE_...`, `DATA_...`, `CLI_NOT_GREY`, `CLI_NOT_BINARY` */
export async function readTruth(path: string, mode: Truths): Promise<GreyImage> {
  const { width, height, white, data } = greyOf(await decodeImage(await readFile(path), path), path);
  if (mode === 'binary') requireBinary(data, white, path);
  const border = mode === 'nonzero' ? 0 : (ABOVE / 255) * white;
  const infected = Uint8Array.from(data, (v) => (v > border ? 255 : 0));
  return { width, height, channels: 1, data: infected };
}

/** The map at another size, in the form that `@infnet/metrics` takes; at its own size its values are untouched. */
export function mapAt(
  map: MapPicture,
  { width, height }: { readonly width: number; readonly height: number },
  conventions: Conventions,
): Uint8Array | Float64Array {
  const { white, data } = map;
  if (width === map.width && height === map.height) {
    return data instanceof Uint8Array ? data : Float64Array.from(data, (v) => v / white);
  }
  // Resized in whole numbers, which float32 holds exactly, and divided last: so a flat region still meets the threshold of
  // its own value.
  const resized = resizeBilinearFloat({ ...map, data: Float32Array.from(data) }, width, height).data;
  if (conventions === 'as-released' && white === 255) return Uint8Array.from(resized, (v) => Math.round(v));
  return Float64Array.from(resized, (v) => v / white);
}

/** The one channel; colour pictures count as grey when their channels are equal. Alpha is dropped. */
function greyOf({ width, height, channels, depth, data }: DecodedImage, path: string): MapPicture {
  const white = depth === 16 ? 65535 : 255;
  if (channels === 1) return { width, height, white, data };
  const grey = depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  for (let i = 0, from = 0; i < grey.length; i++, from += channels) {
    const value = data[from] as number;
    if (channels > 2 && (data[from + 1] !== value || data[from + 2] !== value)) {
      throw cliError(
        'CLI_NOT_GREY',
        `The picture has colours (first at column ${i % width}, row ${Math.floor(i / width)}), which mean neither a probability nor a mask.`,
        'Give grey pictures, such as the .prob.png or .mask.png of infnet segment; an overlay cannot be scored.',
        { where: path },
      );
    }
    grey[i] = value;
  }
  return { width, height, white, data: grey };
}

function requireBinary(data: Uint8Array | Uint16Array, white: number, path: string): void {
  if (data.every((v) => v === 0 || v === white)) return;
  const values = [...new Set(data)].sort((a, b) => a - b);
  const shown = `${values.slice(0, LISTED).join(', ')}${values.length > LISTED ? ', ...' : ''}`;
  throw cliError(
    'CLI_NOT_BINARY',
    `The mask is not binary: it has the values ${shown} (${values.length} different ones), not only 0 and ${white}.`,
    'Say what its values mean: --masks threshold (above 128 of 255 is infected) or --masks nonzero (above 0).',
    { where: path, details: { values: values.slice(0, 256) } },
  );
}
