/**
 * What is noticed in volumes that are read all the same: distances that disagree, values that are not Hounsfield units.
 */
import { expectError } from '@infnet/testing';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { describeNote, readNifti, type Volume, volumeNotes, voxelMillilitres } from '../src/index.js';
import { fixture } from './fixtures/nifti.js';
import { concat, noise } from './support/pictures.js';

const { bytes: chestBytes } = fixture('chest.nii.gz');
const chest = readNifti(chestBytes);

/** The chest uncompressed, its header changed. */
function changed(change: (view: DataView) => void): Volume {
  const { header, data } = chest;
  const bytes = new Uint8Array(352 + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer), 352);
  change(new DataView(bytes.buffer));
  return readNifti(bytes);
}

function sform(view: DataView, ...rows: number[]): void {
  for (const [at, value] of rows.entries()) view.setFloat32(280 + 4 * at, value, true);
}

const qformCode = (view: DataView, code: number): void => view.setInt16(252, code, true);
const sformCode = (view: DataView, code: number): void => view.setInt16(254, code, true);
const codes = (volume: Volume): string[] => volume.notes.map(({ code }) => code);

describe('geometry: the sform counts, then the qform, then pixdim, for place and millilitres alike', () => {
  it('of files that agree with themselves there is nothing to say', () => {
    expect(chest.notes).toEqual([]);
    expect(voxelMillilitres(chest)).toBe((chest.spacing[0] * chest.spacing[1] * chest.spacing[2]) / 1000);
  });

  it('slices 0.6 apart by pixdim and 0.8 by the sform', () => {
    const volume = changed((view) => {
      qformCode(view, 0);
      view.setFloat32(76 + 12, 0.6, true);
      sform(view, -0.8, 0, 0, 9, 0, -0.8, 0, 9, 0, 0, 0.8, 9);
      for (const at of [80, 84]) view.setFloat32(at, 0.8, true);
    });
    expect(voxelMillilitres(volume)).toBeCloseTo(0.8 ** 3 / 1000, 8);
    expect(volume.spacing[2]).toBeCloseTo(0.8, 6);
    expect(volume.notes.map(({ message }) => message)).toEqual([
      'its voxels are 0.8 x 0.8 x 0.8 mm by its sform and 0.8 x 0.8 x 0.6 mm by pixdim, 33 % more volume; the sform counts, for place and millilitres',
    ]);
  });

  it('the volume of sheared voxels is the determinant, not the product of their edges', () => {
    const volume = changed((view) => {
      qformCode(view, 0);
      sform(view, -0.9, 0, 0, 9, 0, -0.8, 4, 9, 0, 0, 3, 9);
      view.setFloat32(76 + 12, 5, true);
    });
    expect(volume.spacing[2]).toBe(5);
    expect(voxelMillilitres(volume)).toBeCloseTo((0.9 * 0.8 * 3) / 1000, 8);
  });

  it('forms that lead elsewhere', () => {
    const volume = changed((view) => sform(view, 0.9, 0, 0, 9, 0, -0.8, 0, 9, 0, 0, 3, 9));
    expect(volume).toMatchObject({ orientation: 'RPS', affineFrom: 'sform' });
    expect(volume.notes[0]?.message).toBe('its axes lead RPS by its sform and LPS by its qform; the sform counts');
  });

  it('a form that spans nothing does not count', () => {
    const zeros = changed((view) => sform(view, ...new Array<number>(12).fill(0)));
    expect(zeros).toMatchObject({ orientation: 'LPS', affineFrom: 'qform' });
    expect(zeros.notes[0]?.message).toContain('its sform spans no volume and does not count (qform does)');
    const nothing = changed((view) => {
      sform(view, Number.NaN);
      qformCode(view, 0);
    });
    expect(nothing).toMatchObject({ orientation: undefined, affineFrom: 'pixdim' });
    expect(codes(nothing)).toEqual(['NIFTI_GEOMETRY', 'NIFTI_ORIENTATION']);
    expect(voxelMillilitres(nothing)).toBeCloseTo((0.9 * 0.8 * 3) / 1000, 8);
    // Thin slices are no reason.
    expect(
      changed((view) => {
        qformCode(view, 0);
        sform(view, -0.9, 0, 0, 0, 0, -0.8, 0, 0, 0, 0, 0.01, 0);
      }).affineFrom,
    ).toBe('sform');
  });

  it('distances that no CT has, and none', () => {
    expect(readNifti(fixture('metres.nii').bytes).notes.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('mm apart, which no CT has'),
    );
    const none = changed((view) => {
      sformCode(view, 0);
      qformCode(view, 0);
      view.setFloat32(76 + 12, 0, true);
    });
    expect(none.notes.map(({ message }) => message)).toContain(
      'it does not say how far its voxels lie apart, so there are no millilitres',
    );
  });

  it('none at all, and an oblique one', () => {
    const none = changed((view) => {
      sformCode(view, 0);
      qformCode(view, 0);
    });
    expect(none.notes.map(({ message }) => message)).toEqual([
      'it does not say how its axes lie in the patient; its slices are taken as stored',
    ]);
    const [c, s] = [Math.cos(0.6), Math.sin(0.6)];
    const oblique = changed((view) => {
      qformCode(view, 0);
      sform(view, -0.9, 0, 0, 0, 0, -0.8 * c, 3 * s, 0, 0, 0.8 * s, 3 * c, 0);
    });
    expect(oblique).toMatchObject({ orientation: 'LPS' });
    expect(oblique.notes[0]?.message).toContain("34 degrees from the patient's axes");
  });
});

