/**
 * Masks and probabilities as NIfTI volumes that lie exactly on the volume they were made from.
 *
 * The header is that volume's, byte for byte, where it says how the voxels lie: dimensions, voxel sizes, units, qform,
 * sform, byte order, version. What it says of the values is replaced: type, scaling, display range, intent,
 * description; file names and free texts are emptied, and its extensions left out, since they may name the patient. No
 * time stamps: the same voxels give the same bytes.
 *
 * Slices go in one after the other, and what is kept of them is compressed, so that a volume need not be held twice.
 */
import { Gzip } from 'fflate';
import { joined } from '../bytes.js';
import { dataError } from '../errors.js';
import { isLittleEndianMachine, swapBytes } from './datatypes.js';
import { HEADER_BYTES } from './header.js';
import type { VolumeHeader } from './volume.js';

/** `uint8` for masks (0 and 1), `float32` for probabilities. */
export type MapDatatype = 'uint8' | 'float32';

export interface NiftiWriteOptions {
  /** `.nii.gz` (default) or `.nii`. */
  readonly gzip?: boolean;
  /** Up to 79 ASCII characters for `descrip`. Default `'infnet'`. */
  readonly description?: string;
  /** Written whole into a header extension (code 6, a comment); readers that do not want it skip it. Default: none. */
  readonly comment?: string;
}

const TYPES = { uint8: { code: 2, size: 1 }, float32: { code: 16, size: 4 } } as const;

/** Writes a volume slice by slice: `push` each of `like.depth` slices, then `finish`. */
export class NiftiEncoder {
  readonly #like: Pick<VolumeHeader, 'width' | 'height' | 'depth' | 'littleEndian'>;
  readonly #datatype: MapDatatype;
  readonly #pieces: Uint8Array[] = [];
  readonly #gzip: Gzip | undefined;
  #slices = 0;

  /** @param like the volume whose geometry this one gets */
  constructor(
    like: VolumeHeader,
    datatype: MapDatatype,
    { gzip = true, description = 'infnet', comment }: NiftiWriteOptions = {},
  ) {
    this.#like = like;
    this.#datatype = datatype;
    if (gzip) this.#gzip = new Gzip({ level: 6, mtime: 0 }, (piece) => this.#pieces.push(piece));
    const extension = comment === undefined ? undefined : commentExtension(comment, like.littleEndian);
    this.#write(mapHeader(like, datatype, description, extension), false);
  }

