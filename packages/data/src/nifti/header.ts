/**
 * The header of a NIfTI file, checked before anything is done with it.
 *
 * nifti-reader-js 0.8.0 reads the fields. Around it stands what it leaves to its caller:
 * - It gets exactly the header's bytes, never the file: given more, it reads extensions too, and a damaged one makes it
 *   throw.
 * - Whether the file is a NIfTI volume at all, and whether its parts agree, is decided here, each with an error of its
 *   own.
 * - NIfTI-2's 64-bit integers are read here: the library's are wrong for negative ones, and for big-endian ones.
 * - Which affine counts is decided in `affine.ts`.
 *
 * Layouts: nifti1.h and nifti2.h, https://nifti.nimh.nih.gov.
 */
import { NIFTI1, NIFTI2 } from 'nifti-reader-js';
import { formatOf } from '../decode/formats.js';
import { dataError } from '../errors.js';
import type { DataNote } from '../notes.js';
import { readGeometry } from './affine.js';
import { DATATYPES, type Datatype, UNREAD_DATATYPES } from './datatypes.js';
import { badHeader, JOIN_PAIR, niftiTruncated } from './errors.js';
import { MILLIMETRES, type VolumeHeader } from './volume.js';

/** Bytes of a header, by version. */
export const HEADER_BYTES = { 1: 348, 2: 540 } as const;

/** By the low three bits of `xyzt_units`. */
const UNITS: Readonly<Record<number, VolumeHeader['unit']>> = { 1: 'm', 2: 'mm', 3: 'um' };

/**
 * @param bytes the decoded file, or its beginning: at least the header
 * @throws `DATA_NIFTI`, `DATA_NIFTI_PAIR`, `DATA_NIFTI_SERIES`, `DATA_NIFTI_TYPE`, `DATA_TRUNCATED`, `DATA_ZERO_SIZE`
 */
export function parseHeader(bytes: Uint8Array, where: string): VolumeHeader {
  const { version, littleEndian, notes: noticed } = recognise(bytes, where);
  // Not bytes.slice(): a Buffer's shares its memory, and the library reads that memory from its start.
  const header = new Uint8Array(HEADER_BYTES[version]);
  header.set(bytes.subarray(0, header.length));
  const view = new DataView(header.buffer);
  // Right already, but for what `byMagic` lets through; what is written with this header is then right too.
  view.setInt32(0, HEADER_BYTES[version], littleEndian);
  const fields = version === 1 ? new NIFTI1() : new NIFTI2();
  fields.readHeader(header.buffer);

  const dims =
    version === 1 ? fields.dims : fields.dims.map((_, i) => Number(view.getBigInt64(16 + 8 * i, littleEndian)));
  const offset = version === 1 ? fields.vox_offset : Number(view.getBigInt64(168, littleEndian));
  const { width, height, depth } = sizeOf(dims, where);
  const { name: datatype, size } = typeOf(fields.datatypeCode, where);
  const unit = UNITS[fields.xyzt_units & 7] ?? 'unknown';
  const pixdim = [1, 2, 3].map((i) => Math.abs(fields.pixDims[i] ?? 0)) as [number, number, number];
  const rows = Array.from({ length: 12 }, (_, i) =>
    version === 1 ? view.getFloat32(280 + 4 * i, littleEndian) : view.getFloat64(400 + 8 * i, littleEndian),
  );
  const { notes, ...geometry } = readGeometry(
    { code: fields.sform_code, rows },
    {
      code: fields.qform_code,
      b: fields.quatern_b,
      c: fields.quatern_c,
      d: fields.quatern_d,
      offset: [fields.qoffset_x, fields.qoffset_y, fields.qoffset_z],
      qfac: (fields.pixDims[0] ?? 1) < 0 ? -1 : 1,
    },
    pixdim,
    MILLIMETRES[unit],
  );
  return {
    width,
    height,
    depth,
    datatype,
    ...scaling(fields.scl_slope, fields.scl_inter, where),
    ...geometry,
    unit,
    description: fields.description,
    version,
    littleEndian,
    dataOffset: dataOffset(offset, version, where),
    header,
    notes: [...noticed, ...bitNotes(datatype, 8 * size, fields.numBitsPerVoxel), ...notes],
  };
}

/** Everybody takes the size of a voxel from the datatype; some writers leave `bitpix` at 0 or 32. */
function bitNotes(datatype: string, bits: number, said: number): DataNote[] {
  if (said === bits) return [];
  const message = `its header says ${said} bits per voxel (bitpix) and ${datatype}, which has ${bits}; ${datatype} counts`;
  return [{ code: 'NIFTI_BITPIX', message }];
}

type Kind = Pick<VolumeHeader, 'version' | 'littleEndian' | 'notes'>;

