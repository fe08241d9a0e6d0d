/**
 * The small failing inputs of ../shared/cases, with the right values that their folders name. Nothing of them is in the
 * repository.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  decodeImage,
  formatOf,
  rangeNote,
  readNifti,
  reorientVolume,
  volumeNotes,
  volumeSlice,
  voxelMillilitres,
} from '../src/index.js';

const shared = process.env['INFNET_SHARED'] ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const folder = join(shared, 'cases');
const present = existsSync(folder);
const note = present ? '' : ` (skipped: no ${folder})`;
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const codes = (notes: readonly { readonly code: string }[] = []): string[] => notes.map(({ code }) => code);

describe.skipIf(!present)(`shared cases${note}`, () => {
  it('02: a JPEG with stray bytes has the pixels of the clean one', async () => {
    const [clean, stray] = [
      await decodeImage(read('02-jpeg-stray-bytes/clean.jpg')),
      await decodeImage(read('02-jpeg-stray-bytes/before-dqt.jpg')),
    ];
    expect(stray.data).toEqual(clean.data);
    expect(codes(stray.notes)).toEqual(['JPEG_STRAY_BYTES']);
  });

  it('03, 04: gzip with zeros behind it, and a wrong bitpix', () => {
    const clean = readNifti(read('03-gz-trailing/clean.nii.gz'));
    const padded = readNifti(read('03-gz-trailing/zero-padded.nii.gz'));
    expect([padded.data, padded.notes]).toEqual([clean.data, clean.notes]);
    const odd = readNifti(read('04-bitpix/int16-bitpix32.nii'));
    expect(odd.data).toEqual(readNifti(read('04-bitpix/clean.nii')).data);
    expect(codes(odd.notes)).toEqual(['NIFTI_BITPIX']);
  });

  it('05, 06: values that are not those of range and window', async () => {
    expect(rangeNote(await decodeImage(read('05-16bit-png/eight-bit.png')))).toBeUndefined();
    const twelve = rangeNote(await decodeImage(read('05-16bit-png/twelve-bit.png')));
    expect(twelve?.suggest?.values).toEqual(['0,2090', 'minmax']);
    for (const name of ['plus1024-with-padding', 'zscore']) {
      const volume = readNifti(read(`06-not-hounsfield/${name}.nii.gz`));
      expect(codes(volumeNotes(volume)), name).toEqual(['NOT_HOUNSFIELD']);
    }
    expect(volumeNotes(readNifti(read('03-gz-trailing/clean.nii.gz')))).toEqual([]);
  });

  it('07, 08: storage orders, and distances that disagree', () => {
    const lps = readNifti(read('07-orientation/LPS.nii.gz'));
    const las = readNifti(read('07-orientation/LAS.nii.gz'));
    expect(volumeSlice(las, 1)).toEqual(volumeSlice(lps, 1));
    expect(reorientVolume(las).data).toEqual(lps.data);
    const overlapping = readNifti(read('08-pixdim-vs-sform/overlapping.nii'));
    expect(voxelMillilitres(overlapping)).toBeCloseTo(0.8 ** 3 / 1000, 9);
    expect(codes(overlapping.notes)).toEqual(['NIFTI_GEOMETRY']);
  });

  it('14, 18: DICOM is called so, and an interlaced mask is read', async () => {
    const files = [
      'plain.dcm',
      'no-preamble.dcm',
      ...readdirSync(join(folder, '14-dicom/series')).map((f) => `series/${f}`),
    ];
    for (const file of files) expect(formatOf(read(`14-dicom/${file}`))?.name, file).toBe('a DICOM file');
    const mask = await decodeImage(read('18-interlaced-1bit/mask.png'));
    // Sum of what Pillow reads.
    expect([mask.width, mask.height, Array.from(mask.data).reduce((sum, v) => sum + v, 0)]).toEqual([
      80, 96, 1_214_055,
    ]);
  });
});
