/** Writing: the geometry is the original's to the byte, and the same voxels give the same bytes. */
import { expectError } from '@infnet/testing';
import { gunzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { NiftiEncoder, readNifti, writeNifti } from '../src/index.js';
import { fixture, readable } from './fixtures/nifti.js';

/** Where geometry lies: dim_info and dim, pixdim, units, then codes, quaternion, offset and sform. */
const GEOMETRY = {
  1: [
    [39, 56],
    [76, 108],
    [123, 124],
    [252, 328],
  ],
  2: [
    [16, 80],
    [104, 168],
    [344, 496],
    [500, 504],
    [524, 525],
  ],
} as const;

describe('writeNifti', () => {
  it.each(readable.filter(({ name }) => name !== 'chest.nii.gz'))('on the grid of $name', ({ bytes }) => {
    const volume = readNifti(bytes);
    const count = volume.data.length;
    const mask = Uint8Array.from({ length: count }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0));
    const probability = Float32Array.from({ length: count }, (_, i) => i / count);
    for (const data of [mask, probability]) {
      for (const gzip of data === mask ? [false] : [true, false]) {
        const file = writeNifti(volume, data, { gzip, description: 'infnet test' });
        expect(file[0] === 0x1f && file[1] === 0x8b).toBe(gzip);
        const plain = gzip ? gunzipSync(file) : file;
        const start = volume.version === 1 ? 352 : 544;
        expect(plain).toHaveLength(start + data.byteLength);
        for (const [from, to] of GEOMETRY[volume.version]) {
          expect(plain.subarray(from, to), `bytes ${from} to ${to}`).toEqual(volume.header.subarray(from, to));
        }
        const back = readNifti(file);
        expect(back.data).toEqual(data);
        expect(back).toMatchObject({
          slope: 1,
          intercept: 0,
          description: 'infnet test',
          version: volume.version,
          littleEndian: volume.littleEndian,
          dataOffset: start,
        });
        const { affine, affineFrom, spacing, unit, orientation } = volume;
        expect(back).toMatchObject({ affine, affineFrom, spacing, unit, orientation });
      }
    }
  });

  it('gives the same bytes twice, without a time stamp, whole or slice by slice', () => {
    const volume = readNifti(fixture('chest.nii.gz').bytes);
    const { width, height, depth } = volume;
    const area = width * height;
    const probability = Float32Array.from({ length: area * depth }, (_, i) => ((i * 2654435761) % 1000) / 1000);
    const file = writeNifti(volume, probability);
    expect([...file.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    const encoder = new NiftiEncoder(volume, 'float32');
    for (let k = 0; k < depth; k++) encoder.push(probability.slice(k * area, (k + 1) * area));
    expect(encoder.finish()).toEqual(file);
    expect(writeNifti(volume, probability)).toEqual(file);
  });

  it('keeps neither free texts nor extensions, which may name a patient', () => {
    const { bytes } = fixture('extension.nii');
    const named = bytes.slice();
    const secret = new TextEncoder().encode('MUSTER');
    for (const at of [4, 14, 148, 228, 328]) named.set(secret, at);
    const volume = readNifti(named);
    expect(volume.dataOffset).toBeGreaterThan(352);
    const text = String.fromCharCode(...writeNifti(volume, new Uint8Array(60), { gzip: false }).subarray(0, 352));
    expect(text).not.toContain('MUSTER');
    expect(text).not.toContain('remark');
    expect(text.slice(148, 154)).toBe('infnet');
  });

  it('cuts a long description and writes nothing but ASCII there', () => {
    const volume = readNifti(fixture('int16-le.nii').bytes);
    const file = writeNifti(volume, new Uint8Array(60), { gzip: false, description: `né${'x'.repeat(100)}` });
    expect(readNifti(file).description).toBe(`n?${'x'.repeat(77)}`);
  });

  it('refuses what does not fit', async () => {
    const volume = readNifti(fixture('int16-le.nii').bytes);
    expect((await expectError('DATA_ARGUMENT', () => writeNifti(volume, new Uint8Array(59)))).message).toContain(
      '60 values',
    );
    const encoder = new NiftiEncoder(volume, 'uint8');
    await expectError('DATA_ARGUMENT', () => encoder.push(new Float32Array(20)));
    await expectError('DATA_ARGUMENT', () => encoder.push(new Uint8Array(21)));
    encoder.push(new Uint8Array(20));
    expect((await expectError('DATA_ARGUMENT', () => encoder.finish())).message).toContain('3 slices, 1 were given');
    encoder.push(new Uint8Array(20));
    encoder.push(new Uint8Array(20));
    await expectError('DATA_ARGUMENT', () => encoder.push(new Uint8Array(20)));
  });
});
