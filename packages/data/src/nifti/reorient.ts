/** A volume with its axes in another order: the same voxels at the same places in the patient. */
import { dataError } from '../errors.js';
import { rowOf } from './axes.js';
import type { VolumeData } from './datatypes.js';
import type { Volume } from './volume.js';

/**
 * The volume with its axes leading as `code` says, e.g. `LPS`: i to the left, j to the back, k to the head. Voxels are
 * moved, not resampled: one copy of the data, or none where the order is that already (then the same object comes
 * back). Affine and header say the new order, so that two volumes of one patient can be compared voxel by voxel, and
 * the result can be written.
 *
 * As nibabel's `as_reoriented`. An oblique volume stays oblique: each axis counts as the patient's nearest.
 *
 * @param code one letter each of R or L, A or P, S or I, in any order
 * @throws `DATA_ARGUMENT` for another code, or where the volume does not say how it lies (`orientation` is undefined)
 */
export function reorientVolume(volume: Volume, code = 'LPS'): Volume {
  const rows = [...code].map(rowOf);
  if (code.length !== 3 || [...rows].sort().join() !== '0,1,2') {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `'${code}' is no order of axes.`,
      fix: 'Give one letter each of R or L, A or P, S or I, e.g. LPS.',
    });
  }
  const { orientation } = volume;
  if (orientation === code) return volume;
  if (orientation === undefined) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: 'The volume does not say how its axes lie in the patient, so they cannot be brought into another order.',
      fix: 'Give it an sform or a qform, or take it as stored.',
    });
  }
  const extents = [volume.width, volume.height, volume.depth] as const;
  const axes = rows.map((row) => [0, 1, 2].find((axis) => rowOf(orientation.charAt(axis)) === row) as 0 | 1 | 2);
  const reversed = axes.map((axis, n) => orientation.charAt(axis) !== code.charAt(n));
  const [width, height, depth] = axes.map((axis) => extents[axis]) as [number, number, number];
  const affine = turned(volume.affine, axes, reversed, extents);
  return {
    ...volume,
    width,
    height,
    depth,
    affine,
    affineFrom: 'sform',
    orientation: code,
    spacing: axes.map((axis) => volume.spacing[axis]) as unknown as [number, number, number],
    header: headerWith(volume, axes, affine),
    data: moved(volume.data, extents, axes, reversed),
  };
}

/** Columns in the new order; the origin moves to the voxel that is the first now. */
function turned(
  affine: Float64Array,
  axes: readonly (0 | 1 | 2)[],
  reversed: readonly boolean[],
  extents: readonly number[],
): Float64Array {
  const out = Float64Array.from(affine);
  for (let row = 0; row < 3; row++) {
    for (const [n, axis] of axes.entries()) {
      const step = affine[row * 4 + axis] as number;
      out[row * 4 + n] = reversed[n] ? -step : step;
      if (reversed[n]) out[row * 4 + 3] = (out[row * 4 + 3] as number) + step * ((extents[axis] as number) - 1);
    }
  }
  return out;
}

function moved(
  data: VolumeData,
  extents: readonly number[],
  axes: readonly (0 | 1 | 2)[],
  reversed: readonly boolean[],
): VolumeData {
  const strides = [1, extents[0] as number, (extents[0] as number) * (extents[1] as number)] as const;
  let start = 0;
  const steps = axes.map((axis, n) => {
    if (!reversed[n]) return strides[axis];
    start += ((extents[axis] as number) - 1) * strides[axis];
    return -strides[axis];
  });
  const [si, sj, sk] = steps as [number, number, number];
  const [ni, nj, nk] = axes.map((axis) => extents[axis]) as [number, number, number];
  const out = new (data.constructor as new (length: number) => VolumeData)(data.length);
  let to = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      let from = start + k * sk + j * sj;
      for (let i = 0; i < ni; i++, from += si) out[to++] = data[from] as number;
    }
  }
  return out;
}

/**
 * Where the fields lie that change, by version: `dim_info`, `dim[1]`, `pixdim[1]`, the two codes, the sform; and their
 * widths.
 */
const FIELDS = {
  1: { info: 39, dim: 42, pixdim: 80, qform: 252, sform: 254, rows: 280 },
  2: { info: 524, dim: 24, pixdim: 112, qform: 344, sform: 348, rows: 400 },
} as const;

function headerWith(volume: Volume, axes: readonly (0 | 1 | 2)[], affine: Float64Array): Uint8Array {
  const { version, littleEndian, header } = volume;
  const out = new Uint8Array(header);
  const view = new DataView(out.buffer);
  const old = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const { info, dim, pixdim, qform, sform, rows } = FIELDS[version];
  const extents = [volume.width, volume.height, volume.depth] as const;
  const code = (at: number, value: number): void =>
    version === 1 ? view.setInt16(at, value, littleEndian) : view.setInt32(at, value, littleEndian);
  const codeAt = (at: number): number =>
    version === 1 ? old.getInt16(at, littleEndian) : old.getInt32(at, littleEndian);
  // A picture of two dimensions may become one with its single slice in front: then it needs three.
  if (version === 1) view.setInt16(dim - 2, Math.max(3, old.getInt16(dim - 2, littleEndian)), littleEndian);
  else {
    const count = old.getBigInt64(dim - 8, littleEndian);
    view.setBigInt64(dim - 8, count < 3n ? 3n : count, littleEndian);
  }
  for (const [n, axis] of axes.entries()) {
    if (version === 1) {
      view.setInt16(dim + 2 * n, extents[axis], littleEndian);
      view.setFloat32(pixdim + 4 * n, old.getFloat32(pixdim + 4 * axis, littleEndian), littleEndian);
    } else {
      view.setBigInt64(dim + 8 * n, BigInt(extents[axis]), littleEndian);
      view.setFloat64(pixdim + 8 * n, old.getFloat64(pixdim + 8 * axis, littleEndian), littleEndian);
    }
  }
  for (let at = 0; at < 12; at++) {
    if (version === 1) view.setFloat32(rows + 4 * at, affine[at] as number, littleEndian);
    else view.setFloat64(rows + 8 * at, affine[at] as number, littleEndian);
  }
  // The sform alone says it, with the code of what said it before; which axis was read out first is not known any more.
  code(sform, codeAt(volume.affineFrom === 'qform' ? qform : sform));
  code(qform, 0);
  out[info] = 0;
  return out;
}
