/**
 * One patient in every order in which a file can store the voxels: the same slices for the net, the same mask in the
 * patient, the same ml.
 */
import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  type FloatMap,
  NiftiEncoder,
  readNifti,
  reorientVolume,
  type SliceOrientation,
  StoredSlices,
  sliceLayout,
  type Volume,
  volumeSlice,
  voxelMillilitres,
} from '../src/index.js';
import { fixture } from './fixtures/nifti.js';

const chest = readNifti(fixture('chest.nii.gz').bytes);

/** All 48: six orders of the axes, eight directions. */
const CODES = ['RL', 'AP', 'SI'].flatMap((first, a, pairs) =>
  pairs.flatMap((second, b) =>
    pairs.flatMap((third, c) =>
      a === b || b === c || a === c
        ? []
        : [...first].flatMap((x) => [...second].flatMap((y) => [...third].map((z) => x + y + z))),
    ),
  ),
);

/** The file of a volume whose header and data are right. */
function fileOf({ header, data }: Volume): Uint8Array {
  const bytes = new Uint8Array(header.length + 4 + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length + 4);
  return bytes;
}

/** Stands for a net: what it says of a pixel depends on grey, place and which way up the picture is. */
function answer(picture: ReturnType<typeof volumeSlice>): FloatMap {
  const { width, height, data } = picture;
  return { width, height, data: Float32Array.from(data, (v, at) => (v * (3 + at)) / (256 * (3 + width * height))) };
}

function segmented(volume: Volume, orient?: SliceOrientation): Volume {
  const encoder = new NiftiEncoder(volume, 'float32', { gzip: false });
  const stored = new StoredSlices(volume, orient);
  for (let s = 0; s < sliceLayout(volume, orient).count; s++) {
    for (const slice of stored.add(answer(volumeSlice(volume, s, { orient })))) encoder.push(slice);
  }
  return readNifti(encoder.finish());
}

/** How many voxels differ; quicker than comparing element by element in an assertion. */
const differing = (a: Volume, b: Volume): number => {
  const others = b.data;
  if (a.data.length !== others.length) return Number.POSITIVE_INFINITY;
  return Array.from(a.data).reduce((count, value, at) => count + (value === others[at] ? 0 : 1), 0);
};

const above = (volume: Volume): number => Array.from(volume.data).filter((p) => p >= 0.25).length;

