/** Files are called by their names, by content. The beginnings are those of the formats' own descriptions. */
import { expectError } from '@infnet/testing';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { decodeImage, formatOf, readNifti } from '../src/index.js';
import { fixture, refused } from './fixtures/nifti.js';
import { concat, GREY_JPEG, noise, SIGNATURE } from './support/pictures.js';

const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const later = (offset: number, text: string): Uint8Array =>
  concat(new Uint8Array(offset), latin(text), new Uint8Array(400));
const long = (text: string): Uint8Array => concat(latin(text), new Uint8Array(600));
const mgh = new Uint8Array(300);
for (const [i, value] of [1, 64, 64, 20, 1, 3].entries()) new DataView(mgh.buffer).setInt32(4 * i, value);

const FILES: Readonly<Record<string, readonly (readonly [string, Uint8Array])[]>> = {
  'a DICOM file': [
    ['with a preamble', later(128, 'DICM')],
    ['with the beginning of a TIFF as preamble, as GE writes it', concat(latin('II*\0'), later(124, 'DICM'))],
    ['without, explicit', concat(latin('\x08\0\x05\0CS\x0a\0ISO_IR 100'), noise(200))],
    ['without, its own description first', concat(latin('\x02\0\0\0UL\x04\0\xc0\0\0\0'), noise(200))],
    ['without, implicit', concat(latin('\x08\0\x05\0\x0a\0\0\0ISO_IR 100'), noise(200))],
    ['without, big-endian', concat(latin('\0\x08\0\x05CS\0\x0aISO_IR 100'), noise(200))],
  ],
  'a NIfTI volume': [
    ['', fixture('int16-be.nii').bytes],
    ['version 2', fixture('nifti2-be.nii').bytes],
  ],
  'a NIfTI volume, compressed': [['', fixture('scaled.nii.gz').bytes]],
  'the header of a pair (.hdr with .img, NIfTI or Analyze)': refused
    .filter(({ name }) => /hdr/.test(name))
    .map(({ name, bytes }) => [name, bytes] as const),
  'an NRRD volume': [['', latin('NRRD0004\ntype: short\n')]],
  'a MetaImage volume (.mha or .mhd)': [
    ['', latin('ObjectType = Image\nNDims = 3\n')],
    ['mhd', latin('NDims = 3\r\n')],
  ],
  'an MGH volume': [['', mgh]],
  'an MGZ volume': [['', gzipSync(mgh)]],
  'an HDF5 file (MINC 2 volumes are such)': [
    ['', long('\x89HDF\r\n\x1a\n')],
    ['later', later(512, '\x89HDF\r\n\x1a\n')],
  ],
  'a MATLAB file (.mat)': [
    ['5', long('MATLAB 5.0 MAT-file, Platform: GLNXA64')],
    ['7.3', long('MATLAB 7.3 MAT-file')],
  ],
  'a NetCDF file (MINC 1 volumes are such)': [['', long('CDF\x01')]],
  'a JPEG 2000 picture': [
    ['', long('\0\0\0\x0cjP  \r\n\x87\n')],
    ['alone', long('\xff\x4f\xff\x51')],
  ],
  'a JPEG-LS picture': [['', long('\xff\xd8\xff\xf7')]],
  'a JPEG XL picture': [['', long('\xff\x0a')]],
  'a TIFF picture': [
    ['', long('II*\0')],
    ['', long('MM\0*')],
    ['big', long('II+\0')],
  ],
  'a BMP picture': [['', long('BM\x36\0\0\0\0\0\0\0')]],
  'a GIF picture': [['', long('GIF89a')]],
  'a WebP picture': [['', long('RIFF\x10\0\0\0WEBPVP8 ')]],
  'a HEIF picture': [['', long('\0\0\0\x18ftypheic')]],
  'a PNM picture (.pgm, .ppm)': [
    ['', latin('P5\n512 512\n65535\n')],
    ['with a remark', latin('P2 # by hand\n2 2\n')],
  ],
  'a NumPy array (.npy)': [['', long('\x93NUMPY\x01\0')]],
  'a ZIP archive (.npz, .pth and .zip are such)': [['', long('PK\x03\x04')]],
  'a RAR archive': [['', long('Rar!\x1a\x07\x01\0')]],
  'a 7z archive': [['', long('7z\xbc\xaf\x27\x1c')]],
  'a tar archive': [['', later(257, 'ustar')]],
  'an xz archive': [['', long('\xfd7zXZ\0')]],
  'a bzip2 archive': [['', long('BZh91AY')]],
  'a Zstandard archive': [['', long('\x28\xb5\x2f\xfd')]],
  'a PDF': [['', long('%PDF-1.7')]],
  'a Git LFS pointer, not the file itself': [['', latin('version https://git-lfs.github.com/spec/v1\noid sha256:')]],
  'a web page (what a failed download leaves)': [['', latin('\n<!DOCTYPE html><html>')]],
  'a gzip archive with an NRRD volume': [['', gzipSync(latin('NRRD0004\ntype: short\n'))]],
  'a gzip archive with a tar archive': [['', gzipSync(later(257, 'ustar'))]],
  'a gzip archive': [
    ['', gzipSync(noise(500))],
    ['cut', latin('\x1f\x8b\x08\0')],
  ],
  'a PNG picture with 3 bytes in front of it': [['', concat(latin('\xef\xbb\xbf'), SIGNATURE, noise(50))]],
  'a PNG picture that was copied as text, which changed its bytes': [['', long('\x89PNG\n\x1a\n')]],
  text: [
    ['', latin('patient;date\n')],
    ['UTF-8', new TextEncoder().encode('Größe;Tag\n')],
  ],
};

describe('formatOf', () => {
  it.each(Object.entries(FILES))('%s', async (name, files) => {
    expect(files.length).toBeGreaterThan(0);
    for (const [which, bytes] of files) {
      expect(formatOf(bytes)?.name, which).toBe(name);
      // A view in the midst of other bytes, and the readers, say the same.
      expect(formatOf(concat(noise(7), bytes, noise(9)).subarray(7, 7 + bytes.length))?.name, which).toBe(name);
      if (!/NIfTI/.test(name)) {
        expect((await expectError('DATA_UNKNOWN_FORMAT', () => decodeImage(bytes))).message, which).toContain(name);
        if (!/gzip|MGZ/.test(name) && bytes.length >= 4) {
          expect((await expectError('DATA_NIFTI', () => readNifti(bytes))).message, which).toContain(name);
        }
      }
    }
  });

  it('says nothing of what it does not know, at any length', () => {
    for (let length = 0; length < 600; length++) {
      expect(formatOf(concat(Uint8Array.of(3), noise(length, 77))), String(length)).toBeUndefined();
    }
    for (const bytes of [GREY_JPEG, later(128, 'DICM'), mgh, latin('NRRD0004')]) {
      for (let length = 0; length <= bytes.length; length++) formatOf(bytes.subarray(0, length));
    }
  });

  it('every kind that is not read has its advice, and names no placeholder', () => {
    for (const [name, files] of Object.entries(FILES)) {
      const advice = formatOf((files[0] as readonly [string, Uint8Array])[1])?.advice;
      expect(advice ?? '', name).not.toContain('ENDING');
      if (/volume|picture|DICOM/.test(name)) expect(advice, name).toBeTruthy();
    }
  });
});