describe('files', () => {
  const plain = fixture('int16-le.nii');
  const values = ({ data }: Volume): number[] => [...(data as Iterable<number>)];
  const told = ({ notes }: Volume): string[] =>
    notes.flatMap(({ code, message }) => (code === 'NIFTI_GEOMETRY' ? [] : [message]));

  it('bits per voxel that are not those of the datatype: the datatype counts', () => {
    for (const bits of [0, 8, 32, -1]) {
      const bytes = plain.bytes.slice();
      new DataView(bytes.buffer).setInt16(72, bits, true);
      const volume = readNifti(bytes);
      expect(values(volume)).toEqual(plain.values);
      expect(told(volume)).toEqual([
        `its header says ${bits} bits per voxel (bitpix) and int16, which has 16; int16 counts`,
      ]);
    }
    expect(told(readNifti(plain.bytes))).toEqual([]);
  });

  it('a header of another length whose magic is right', () => {
    for (const name of ['int16-le.nii', 'int16-be.nii']) {
      const { bytes } = fixture(name);
      const odd = bytes.slice();
      new DataView(odd.buffer).setInt32(0, 0, true);
      expect(values(readNifti(odd))).toEqual(values(readNifti(bytes)));
      expect(told(readNifti(odd))).toEqual([
        'its header says that it is 0 bytes long; its magic (n+1) is that of 348, which count',
      ]);
    }
  });

  it('bytes after the compressed data: zeros without a word, others with one', () => {
    // Several members, one of them large, and stray bytes in any number: at the end of a piece, and beyond it.
    const large = gzipSync(concat(plain.bytes.subarray(0, 400), new Uint8Array(0)));
    const files = [gzipSync(plain.bytes), concat(large, gzipSync(plain.bytes.subarray(400)))];
    // As many bytes as are read at a time, and a little less or more.
    const noisy = gzipSync(concat(plain.bytes, noise(70_000)), { level: 0 });
    for (const size of [2 ** 15, 2 ** 16])
      files.push(gzipSync(concat(plain.bytes, noise(size - plain.bytes.length - 23)), { level: 0 }));
    files.push(noisy);
    for (const [n, file] of files.entries()) {
      for (const length of [1, 3, 4, 9, 40_000]) {
        const zeros = readNifti(concat(file, new Uint8Array(length)));
        expect([values(zeros), told(zeros)], `file ${n}, ${length} zeros`).toEqual([plain.values, []]);
        const others = readNifti(concat(file, new Uint8Array(length - 1), Uint8Array.of(7)));
        const note = `it has ${length} bytes after its compressed data; they are left aside`;
        expect([values(others), told(others)], `file ${n}, ${length} others`).toEqual([plain.values, [note]]);
      }
    }
  });

  it('bytes after compressed data that were changed or cut do not hide it', async () => {
    const file = gzipSync(plain.bytes);
    for (const padding of [2, 600]) {
      const changedBytes = concat(file, new Uint8Array(padding));
      changedBytes[file.length - 6] = (changedBytes[file.length - 6] as number) ^ 1;
      await expectError('DATA_CORRUPT', () => readNifti(changedBytes));
      await expect(async () =>
        readNifti(concat(file.subarray(0, file.length - 9), new Uint8Array(padding))),
      ).rejects.toThrow(/DATA_(CORRUPT|TRUNCATED)/);
    }
  });

  it('64-bit integers beyond 2^53', () => {
    const { bytes } = fixture('int64-le.nii');
    expect(told(readNifti(bytes))).toEqual([]);
    const beyond = bytes.slice();
    const view = new DataView(beyond.buffer);
    view.setBigInt64(352, -(2n ** 53n) - 1n, true);
    const volume = readNifti(beyond);
    expect(volume.data[0]).toBe(-(2 ** 53));
    expect(told(volume)[0]).toContain('up to 9.007e+15; from 2^53 on');
  });

  it('voxels without their header are told by their name', async () => {
    for (const name of ['x.img', 'x.IMG.gz']) {
      expect((await expectError('DATA_NIFTI_PAIR', () => readNifti(noise(4000), name))).message).toContain('.hdr');
    }
  });
});