  /**
   * The next slice, in the volume's order: `slice[j * width + i]`.
   *
   * @throws `DATA_ARGUMENT` for another type or size, or a slice too many
   */
  push(slice: Uint8Array | Float32Array): void {
    const { width, height, depth, littleEndian } = this.#like;
    const isRight = this.#datatype === 'uint8' ? slice instanceof Uint8Array : slice instanceof Float32Array;
    if (!isRight || slice.length !== width * height || this.#slices === depth) {
      throw dataError({
        code: 'DATA_ARGUMENT',
        message: `Slice ${this.#slices} of ${depth} must be ${width * height} values of ${this.#datatype}, not ${slice.length} of a ${slice.constructor.name}.`,
      });
    }
    this.#slices++;
    const bytes = new Uint8Array(slice.byteLength);
    bytes.set(new Uint8Array(slice.buffer, slice.byteOffset, slice.byteLength));
    if (littleEndian !== isLittleEndianMachine()) swapBytes(bytes, TYPES[this.#datatype].size);
    this.#write(bytes, this.#slices === depth);
  }

  /** The file. @throws `DATA_ARGUMENT` while slices are missing */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#slices < this.#like.depth) {
      const message = `The volume has ${this.#like.depth} slices, ${this.#slices} were given.`;
      throw dataError({ code: 'DATA_ARGUMENT', message });
    }
    return joined(this.#pieces);
  }

  #write(bytes: Uint8Array, isLast: boolean): void {
    if (this.#gzip === undefined) this.#pieces.push(bytes);
    else this.#gzip.push(bytes, isLast);
  }
}

/**
 * The bytes of a NIfTI file with `data` on the grid of `like`.
 *
 * @param data a mask (`Uint8Array` of 0 and 1) or probabilities (`Float32Array`), in the volume's order,
 *   `data[(k * height + j) * width + i]`
 * @throws `DATA_ARGUMENT` for another size
 */
export function writeNifti(
  like: VolumeHeader,
  data: Uint8Array | Float32Array,
  options: NiftiWriteOptions = {},
): Uint8Array<ArrayBuffer> {
  const { width, height, depth } = like;
  const area = width * height;
  if (data.length !== area * depth) {
    const message = `${width}x${height}x${depth} voxels are ${area * depth} values, not ${data.length}.`;
    throw dataError({ code: 'DATA_ARGUMENT', message });
  }
  const encoder = new NiftiEncoder(like, data instanceof Float32Array ? 'float32' : 'uint8', options);
  for (let k = 0; k < depth; k++) encoder.push(data.subarray(k * area, (k + 1) * area));
  return encoder.finish();
}

/** Where the fields lie that are replaced, by version. */
const FIELDS = {
  1: { type: 70, bits: 72, offset: 108, slope: 112, max: 124, min: 128, descrip: 148, intent: 68 },
  2: { type: 12, bits: 14, offset: 168, slope: 176, max: 192, min: 200, descrip: 240, intent: 504 },
} as const;

/**
 * Start and length of what is emptied: intent parameters and name, file names, the unused fields of the older format.
 */
const EMPTIED: Readonly<Record<1 | 2, readonly (readonly [number, number])[]>> = {
  1: [
    [4, 28],
    [56, 12],
    [140, 8],
    [148, 80],
    [228, 24],
    [328, 16],
  ],
  2: [
    [80, 24],
    [240, 80],
    [320, 24],
    [508, 16],
  ],
};

/** Size, code 6 for a comment, the text in UTF-8, zeros up to a multiple of 16 bytes. */
function commentExtension(comment: string, littleEndian: boolean): Uint8Array {
  const text = new TextEncoder().encode(comment);
  const out = new Uint8Array(Math.ceil((8 + text.length + 1) / 16) * 16);
  const view = new DataView(out.buffer);
  view.setInt32(0, out.length, littleEndian);
  view.setInt32(4, 6, littleEndian);
  out.set(text, 8);
  return out;
}

/** The header, the four bytes that say whether there are extensions, and the one that there may be. */
function mapHeader(
  { version, header, littleEndian }: VolumeHeader,
  datatype: MapDatatype,
  description: string,
  extension: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const start = HEADER_BYTES[version] + 4 + extension.length;
  const out = new Uint8Array(start);
  out.set(header);
  if (extension.length > 0) out[HEADER_BYTES[version]] = 1;
  out.set(extension, HEADER_BYTES[version] + 4);
  const view = new DataView(out.buffer);
  const real = (at: number, value: number): void => {
    if (version === 1) view.setFloat32(at, value, littleEndian);
    else view.setFloat64(at, value, littleEndian);
  };
  for (const [at, length] of EMPTIED[version]) out.fill(0, at, at + length);
  const fields = FIELDS[version];
  view.setInt16(fields.type, TYPES[datatype].code, littleEndian);
  view.setInt16(fields.bits, 8 * TYPES[datatype].size, littleEndian);
  if (version === 1) {
    view.setFloat32(fields.offset, start, littleEndian);
    view.setInt16(fields.intent, 0, littleEndian);
  } else {
    view.setBigInt64(fields.offset, BigInt(start), littleEndian);
    view.setInt32(fields.intent, 0, littleEndian);
  }
  const step = version === 1 ? 4 : 8;
  real(fields.slope, 1);
  real(fields.slope + step, 0);
  real(fields.max, 1);
  real(fields.min, 0);
  const ascii = description.replace(/[^\x20-\x7e]/g, '?').slice(0, 79);
  for (let i = 0; i < ascii.length; i++) out[fields.descrip + i] = ascii.charCodeAt(i);
  return out;
}
