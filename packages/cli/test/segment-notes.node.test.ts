/**
 * What `infnet segment` notices in files that it segments all the same: on stderr and in --json. And what it says of
 * foreign files.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { writeSafetensors } from '@infnet/checkpoint';
import { encodePng, phantomSlice, readNifti } from '@infnet/data';
import { gzipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../data/test/fixtures/nifti.js';
import { concat, GREY_JPEG } from '../../data/test/support/pictures.js';
import { asArgument } from '../src/shell.js';
import { infnet, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const weights = join(temporaryFolder(), 'w.safetensors');
const { image } = phantomSlice(4, { width: 64, height: 70 });
const { width, height } = image;
const sixteen = (value: (grey: number, at: number) => number): Uint8Array =>
  encodePng({ width, height, data: Uint16Array.from(image.data, value) });
const chest = readNifti(fixture('chest.nii.gz').bytes);

/** The chest as a plain file, its header and voxels changed. */
function volume(change: (view: DataView, voxels: Int16Array) => void): Uint8Array {
  const bytes = new Uint8Array(352 + chest.data.byteLength);
  bytes.set(chest.header);
  const voxels = new Int16Array(bytes.buffer, 352);
  voxels.set(chest.data as Int16Array);
  change(new DataView(bytes.buffer), voxels);
  return bytes;
}

const dicom = concat(new Uint8Array(128), new TextEncoder().encode('DICM'), new Uint8Array(300));

beforeAll(() => {
  const state = recipeWeights(SMALL);
  write(join(weights, '..'), { 'w.safetensors': writeSafetensors([...state].map(([name, t]) => ({ name, ...t }))) });
});

interface Told {
  readonly file: string;
  readonly notes: readonly string[];
  readonly infectedMillilitres?: number;
}

