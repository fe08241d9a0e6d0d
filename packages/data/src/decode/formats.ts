/**
 * What a file is, by its content, and what to do with it where it is not read here.
 *
 * Names lie: scanners write DICOM without endings, downloads end in web pages, archives are called `.png`. So whoever
 * gets a file that is not a picture or volume is told what it is and how to make one of it. One table, the surest signs
 * first.
 */
import { Gunzip } from 'fflate';
import { PNG_SIGNATURE } from '../bytes.js';

export interface FileFormat {
  /** With an article, for a sentence: "it looks like a DICOM file". */
  readonly name: string;
  /** For counts: "3 DICOM files". */
  readonly plural: string;
  /** How to make a picture or a volume of it. Undefined where there is nothing to say. */
  readonly advice?: string;
}

type Sign = (bytes: Uint8Array) => boolean;

/** Bytes of a file's beginning that are enough to tell. */
export const FORMAT_BYTES = 4096;

const DICOM =
  'Convert the series to one volume: dcm2niix -z y FOLDER (https://github.com/rordenlab/dcm2niix) writes a .nii.gz, which infnet reads.';
const ITK =
  'Convert it to NIfTI, e.g. in Python: SimpleITK.WriteImage(SimpleITK.ReadImage("x.ENDING"), "x.nii.gz"), or with 3D Slicer.';
const NIBABEL = 'Convert it to NIfTI, e.g. in Python: nibabel.save(nibabel.load("x.ENDING"), "x.nii.gz").';
const PILLOW = 'Convert it to PNG, e.g. in Python: PIL.Image.open("x.ENDING").save("x.png").';
const UNPACK = 'Unpack it and give the pictures or volumes that are in it.';

const as = (advice: string, ending: string): string => advice.replaceAll('ENDING', ending);

/** Bytes at a place; characters stand for themselves, `?` inside a text for any byte. */
const at =
  (magic: string | readonly number[], offset = 0): Sign =>
  (bytes) => {
    const wanted = typeof magic === 'string' ? Array.from(magic, (c) => (c === '?' ? -1 : c.charCodeAt(0))) : magic;
    return (
      bytes.length >= offset + wanted.length && wanted.every((byte, i) => byte === -1 || bytes[offset + i] === byte)
    );
  };

const any =
  (...signs: readonly Sign[]): Sign =>
  (bytes) =>
    signs.some((sign) => sign(bytes));

/** Text at the beginning, whatever precedes it in blanks. */
const text =
  (pattern: RegExp): Sign =>
  (bytes) =>
    pattern.test(String.fromCharCode(...bytes.subarray(0, 512)));

/**
 * Analyze 7.5 and pairs: a header of 348 bytes in either byte order, whose magic says that the voxels are elsewhere, or
 * nothing.
 */
const pairHeader: Sign = (bytes) =>
  bytes.length >= 348 &&
  any(at([0x5c, 1, 0, 0]), at([0, 0, 1, 0x5c]))(bytes) &&
  any(at('ni1\0', 344), at([0, 0, 0, 0], 344))(bytes);

/** MGH: version 1, then width, height, depth, frames and a type that exists, all big-endian. */
const mgh: Sign = (bytes) => {
  if (bytes.length < 284 || !at([0, 0, 0, 1])(bytes)) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizes = [4, 8, 12, 16].map((offset) => view.getInt32(offset));
  return sizes.every((size) => size > 0 && size < 2 ** 16) && [0, 1, 3, 4, 10].includes(view.getInt32(20));
};