describe('48 storage orders', () => {
  it('are all there, and reading, turning and turning back gives the same bytes', () => {
    expect(new Set(CODES).size).toBe(48);
    for (const code of CODES) {
      const turned = reorientVolume(chest, code);
      const read = readNifti(fileOf(turned), code);
      expect(read, code).toMatchObject({ orientation: code, affineFrom: 'sform', notes: [] });
      for (let i = 0; i < 16; i++) expect(read.affine[i], code).toBeCloseTo(turned.affine[i] as number, 4);
      expect(read.spacing, code).toEqual(turned.spacing);
      const back = reorientVolume(read, 'LPS');
      expect(differing(back, chest), code).toBe(0);
      for (let i = 0; i < 16; i++) expect(back.affine[i], code).toBeCloseTo(chest.affine[i] as number, 4);
    }
  });

  it.each(['released', 'upright', 'RA'] as const)('%s: the same mask in the patient, and the same ml', (orient) => {
    const expected = segmented(chest, orient);
    const millilitres = above(expected) * (voxelMillilitres(expected) as number);
    expect(millilitres).toBeGreaterThan(0.1);
    for (const code of CODES) {
      const volume = readNifti(fileOf(reorientVolume(chest, code)), code);
      const result = segmented(volume, orient);
      // On the input's own grid, byte for byte.
      for (const [from, to] of [
        [40, 56],
        [76, 108],
        [252, 328],
      ]) {
        expect(result.header.subarray(from, to), code).toEqual(volume.header.subarray(from, to));
      }
      expect(differing(reorientVolume(result, 'LPS'), expected), code).toBe(0);
      expect(above(result) * (voxelMillilitres(result) as number), code).toBeCloseTo(millilitres, 6);
    }
  });

  it('an oblique patient too, also where two axes are equally near', () => {
    for (const degrees of [17, 45, -45]) {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      const header = chest.header.slice();
      const view = new DataView(header.buffer);
      // About the patient's long axis; square pixels, so that 45 degrees are a tie.
      const rows = [-0.9 * c, 0.9 * s, 0, 9, -0.9 * s, -0.9 * c, 0, 9, 0, 0, 3, 9];
      for (const [at, value] of rows.entries()) view.setFloat32(280 + 4 * at, value, true);
      view.setInt16(252, 0, true);
      const base = readNifti(fileOf({ ...chest, header }));
      const expected = segmented(base);
      for (const code of CODES) {
        const volume = readNifti(fileOf(reorientVolume(base, code)), code);
        const result = segmented(volume);
        expect(result.orientation, `${degrees} ${code}`).toBe(code);
        expect(differing(reorientVolume(result, base.orientation), expected), `${degrees} ${code}`).toBe(0);
      }
    }
  });

  it('of LPS, as ITK writes it, released is what transposed always was, and upright as stored', () => {
    expect(sliceLayout(chest, 'released')).toEqual(sliceLayout(chest, 'transposed'));
    expect(sliceLayout(chest, 'upright')).toEqual(sliceLayout(chest, 'as-stored'));
    // As dcm2niix writes it: the spine would be at the left.
    const las = reorientVolume(chest, 'LAS');
    expect(sliceLayout(las)).not.toEqual(sliceLayout(las, 'transposed'));
    expect(volumeSlice(las, 2)).toEqual(volumeSlice(chest, 2));
    expect(volumeSlice(las, 2, { orient: 'AL' })).toEqual(volumeSlice(las, 2, { orient: 'transposed' }));
  });

  it('a NIfTI-2 volume is turned in its header too', () => {
    const two = readNifti(fixture('nifti2-be.nii').bytes);
    const code = two.orientation === 'SAR' ? 'RIP' : 'SAR';
    const turned = reorientVolume(two, code);
    const { data, ...header } = turned;
    // Its own bytes are big-endian; only the header is read again.
    const bytes = new Uint8Array(header.header.length + 4 + data.byteLength);
    bytes.set(header.header);
    const read = readNifti(bytes);
    expect(read).toMatchObject({
      orientation: code,
      width: turned.width,
      height: turned.height,
      depth: turned.depth,
      spacing: turned.spacing,
    });
  });
});

describe('volumes that do not say how they lie', () => {
  it('are taken as stored, with a note, and cannot be turned', async () => {
    const plain = readNifti(fixture('pixdim.nii.gz').bytes);
    expect(plain.notes.map(({ code }) => code)).toEqual(['NIFTI_ORIENTATION']);
    expect(sliceLayout(plain)).toEqual(sliceLayout(plain, 'transposed'));
    await expectError('DATA_ARGUMENT', () => reorientVolume(plain));
    for (const code of ['LP', 'LPP', 'XPS', 'LLS', ''])
      await expectError('DATA_ARGUMENT', () => reorientVolume(chest, code));
  });

  it('a single slice stays one, whichever way its affine turns it', () => {
    const single: Volume = { ...chest, depth: 1, orientation: 'LIA', data: chest.data.subarray(0, 40 * 36) };
    expect(sliceLayout(single)).toMatchObject({ count: 1, width: 36, height: 40 });
  });

  it('orientations that are none are refused', async () => {
    for (const orient of ['sideways', 'LR', 'P', 'PLS', '', 'constructor']) {
      await expectError('DATA_ARGUMENT', () => sliceLayout(chest, orient as SliceOrientation));
    }
  });

  it('a map of another size, or one too many, is refused', async () => {
    const stored = new StoredSlices(chest);
    await expectError('DATA_ARGUMENT', () => stored.add({ width: 40, height: 36, data: new Float32Array(40 * 36) }));
    const map = { width: 36, height: 40, data: new Float32Array(40 * 36) };
    for (let s = 0; s < 5; s++) stored.add(map);
    await expectError('DATA_ARGUMENT', () => stored.add(map));
  });
});