describe('values', () => {
  const air = Int16Array.from(chest.data as ArrayLike<number>);
  const holding = (values: (hu: number, at: number) => number, more: Partial<Volume> = {}): Volume => ({
    ...chest,
    ...more,
    data: Float32Array.from(air, values),
  });

  it('Hounsfield units are told by the share of air and lung', () => {
    const fine: readonly Volume[] = [
      chest,
      // Clipped to a window, padded, and stored with a slope.
      holding((hu) => Math.min(400, Math.max(-1000, hu))),
      holding((hu, at) => (at % 40 < 4 ? -3024 : hu)),
      holding((hu) => (hu + 1024) / 2, { slope: 2, intercept: -1024 }),
    ];
    for (const volume of fine) expect(volumeNotes(volume)).toEqual([]);
    const other: Readonly<Record<string, Volume>> = {
      'greys of 0 to 255': holding((hu) => Math.min(255, Math.max(0, (hu + 1350) / 6))),
      '0 to 1': holding((hu) => Math.min(1, Math.max(0, (hu + 1350) / 1500))),
      'z-scores': holding((hu) => (hu + 600) / 450),
      '-1 to 1': holding((hu) => Math.min(1, Math.max(-1, hu / 1000))),
      'all a hundredth of it below': holding((hu, at) => (at % 100 === 0 ? -1000 : Math.max(0, hu))),
      'stored values': holding((hu) => hu + 1124),
    };
    for (const [name, volume] of Object.entries(other)) {
      const notes = volumeNotes(volume);
      expect(
        notes.map(({ code }) => code),
        name,
      ).toEqual(['NOT_HOUNSFIELD']);
      expect(describeNote(notes[0] as (typeof notes)[number]), name).toMatch(
        /not in Hounsfield units, which the lung window is for; try \{ window: 'minmax'/,
      );
      expect(volumeNotes(volume, { window: 'minmax' }), name).toEqual([]);
    }
  });

  it('stored values with a padding far below, be it a fiftieth or half of the volume', () => {
    for (const every of [50, 2]) {
      const padded = holding((hu, at) => (at % every === 0 ? -2000 : Math.max(0, hu + 1024) + (hu > 0 ? 1000 : 0)));
      const [note] = volumeNotes(padded);
      expect(note).toMatchObject({
        code: 'NOT_HOUNSFIELD',
        suggest: { option: 'window', values: ['minmax', '-326,1174'] },
      });
    }
  });

  it('a window of no use, and values that are not numbers', () => {
    expect(volumeNotes(chest, { window: [-1000, 400] })).toEqual([]);
    expect(volumeNotes(chest, { window: [2000, 3000] })[0]?.message).toContain('all of it is black or white');
    expect(volumeNotes(chest, { window: [-1e6, 1e6] })[0]?.message).toContain('all of it is a few greys');
    const holes = holding((hu, at) => (at % 10 === 0 ? Number.NaN : hu));
    expect(volumeNotes(holes).map(({ code }) => code)).toEqual(['NOT_FINITE']);
    expect(volumeNotes(holding(() => Number.NaN)).map(({ code }) => code)).toEqual(['NOT_FINITE']);
  });

  it('slices that are not axial', () => {
    const sagittal = { ...chest, orientation: 'PSL' };
    expect(volumeNotes(sagittal).map(({ code }) => code)).toEqual(['NIFTI_ORIENTATION']);
    expect(volumeNotes(sagittal)[0]?.message).toContain('pixels of its axial slices are 0.9 x 3 mm');
    const [note] = volumeNotes(sagittal, { orient: 'transposed' });
    expect(note).toMatchObject({ message: expect.stringContaining('PSL'), suggest: { option: 'orient' } });
    const single = { ...chest, orientation: 'LIA', depth: 1, data: chest.data.subarray(0, 40 * 36) };
    expect(volumeNotes(single)[0]?.message).toContain('its one slice is not axial');
  });
});