const FORMATS: readonly (readonly [Sign, string, string, string?])[] = [
  // First, because its preamble of 128 bytes may be anything, also the beginning of a TIFF.
  [any(at('DICM', 128), isBareDicom), 'a DICOM file', 'DICOM files', DICOM],
  [at(PNG_SIGNATURE), 'a PNG picture', 'PNG pictures', 'Give it a name that ends in .png.'],
  [at([0xff, 0xd8, 0xff, 0xf7]), 'a JPEG-LS picture', 'JPEG-LS pictures', as(PILLOW, 'jls')],
  [at([0xff, 0xd8, 0xff]), 'a JPEG picture', 'JPEG pictures', 'Give it a name that ends in .jpg.'],
  [any(at('n+1\0', 344), at('n+2\0', 4)), 'a NIfTI volume', 'NIfTI volumes', 'Give it a name that ends in .nii.'],
  [
    any(pairHeader, at('ni2\0', 4)),
    'the header of a pair (.hdr with .img, NIfTI or Analyze)',
    'headers of pairs (.hdr with .img)',
    as(NIBABEL, 'hdr'),
  ],
  [at('NRRD000'), 'an NRRD volume', 'NRRD volumes', as(ITK, 'nrrd')],
  [
    text(/^\s*(ObjectType|NDims|ObjectSubType)\s*=/i),
    'a MetaImage volume (.mha or .mhd)',
    'MetaImage volumes',
    as(ITK, 'mha'),
  ],
  [mgh, 'an MGH volume', 'MGH volumes', as(NIBABEL, 'mgh')],
  [
    any(at('MATLAB 5.0 MAT-file'), at('MATLAB 7.3 MAT-file')),
    'a MATLAB file (.mat)',
    'MATLAB files',
    'Write its array as NIfTI with niftiwrite, or its slices as PNG with imwrite.',
  ],
  [
    any(at('\x89HDF\r\n\x1a\n'), at('\x89HDF\r\n\x1a\n', 512), at('\x89HDF\r\n\x1a\n', 1024)),
    'an HDF5 file (MINC 2 volumes are such)',
    'HDF5 files',
    'Write its array as NIfTI, e.g. in Python: nibabel.save(nibabel.Nifti1Image(h5py.File("x.h5")["NAME"][:], affine), "x.nii.gz"); MINC: mnc2nii.',
  ],
  [any(at('CDF\x01'), at('CDF\x02')), 'a NetCDF file (MINC 1 volumes are such)', 'NetCDF files', as(NIBABEL, 'mnc')],
  [text(/^# vtk DataFile/), 'a VTK file', 'VTK files', as(ITK, 'vtk')],
  [text(/^\s*# === DATA DESCRIPTION FILE/), 'a Philips PAR header', 'Philips PAR headers', as(NIBABEL, 'par')],
  [text(/^!INTERFILE/i), 'an Interfile header', 'Interfile headers'],
  [
    any(at('\0\0\0\x0cjP  \r\n\x87\n'), at([0xff, 0x4f, 0xff, 0x51])),
    'a JPEG 2000 picture',
    'JPEG 2000 pictures',
    as(PILLOW, 'jp2'),
  ],
  [
    any(at('\0\0\0\x0cJXL '), at([0xff, 0x0a])),
    'a JPEG XL picture',
    'JPEG XL pictures',
    'Convert it to PNG: djxl x.jxl x.png.',
  ],
  [any(at('ftypavif', 4), at('ftypavis', 4)), 'an AVIF picture', 'AVIF pictures', as(PILLOW, 'avif')],
  [
    any(at('ftypheic', 4), at('ftypheix', 4), at('ftypmif1', 4)),
    'a HEIF picture',
    'HEIF pictures',
    'Convert it to PNG: heif-convert x.heic x.png.',
  ],
  [at('ftyp', 4), 'a film (MP4)', 'films (MP4)'],
  [at('GIF8'), 'a GIF picture', 'GIF pictures', as(PILLOW, 'gif')],
  [any(at('II*\0'), at('MM\0*'), at('II+\0'), at('MM\0+')), 'a TIFF picture', 'TIFF pictures', as(PILLOW, 'tif')],
  [at('RIFF????WEBP'), 'a WebP picture', 'WebP pictures', as(PILLOW, 'webp')],
  [any(at('BM????\0\0\0\0'), at('BM????????')), 'a BMP picture', 'BMP pictures', as(PILLOW, 'bmp')],
  [at('8BPS'), 'a Photoshop picture', 'Photoshop pictures', as(PILLOW, 'psd')],
  [text(/^P[1-7]\s+(#|\d|WIDTH)/), 'a PNM picture (.pgm, .ppm)', 'PNM pictures', as(PILLOW, 'pgm')],
  [
    at('\x93NUMPY'),
    'a NumPy array (.npy)',
    'NumPy arrays',
    'Save its slices as PNG, or the volume as NIfTI, e.g. with nibabel.',
  ],
  [any(at('PK\x03\x04'), at('PK\x05\x06')), 'a ZIP archive (.npz, .pth and .zip are such)', 'ZIP archives', UNPACK],
  [at('Rar!\x1a\x07'), 'a RAR archive', 'RAR archives', UNPACK],
  [at([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), 'a 7z archive', '7z archives', UNPACK],
  [at('ustar', 257), 'a tar archive', 'tar archives', UNPACK],
  [at([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), 'an xz archive', 'xz archives', UNPACK],
  [at('BZh'), 'a bzip2 archive', 'bzip2 archives', UNPACK],
  [at([0x28, 0xb5, 0x2f, 0xfd]), 'a Zstandard archive', 'Zstandard archives', UNPACK],
  [at('%PDF'), 'a PDF', 'PDFs', 'Export its pictures as PNG: pdfimages -png x.pdf x.'],
  [any(at([0x80, 2]), at([0x80, 4, 0x95])), 'a Python pickle', 'Python pickles'],
  [
    text(/^version https:\/\/git-lfs\.github\.com/),
    'a Git LFS pointer, not the file itself',
    'Git LFS pointers',
    'Fetch the files themselves: git lfs pull.',
  ],
  [
    text(/^\s*<(!doctype html|html|head)/i),
    'a web page (what a failed download leaves)',
    'web pages',
    'Download it again; the server may ask to log in first.',
  ],
];

/**
 * What the file is, by its first bytes ({@link FORMAT_BYTES} are enough); `undefined` where they say nothing.
 *
 * Inside gzip the first bytes are decoded, so that a compressed volume is told from another archive.
 */
export function formatOf(bytes: Uint8Array): FileFormat | undefined {
  const found = FORMATS.find(([sign]) => sign(bytes));
  if (found !== undefined) {
    const [, name, plural, advice] = found;
    return { name, plural, ...(advice === undefined ? {} : { advice }) };
  }
  if (at([0x1f, 0x8b])(bytes)) return insideGzip(bytes);
  const late = lateSignature(bytes);
  if (late !== undefined) return { name: late, plural: 'damaged PNG pictures', advice: 'Copy or download it again.' };
  return isText(bytes.subarray(0, 256)) ? { name: 'text', plural: 'texts' } : undefined;
}

function insideGzip(bytes: Uint8Array): FileFormat {
  const inner = formatOf(gunzipHead(bytes));
  if (inner?.name === 'a NIfTI volume') {
    const advice = 'Give it a name that ends in .nii.gz.';
    return { name: 'a NIfTI volume, compressed', plural: 'compressed NIfTI volumes', advice };
  }
  if (inner?.name === 'an MGH volume') {
    return { name: 'an MGZ volume', plural: 'MGZ volumes', advice: as(NIBABEL, 'mgz') };
  }
  if (inner === undefined) return { name: 'a gzip archive', plural: 'gzip archives', advice: UNPACK };
  const plural = `gzip archives of ${inner.plural}`;
  return { name: `a gzip archive with ${inner.name}`, plural, advice: inner.advice ?? UNPACK };
}

/** The beginning of what is compressed; as much of it as is there. */
function gunzipHead(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(FORMAT_BYTES);
  let filled = 0;
  try {
    const inflator = new Gunzip((piece) => {
      const part = piece.subarray(0, out.length - filled);
      out.set(part, filled);
      filled += part.length;
    });
    for (let start = 0; start < Math.min(bytes.length, FORMAT_BYTES) && filled < 512; start += 256) {
      inflator.push(bytes.subarray(start, start + 256), false);
    }
  } catch {
    // What was decoded before is what there is.
  }
  return out.subarray(0, filled);
}

/**
 * DICOM without preamble, as older archives hold it: it begins with an element of group 2 (the file's own description)
 * or 8, in either byte order, whose element number and type or length are plausible.
 */
function isBareDicom(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [true, false].some((little) => {
    const group = view.getUint16(0, little);
    const element = view.getUint16(2, little);
    if ((group !== 2 && group !== 8) || element > 0x1200) return false;
    const type = String.fromCharCode(bytes[4] as number, bytes[5] as number);
    const isExplicit = /^(AE|AS|CS|DA|DS|DT|IS|LO|LT|OB|OW|PN|SH|SQ|ST|TM|UI|UL|UN|US|UT)$/.test(type);
    // Implicit: a length, which is even and short at the beginning.
    const length = view.getUint32(4, little);
    return isExplicit || (length > 0 && length % 2 === 0 && length <= 256);
  });
}

/** A PNG that something was put in front of, or that was copied as text. */
function lateSignature(bytes: Uint8Array): string | undefined {
  if (at([0x89, 0x50, 0x4e, 0x47, 0x0a, 0x1a, 0x0a])(bytes) || at([0x3f, 0x50, 0x4e, 0x47, 0x0d, 0x0a])(bytes)) {
    return 'a PNG picture that was copied as text, which changed its bytes';
  }
  const end = Math.min(bytes.length, FORMAT_BYTES) - PNG_SIGNATURE.length;
  for (let start = 1; start <= end; start++) {
    if (bytes[start] === PNG_SIGNATURE[0] && at(PNG_SIGNATURE, start)(bytes)) {
      return `a PNG picture with ${start} bytes in front of it`;
    }
  }
  return undefined;
}

function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return head[0] !== undefined && (head.length > 1 || head[0] < 0x80);
  } catch {
    return false;
  }
}
