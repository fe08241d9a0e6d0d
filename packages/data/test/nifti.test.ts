/** Reading: nibabel's files give nibabel's numbers; what cannot be read says why. */
import { expectError } from '@infnet/testing';
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { isVolumeName, readNifti, readNiftiHeader, type Volume, voxelMillilitres } from '../src/index.js';
import { fixture, readable, refused } from './fixtures/nifti.js';
import { concat } from './support/pictures.js';

function scaled({ data, slope, intercept }: Volume): number[] {
  return Array.from(data as ArrayLike<number>, (value) => value * slope + intercept);
}

/**
 * A copy of a plain file with some bytes of its header changed; int16 and int32 in its own byte order, which is little.
 */
function changed(name: string, change: (view: DataView) => void): Uint8Array {
  const bytes = fixture(name).bytes.slice();
  change(new DataView(bytes.buffer));
  return bytes;
}

describe('files of nibabel', () => {
  it.each(readable)('$name', (file) => {
    const volume = readNifti(file.bytes, file.name);
    const [width, height, depth = 1] = file.shape;
    expect(volume).toMatchObject({ width, height, depth, affineFrom: file.from, description: 'made by nibabel' });
    // nibabel's name of the type in the file; scaled files hold int16.
    expect(volume.datatype).toBe(file.datatype);
    expect(volume.version).toBe(file.name.startsWith('nifti2') ? 2 : 1);
    expect(volume.littleEndian).toBe(!file.name.includes('-be'));
    expect(volume.data).toHaveLength((width as number) * (height as number) * depth);
    if (file.values.length > 0) expect(scaled(volume)).toEqual(file.values);
    for (const [i, value] of (file.affine ?? []).entries()) {
      expect(Math.abs((volume.affine[i] as number) - value), `affine ${i}`).toBeLessThanOrEqual(
        1e-6 * Math.abs(value) + 1e-6,
      );
    }
    const millimetres = file.name.startsWith('metres') ? 1000 : 1;
    // The sform of these files says other distances than pixdim; what counts for the affine counts for them too.
    for (const i of [0, 1, 2]) {
      const length = Math.hypot(...[0, 4, 8].map((row) => (file.affine ?? volume.affine)[row + i] as number));
      expect(volume.spacing[i], `spacing ${i}`).toBeCloseTo(length * millimetres, 6 - Math.log10(millimetres));
      if (file.from !== 'sform') expect(volume.spacing[i]).toBe((file.zooms[i] as number) * millimetres);
    }
    expect(readNiftiHeader(file.bytes.subarray(0, 600))).toEqual(
      Object.fromEntries(Object.entries(volume).filter(([key]) => key !== 'data')),
    );
  });

  it('say where their axes lead, and how large a voxel is', () => {
    const qform = readNifti(fixture('qform.nii.gz').bytes);
    expect(qform).toMatchObject({ orientation: 'ALS', unit: 'mm' });
    expect(qform.affine).toHaveLength(16);
    expect(voxelMillilitres(qform)).toBeCloseTo((0.9 * 0.8 * 3) / 1000, 9);
    expect(readNifti(fixture('int16-be.nii').bytes).orientation).toBe('LPS');
    const plain = readNifti(fixture('pixdim.nii.gz').bytes);
    expect(plain).toMatchObject({ orientation: undefined, unit: 'mm', spacing: [1, 1, 1] });
    expect([...plain.affine]).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    expect(readNifti(fixture('metres.nii').bytes).unit).toBe('m');
  });

  it('that do not say how far their slices lie apart have no volume in millilitres', () => {
    const bytes = changed('flat.nii', (view) => {
      view.setFloat32(76 + 12, 0, true);
      view.setInt32(252, 0, true);
    });
    const volume = readNifti(bytes);
    expect(volume.affineFrom).toBe('pixdim');
    expect(volume.spacing[2]).toBeNaN();
    expect(voxelMillilitres(volume)).toBeUndefined();
  });

  it('may be views into larger memory, at any place', () => {
    const { bytes, values } = fixture('int16-le.nii');
    for (const shift of [1, 2, 3]) {
      const memory = concat(new Uint8Array(shift).fill(7), bytes, new Uint8Array(5));
      const volume = readNifti(memory.subarray(shift, shift + bytes.length));
      memory.fill(0);
      expect(scaled(volume)).toEqual(values);
    }
  });

  it('may have a slope of 0 or none, and voxels where the header leaves their place out', () => {
    const unscaled = { slope: 1, intercept: 0 };
    expect(readNifti(changed('int16-le.nii', (view) => view.setFloat32(112, 0, true)))).toMatchObject(unscaled);
    expect(readNifti(changed('int16-le.nii', (view) => view.setFloat32(112, Number.NaN, true)))).toMatchObject(
      unscaled,
    );
    const { values } = fixture('int16-le.nii');
    expect(scaled(readNifti(changed('int16-le.nii', (view) => view.setFloat32(108, 0, true))))).toEqual(values);
  });

  it('may be compressed in several members, as bgzip does', () => {
    const { bytes, values } = fixture('int16-le.nii');
    const members = [bytes.subarray(0, 100), bytes.subarray(100, 400), new Uint8Array(0), bytes.subarray(400)];
    expect(scaled(readNifti(concat(...members.map((part) => gzipSync(part)))))).toEqual(values);
  });

  it('are known by name', () => {
    for (const name of ['a.nii', 'b.NII.GZ', 'c.hdr', 'd.img']) expect(isVolumeName(name), name).toBe(true);
    for (const name of ['a.png', 'nii', 'a.nii.png', 'a.gz']) expect(isVolumeName(name), name).toBe(false);
  });
});

