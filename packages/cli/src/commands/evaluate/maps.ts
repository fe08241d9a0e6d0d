/**
 * Grey pictures to numbers: probability maps, and the masks they are compared with.
 *
 * A map is brought to the size of its mask, never the mask to the map's. The paper's tool uses MATLAB's bicubic
 * imresize there (quirk 29); here it is bilinear with half-pixel centres, which is what `infnet segment` does. With the
 * conventions `as-released` an 8-bit map is rounded to 8 bits again afterwards, because the tool writes the resized
 * picture back to its file.
 */

import type { InfnetError } from '@infnet/core';
import {
  type DecodedImage,
  decodeImage,
  type ForeignMask,
  type GreyImage,
  readMask,
  resizeBilinearFloat,
} from '@infnet/data';
import type { Conventions } from '@infnet/metrics';
import { readFile } from '@infnet/node';
import { noteText } from '../../data-notes.js';
import { cliError } from '../../errors.js';
import type { Truths } from './options.js';

/** A probability map as a file has it: 0..`white` stands for 0..1; floats are of a volume. Row-major. */
export interface MapPicture {
  readonly width: number;
  readonly height: number;
  readonly white: 1 | 255 | 65535;
  readonly data: Uint8Array | Uint16Array | Float32Array;
}

/** Above this a soft mask counts as infected, as in the validation of a training (quirk 29). */
const ABOVE = 128;

/** A file's content, and what was noticed in it. */
export interface Noted<T> {
  readonly content: T;
  readonly notes: readonly string[];
}

/** @throws InfnetError `FILE_...`, `DATA_...`, `CLI_NOT_GREY` */
export async function readMap(path: string): Promise<Noted<MapPicture>> {
  const picture = await decodeImage(await readFile(path), path);
  return { content: greyOf(picture, path), notes: (picture.notes ?? []).map(noteText) };
}

/** @throws InfnetError `FILE_...`, `DATA_...`, `CLI_NOT_BINARY` */
export async function readTruth(path: string, mode: Truths): Promise<Noted<GreyImage>> {
  const picture = await decodeImage(await readFile(path), path);
  const { mask, foreign, odd } = readMask(picture, mode);
  if (foreign !== undefined) throw notBinary(foreign, mode, path);
  const content = scoredTruth(mask);
  const notes = (picture.notes ?? []).map(noteText);
  if (odd !== undefined) notes.push(odd);
  return { content, notes };
}

/** What is infected by a mask as `@infnet/data` reads it: 255, also where a soft mask is above half. */
export function scoredTruth(mask: GreyImage): GreyImage {
  return { ...mask, data: mask.data.map((v) => (v > ABOVE ? 255 : 0)) };
}

export function notBinary({ note, fix }: ForeignMask, mode: Truths, where: string): InfnetError {
  const message = `The mask's values are not as --masks ${mode} has them: ${note.replace(/\.+$/, '...')}.`;
  return cliError('CLI_NOT_BINARY', message.replace('....', '...'), fix, { where });
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
  // Resized in whole numbers, which float32 holds exactly, and divided last: so a flat region still meets the threshold
  // of its own value.
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