/** Version and byte order, from the header's own length in its first four bytes; then the magic. */
function recognise(bytes: Uint8Array, where: string): Kind {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) throw niftiTruncated(where, `The volume ends after ${bytes.length} bytes, within its header.`);
  const [little, big] = [view.getInt32(0, true), view.getInt32(0, false)];
  const littleEndian = little === HEADER_BYTES[1] || little === HEADER_BYTES[2];
  const length = littleEndian ? little : big;
  if (length !== HEADER_BYTES[1] && length !== HEADER_BYTES[2]) return byMagic(bytes, view, where);
  if (bytes.length < length) {
    throw niftiTruncated(where, `The volume ends after ${bytes.length} bytes, within its header of ${length}.`);
  }
  const version = length === HEADER_BYTES[1] ? 1 : 2;
  const at = version === 1 ? 344 : 4;
  const magic = Array.from(bytes.subarray(at, at + (version === 1 ? 4 : 8)));
  const expected = version === 1 ? [...NIFTI1.MAGIC_NUMBER, 0] : NIFTI2.MAGIC_NUMBER;
  const pair = version === 1 ? [...NIFTI1.MAGIC_NUMBER2, 0] : NIFTI2.MAGIC_NUMBER2;
  const is = (wanted: readonly number[]): boolean => wanted.every((byte, i) => magic[i] === byte);
  if (is(expected)) return { version, littleEndian, notes: [] };
  const isAnalyze = version === 1 && is([0, 0, 0, 0]);
  if (is(pair) || isAnalyze) {
    const what = isAnalyze ? 'header of the older Analyze format' : 'header of a pair of files';
    throw dataError({
      code: 'DATA_NIFTI_PAIR',
      message: `The file is the ${what}: its voxels are in another file (.img).`,
      where,
      fix: JOIN_PAIR,
    });
  }
  const text = String.fromCharCode(...magic).replace(/[^\x20-\x7e]/g, '?');
  throw badHeader(where, `The header's magic is '${text}', which no NIfTI volume has (n+1, n+2).`, { magic });
}

/**
 * A wrong length is no reason to others where the magic is right; the byte order is told by the number of dimensions, 1
 * to 7, then.
 */
function byMagic(bytes: Uint8Array, view: DataView, where: string): Kind {
  const length = view.getInt32(0, true);
  if (bytes.length >= HEADER_BYTES[1] && [0x6e, 0x2b, 0x31, 0].every((byte, i) => bytes[344 + i] === byte)) {
    const littleEndian = [true, false].find(
      (little) => view.getInt16(40, little) >= 1 && view.getInt16(40, little) <= 7,
    );
    if (littleEndian !== undefined) {
      const said = view.getInt32(0, littleEndian);
      const message = `its header says that it is ${said} bytes long; its magic (n+1) is that of 348, which count`;
      return { version: 1, littleEndian, notes: [{ code: 'NIFTI_HEADER', message }] };
    }
  }
  const format = formatOf(bytes);
  const isOther = format !== undefined && !format.name.startsWith('a NIfTI');
  const what = isOther ? `this looks like ${format.name}` : `this file begins with ${length}`;
  const message = `A NIfTI header begins with its length, 348 or 540; ${what}: it is no NIfTI volume.`;
  const details = { firstBytes: Array.from(bytes.subarray(0, 8)) };
  throw badHeader(where, message, details, isOther ? format.advice : undefined);
}

function sizeOf(dims: readonly number[], where: string): Pick<VolumeHeader, 'width' | 'height' | 'depth'> {
  const count = dims[0] as number;
  if (!(count >= 1 && count <= 7)) {
    throw badHeader(where, `The header says ${count} dimensions; there are 1 to 7.`, { dims });
  }
  const extents = dims.slice(1, count + 1);
  const shape = extents.join('x');
  if (extents.some((extent) => extent < 0)) throw badHeader(where, `The header says ${shape} voxels.`, { dims });
  if (extents.includes(0)) {
    throw dataError({
      code: 'DATA_ZERO_SIZE',
      message: `The header says ${shape} voxels: there is no picture in it.`,
      where,
      fix: 'Export the volume again; the file is damaged or was never finished.',
      details: { dims },
    });
  }
  if (count === 1) throw badHeader(where, `The file holds a row of ${shape} numbers, no picture or volume.`, { dims });
  const volumes = extents.slice(3).reduce((product, extent) => product * extent, 1);
  if (volumes > 1) {
    throw dataError({
      code: 'DATA_NIFTI_SERIES',
      message: `The file holds ${volumes} volumes (${shape} voxels); read are files with one.`,
      where,
      fix: 'Save the volume you want as a file of its own, e.g. in Python: nibabel.save(image.slicer[..., 0], "first.nii.gz").',
      details: { dims, volumes },
    });
  }
  const [width, height, depth = 1] = extents as [number, number, number?];
  return { width, height, depth };
}

function typeOf(code: number, where: string): Datatype {
  const type = DATATYPES.get(code);
  if (type === undefined) {
    const known = UNREAD_DATATYPES.get(code);
    throw dataError({
      code: 'DATA_NIFTI_TYPE',
      message: `The voxels are ${known ?? 'of a type that NIfTI does not have'} (datatype ${code}); read are int8 to int64, uint8 to uint64, float32 and float64.`,
      where,
      fix: 'Convert the volume, e.g. in Python: nibabel.Nifti1Image(numpy.float32(image.dataobj), image.affine).',
      details: { datatype: code },
    });
  }
  return type;
}

/** A slope of 0 means none, by the standard; nibabel takes one that is not a number for none too. */
function scaling(slope: number, intercept: number, where: string): Pick<VolumeHeader, 'slope' | 'intercept'> {
  if (slope === 0 || !Number.isFinite(slope)) return { slope: 1, intercept: 0 };
  if (Number.isFinite(intercept)) return { slope, intercept };
  throw badHeader(where, `The header scales voxels by ${slope} and adds ${intercept}.`, { slope, intercept });
}

/**
 * Some writers leave 0 for a file without extensions: the voxels follow the header and its four bytes of extension
 * flags.
 */
function dataOffset(offset: number, version: 1 | 2, where: string): number {
  if (offset === 0) return HEADER_BYTES[version] + 4;
  if (Number.isSafeInteger(offset) && offset >= HEADER_BYTES[version]) return offset;
  throw badHeader(where, `The header says that the voxels begin at byte ${offset}.`, { offset });
}