describe('refusals', () => {
  it.each(refused)('$name: $code', async ({ name, bytes, code }) => {
    const error = await expectError(code, () => readNifti(bytes, name));
    expect(error.where).toBe(name);
    expect(error.fix).toBeTruthy();
  });

  it('say how many volumes there are, and what the voxels are', async () => {
    const message = async (name: string): Promise<string> => {
      const { bytes, code } = refused.find((file) => file.name === name) as (typeof refused)[number];
      return (await expectError(code, () => readNifti(bytes))).message;
    };
    expect(await message('series.nii.gz')).toContain('2 volumes (5x4x3x2 voxels)');
    expect(await message('rgb.nii')).toContain('colours (RGB) (datatype 128)');
    expect(await message('complex128.nii')).toContain('complex numbers (complex128) (datatype 1792)');
    expect(await message('analyze.hdr')).toContain('Analyze');
  });

  it.each<[string, string, string, (view: DataView) => void]>([
    [
      'another length of the header, and no magic',
      'DATA_NIFTI',
      'begins with 347',
      (view) => {
        view.setInt32(0, 347, true);
        view.setUint8(344, 0);
      },
    ],
    ['another magic', 'DATA_NIFTI', "magic is 'n+9?'", (view) => view.setUint8(346, 0x39)],
    ['no dimension', 'DATA_NIFTI', '0 dimensions', (view) => view.setInt16(40, 0, true)],
    ['eight dimensions', 'DATA_NIFTI', '8 dimensions', (view) => view.setInt16(40, 8, true)],
    ['one dimension', 'DATA_NIFTI', 'a row of 5 numbers', (view) => view.setInt16(40, 1, true)],
    ['a negative extent', 'DATA_NIFTI', '5x-4x3', (view) => view.setInt16(44, -4, true)],
    ['an extent of 0', 'DATA_ZERO_SIZE', '5x0x3', (view) => view.setInt16(44, 0, true)],
    ['a type that is none', 'DATA_NIFTI_TYPE', 'datatype 5', (view) => view.setInt16(70, 5, true)],
    [
      'floats of 128 bits',
      'DATA_NIFTI_TYPE',
      '128-bit floats (float128) (datatype 1536)',
      (view) => view.setInt16(70, 1536, true),
    ],
    ['voxels within the header', 'DATA_NIFTI', 'byte 347', (view) => view.setFloat32(108, 347, true)],
    ['voxels between bytes', 'DATA_NIFTI', 'byte 352.5', (view) => view.setFloat32(108, 352.5, true)],
    ['voxels nowhere', 'DATA_NIFTI', 'byte NaN', (view) => view.setFloat32(108, Number.NaN, true)],
    ['voxels beyond the end', 'DATA_TRUNCATED', 'there are 472', (view) => view.setFloat32(108, 1000, true)],
    ['more voxels than there are', 'DATA_TRUNCATED', '5x5x3 voxels of int16', (view) => view.setInt16(44, 5, true)],
    [
      'more voxels than are allowed',
      'DATA_TOO_LARGE',
      '32767x32767x32767',
      (view) => {
        for (const at of [42, 44, 46]) view.setInt16(at, 32767, true);
      },
    ],
    [
      'an endless intercept',
      'DATA_NIFTI',
      'adds Infinity',
      (view) => {
        view.setFloat32(112, 2, true);
        view.setFloat32(116, Number.POSITIVE_INFINITY, true);
      },
    ],
  ])('%s: %s', async (_, code, message, change) => {
    const bytes = changed('int16-le.nii', change);
    expect((await expectError(code, () => readNifti(bytes))).message).toContain(message);
    expect((await expectError(code, () => readNifti(gzipSync(bytes)))).code).toBe(code);
  });

  it('NIfTI-2 extents beyond all measure', async () => {
    const bytes = fixture('nifti2-be.nii').bytes.slice();
    const view = new DataView(bytes.buffer);
    view.setBigInt64(24, 2n ** 62n);
    await expectError('DATA_TOO_LARGE', () => readNifti(bytes));
    view.setBigInt64(24, -1n);
    expect((await expectError('DATA_NIFTI', () => readNifti(bytes))).message).toContain('-1x4x3');
  });

  it('nothing, and something else', async () => {
    await expectError('DATA_EMPTY', () => readNifti(new Uint8Array(0)));
    await expectError('DATA_NIFTI', () => readNifti(new TextEncoder().encode('this is no volume at all')));
    await expectError('DATA_NIFTI', () =>
      readNifti(gzipSync(new TextEncoder().encode('nor is this, by any means'.repeat(30)))),
    );
  });

  it('a limit below the file', async () => {
    const { bytes } = fixture('int16-le.nii');
    const error = await expectError('DATA_TOO_LARGE', () => readNifti(bytes, 'v.nii', { maxBytes: bytes.length - 1 }));
    expect(error.message).toContain('472 bytes, the limit is 471');
    expect(readNifti(bytes, 'v.nii', { maxBytes: bytes.length }).depth).toBe(3);
  });

  it('a small file that holds a huge volume, unless it is trusted', async () => {
    const { bytes } = fixture('int16-le.nii');
    const header = concat(bytes.subarray(0, 352));
    const view = new DataView(header.buffer);
    for (const [i, side] of [1024, 1024, 321].entries()) view.setInt16(42 + 2 * i, side, true);
    // Members of a mebibyte each: as many as the header calls for, compressed once.
    const mebibyte = gzipSync(new Uint8Array(2 ** 20));
    const file = concat(gzipSync(header), ...new Array<Uint8Array>(642).fill(mebibyte));
    const { message } = await expectError('DATA_TOO_LARGE', () => readNifti(file, 'mask.nii.gz'));
    expect(message).toContain('1024x1024x321 voxels of int16');
    expect(message).toContain('671088640 bytes or 320 times');
    // The file's last member is missing: that is said, and not that it is large.
    await expectError('DATA_TRUNCATED', () =>
      readNifti(file.subarray(0, file.length - mebibyte.length), 'mask.nii.gz'),
    );
  });

  it('compressed data that hold far more than the header says', async () => {
    const { bytes } = fixture('int16-le.nii');
    const bomb = gzipSync(concat(bytes, new Uint8Array(4_000_000)));
    expect(bomb.length).toBeLessThan(20_000);
    expect((await expectError('DATA_CORRUPT', () => readNifti(bomb))).message).toContain('its header calls for 472');
    // A little more is tolerated, as other readers do.
    expect(readNifti(gzipSync(concat(bytes, new Uint8Array(1000)))).depth).toBe(3);
  });

  it('a header that claims more than the compressed file can hold, before memory is taken', async () => {
    const huge = changed('int16-le.nii', (view) => {
      for (const [i, at] of [42, 44, 46].entries()) view.setInt16(at, [1000, 1000, 1000][i] as number, true);
    });
    const error = await expectError('DATA_TRUNCATED', () => readNifti(gzipSync(huge)));
    expect(error.message).toContain('which cannot hold them');
  });

  it('a wrong checksum or length, in the last member and in one before', async () => {
    const { bytes } = fixture('int16-le.nii');
    const whole = gzipSync(bytes);
    for (const back of [8, 4]) {
      const damaged = whole.slice();
      damaged[damaged.length - back] = (damaged[damaged.length - back] as number) ^ 1;
      expect((await expectError('DATA_CORRUPT', () => readNifti(damaged))).message).toContain('checksum');
    }
    const first = gzipSync(bytes.subarray(0, 420));
    first[first.length - 8] = (first[first.length - 8] as number) ^ 1;
    await expectError('DATA_CORRUPT', () => readNifti(concat(first, gzipSync(bytes.subarray(420)))));
  });
});