describe('segment', () => {
  it('notes what it noticed, with the option that may be better', async () => {
    const inputs = write(temporaryFolder(), {
      'a-eight.png': encodePng(image),
      'b-twelve.png': sixteen((grey, at) => Math.round((grey * 2050) / 255) - (at % 3) + 3),
      'c-hounsfield.png': sixteen((grey, at) => 31418 + Math.round((grey * 1500) / 255) + (at % 3)),
      'd-stray.jpg': concat(GREY_JPEG.subarray(0, 2), new Uint8Array(3), GREY_JPEG.subarray(2)),
      'e-trailing.nii.gz': concat(gzipSync(volume(() => {})), new TextEncoder().encode('stray')),
      'f-bits.nii': volume((view) => view.setInt16(72, 32, true)),
      'g-stored.nii': volume((_, voxels) => {
        for (const [at, hu] of voxels.entries()) voxels[at] = at % 40 === 0 ? -2000 : hu + 1024;
      }),
      'h-distance.nii': volume((view) => view.setFloat32(76 + 12, 2, true)),
      scan001: dicom,
      'readme.txt': 'none',
    });
    const out = join(temporaryFolder(), 'out');
    const argv = [
      'segment',
      inputs,
      '--weights',
      weights,
      '--out',
      out,
      '--size',
      '64',
      '--json',
      '--threshold',
      '0.25',
    ];
    const { code, stdout, stderr } = await infnet(argv);
    expect(code, stderr).toBe(0);
    const { slices, volumes } = JSON.parse(stdout) as { readonly slices: Told[]; readonly volumes: Told[] };
    const told = Object.fromEntries([...slices, ...volumes].map(({ file, notes }) => [file.split('/').at(-1), notes]));
    expect(told).toEqual({
      'a-eight.png': [],
      'b-twelve.png': [
        expect.stringMatching(/^its samples are \d+ to 1\d\d\d of 65535, .*; try --range 0,1\d\d\d or minmax$/),
      ],
      'c-hounsfield.png': [expect.stringMatching(/32768.*; try --range 31418,32918 or 31\d+,32\d+ or minmax$/)],
      'd-stray.jpg': [expect.stringContaining('stray bytes between its segments')],
      'e-trailing.nii.gz': ['it has 5 bytes after its compressed data; they are left aside'],
      'f-bits.nii': [expect.stringContaining('32 bits per voxel (bitpix) and int16')],
      'g-stored.nii': [expect.stringMatching(/not in Hounsfield units.*; try --window minmax or -326,1174$/)],
      'h-distance.nii': [expect.stringContaining('0.9 x 0.8 x 3 mm by its sform and 0.9 x 0.8 x 2 mm by pixdim')],
    });
    for (const [name, notes] of Object.entries(told)) {
      for (const note of notes as string[]) expect(stderr).toContain(`infnet: ${join(inputs, name)}: ${note}\n`);
    }
    // The millilitres are by the affine, as the masks' place is.
    const ml = (name: string) => volumes.find(({ file }) => file.endsWith(name))?.infectedMillilitres;
    expect(ml('f-bits.nii')).toBeGreaterThan(0);
    expect(ml('h-distance.nii')).toBeCloseTo(ml('f-bits.nii') as number, 6);
    expect(stderr).toMatch(/ignored 2 files that are no pictures or volumes: .*scan001 \(1 text, 1 DICOM file\)/);
  });

  it('says one thing of many files three times and how often more; names foreign files, and what to do', async () => {
    const dark = sixteen((grey, at) => grey * 8 + (at % 3));
    const names = ['1', '2', '3', '4', '5'].map((n) => `${n}.png`);
    const inputs = write(temporaryFolder(), Object.fromEntries(names.map((name) => [name, dark])));
    const foreign = write(temporaryFolder(), {
      IM0001: dicom,
      'x.nrrd': 'NRRD0004\n# what\n',
      'y.nii': 'NRRD0004\n# what\n',
    });
    const files = ['IM0001', 'x.nrrd', 'y.nii'].map((name) => join(foreign, name));
    const out = join(temporaryFolder(), 'out');
    const argv = ['segment', inputs, ...files, '--weights', weights, '--out', out, '--size', '64', '--json'];
    const { code, stdout, stderr } = await infnet(argv);
    expect(code, stderr).toBe(1);
    expect(stderr.match(/try --range/g)).toHaveLength(3);
    expect(stderr).toContain('2 more notes of this kind (RANGE_UNUSED); --json has all');
    const { slices, errors } = JSON.parse(stdout) as {
      readonly slices: readonly Told[];
      readonly errors: readonly { readonly code: string; readonly message: string; readonly fix: string }[];
    };
    expect(slices.map(({ notes }) => notes.length)).toEqual([1, 1, 1, 1, 1]);
    expect(errors).toEqual([
      expect.objectContaining({ code: 'DATA_UNKNOWN_FORMAT', message: expect.stringContaining('a DICOM file') }),
      expect.objectContaining({ code: 'DATA_UNKNOWN_FORMAT', message: expect.stringContaining('an NRRD volume') }),
      expect.objectContaining({ code: 'DATA_NIFTI', message: expect.stringContaining('an NRRD volume') }),
    ]);
    expect(errors.map(({ fix }) => /dcm2niix -z y|SimpleITK/.exec(fix)?.[0])).toEqual([
      'dcm2niix -z y',
      'SimpleITK',
      'SimpleITK',
    ]);
  });

  it('names what is in a folder without pictures and volumes', async () => {
    const series = write(temporaryFolder(), { IM0000: dicom, IM0001: dicom, IM0002: dicom.subarray(126) });
    const rest = ['--weights', weights, '--out', join(temporaryFolder(), 'out'), '--size', '64'];
    const { code, stderr } = await infnet(['segment', series, ...rest]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'None of the 3 files in the folder is a picture or a volume by its name; there are 2 DICOM files',
    );
    expect(stderr).toContain(`dcm2niix -z y ${series}`);
  });

  it('refuses orientations that are none', async () => {
    for (const orient of ['sideways', 'LR', 'PLS', '']) {
      const { code, stderr } = await infnet(['segment', 'x', '--weights', 'w', '--out', 'o', '--orient', orient]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('Give released, upright, transposed, as-stored')]);
    }
  });
});

describe('advice', () => {
  it('names the folder as it can be typed, once for all files, and files with odd names are not passed over', async () => {
    const inputs = join(temporaryFolder(), "it's a scan");
    mkdirSync(inputs);
    const third = process.platform === 'win32' ? 'c.png' : 'new\nline.png';
    write(inputs, { 'a.png': dicom, 'b.png': dicom, [third]: dicom });
    const out = join(temporaryFolder(), 'out');
    const { code, stderr } = await infnet(['segment', inputs, '--weights', weights, '--out', out, '--size', '64']);
    expect(code).toBe(1);
    expect(stderr.match(/looks like a DICOM file/g)).toHaveLength(3);
    expect(stderr.split('\n').filter((line) => line.startsWith('  Fix: '))).toEqual([
      expect.stringContaining(`dcm2niix -z y ${asArgument(inputs)} (`),
    ]);
    expect(asArgument("/a/it's b")).toBe(process.platform === 'win32' ? `"/a/it's b"` : `'/a/it'\\''s b'`);
    expect(asArgument('/a/b-1.0')).toBe('/a/b-1.0');
  });

  it('of a folder that has folders only says so', async () => {
    const inputs = temporaryFolder();
    mkdirSync(join(inputs, 'deeper'));
    const { code, stderr } = await infnet(['segment', inputs, '--weights', weights, '--out', join(inputs, 'out')]);
    expect(code).toBe(2);
    expect(stderr).toContain('The folder has no files, only 1 folders.');
  });
});
