/** Where a result comes from: the same text in PNG, NIfTI and tables. */
import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  commonProvenance,
  decodeImage,
  decodeProvenance,
  encodePng,
  encodeProvenance,
  NiftiEncoder,
  PROVENANCE_COLUMNS,
  type Provenance,
  pngText,
  provenanceFields,
  provenanceLine,
  readNifti,
  readProvenance,
  sha256,
  stampPng,
  withPngText,
} from '../src/index.js';
import { fixture, readable } from './fixtures/nifti.js';

const made: Provenance = {
  version: '0.1.0',
  weights: 'Gewichte größer 重み.safetensors',
  weightsSha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  trainedOn: 'phantoms of infnet only',
  net: 'res2net50, width 0.25, 16 channels',
  size: 352,
  window: [-1350, 150],
  orient: 'transposed',
  threshold: 0.5,
  precision: 'exact',
  adapter: 'SwiftShader, a "software" adapter with a name that is much longer than the line',
};
const image = { width: 40, height: 33, data: Uint8Array.from({ length: 40 * 33 }, (_, i) => (i * 31) % 256) };

describe('provenance', () => {
  it('hashes as sha256sum does, views of larger and of shared memory too', async () => {
    const abc = new TextEncoder().encode('xabcx');
    expect(await sha256(abc.subarray(1, 4))).toBe(made.weightsSha256);
    if (typeof SharedArrayBuffer === 'undefined') return;
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set(abc.subarray(1, 4));
    expect(await sha256(shared)).toBe(made.weightsSha256);
  });

  it('comes back from its text, but for the time, which no file carries', () => {
    const text = encodeProvenance({ ...made, time: '2026-12-01T10:00:00Z' });
    expect(text).not.toContain('2026');
    expect(text).not.toContain('\n');
    expect(decodeProvenance(text)).toEqual(made);
    for (const foreign of ['', 'null', '[]', '{"infnet":"0.1.0"}', '{"weights":3}', text.slice(0, -1)]) {
      expect(decodeProvenance(foreign), foreign).toBeUndefined();
    }
  });

  it('in a PNG: the same pixels, the text once, and without it the bytes as they were', async () => {
    const plain = encodePng(image);
    const stamped = stampPng(stampPng(plain, { ...made, threshold: 0.9 }), made);
    expect(readProvenance(stamped)).toEqual(made);
    expect(JSON.parse(pngText(stamped, 'infnet') as string)).toMatchObject({ weights: made.weights, threshold: 0.5 });
    expect((await decodeImage(stamped)).data).toEqual(image.data);
    expect(withPngText(stamped, 'infnet', undefined)).toEqual(plain);
    expect(withPngText(stamped, 'infne', undefined)).toEqual(stamped);
    expect(readProvenance(plain)).toBeUndefined();
    await expectError('DATA_TRUNCATED', () => stampPng(plain.subarray(0, 100), made));
  });

  it.each(readable.filter(({ name }) => /chest|nifti2|-be/.test(name)))(
    'in a volume on the grid of $name, compressed or not, voxels and geometry as without',
    ({ bytes }) => {
      const like = readNifti(bytes);
      const area = like.width * like.height;
      for (const gzip of [true, false]) {
        const write = (comment?: string) => {
          const encoder = new NiftiEncoder(like, 'uint8', { gzip, description: provenanceLine(made), comment });
          for (let k = 0; k < like.depth; k++) encoder.push(new Uint8Array(area).fill(k % 2));
          return encoder.finish();
        };
        const file = write(encodeProvenance(made));
        expect(readProvenance(file)).toEqual(made);
        expect(readProvenance(write())).toBeUndefined();
        const [back, plain] = [readNifti(file), readNifti(write())];
        expect(back.data).toEqual(plain.data);
        expect(back.dataOffset % 16).toBe(0);
        expect(back).toMatchObject({ affine: plain.affine, spacing: plain.spacing, description: provenanceLine(made) });
      }
    },
  );

  it('of other files: none', () => {
    expect(readProvenance(fixture('chest.nii.gz').bytes)).toBeUndefined();
    expect(readProvenance(fixture('extension.nii').bytes)).toBeUndefined();
    for (const length of [0, 3, 8, 348]) expect(readProvenance(new Uint8Array(length))).toBeUndefined();
  });

  it('in 79 characters of ASCII: version, threshold, hash, size, window first', () => {
    const line = provenanceLine(made);
    expect(line).toMatch(/^infnet 0\.1\.0 p>=0\.5 weights ba7816bf8f01 352px -1350\.\.150 SwiftShader/);
    expect(line.length).toBeLessThanOrEqual(79);
    expect(provenanceLine({ ...made, threshold: undefined, window: [-1024.5, 3071], adapter: 'é' })).toBe(
      'infnet 0.1.0 probability weights ba7816bf8f01 352px -1024.5..3071 ?',
    );
  });

  it('in a table: a field for each column, all empty where there is no result', () => {
    const row = Object.fromEntries(provenanceFields(made).map((field, i) => [PROVENANCE_COLUMNS[i], field]));
    expect(row).toMatchObject({
      infnet_version: '0.1.0',
      weights_sha256: made.weightsSha256,
      input_size: '352',
      window: '-1350 to 150',
      threshold: '0.5',
      range: '',
    });
    expect(provenanceFields(undefined)).toEqual(PROVENANCE_COLUMNS.map(() => ''));
  });

  it('of the slices of a volume: all adapters that took part, and never two kinds of weights', async () => {
    expect(commonProvenance([made, { ...made, adapter: 'B' }, made]).adapter).toBe(`${made.adapter} and B`);
    await expectError('DATA_ARGUMENT', () => commonProvenance([made, { ...made, size: 320 }]));
    await expectError('DATA_ARGUMENT', () => commonProvenance([]));
  });
});
