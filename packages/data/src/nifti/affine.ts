/**
 * From voxels to the patient.
 *
 * The choice is nibabel's and niftilib's: the sform if the file has one, else the qform. nifti-reader-js chooses by the larger code, gives
 * NIfTI-2 its sform even where the file says that there is none, and takes the root of a number that rounding made
 * negative; so of its affines only the qform's formula is used, which guards that root.
 */
import { NIFTI1 } from 'nifti-reader-js';

export interface Qform {
  readonly code: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly offset: readonly [number, number, number];
  /** -1 where k runs against the rotation's third axis. */
  readonly qfac: number;
}

export interface Sform {
  readonly code: number;
  /** Three rows of four. */
  readonly rows: readonly number[];
}

/** The affine that counts. @param pixdim distances along i, j, k in the file's unit, positive */
export function chooseAffine(
  sform: Sform,
  qform: Qform,
  pixdim: readonly [number, number, number],
): { readonly affine: Float64Array; readonly affineFrom: 'sform' | 'qform' | 'pixdim' } {
  if (sform.code > 0) return { affine: Float64Array.from([...sform.rows, 0, 0, 0, 1]), affineFrom: 'sform' };
  if (qform.code > 0) {
    const { b, c, d, offset, qfac } = qform;
    const rows = new NIFTI1().convertNiftiQFormToNiftiSForm(b, c, d, ...offset, ...pixdim, qfac);
    return { affine: Float64Array.from(rows.flat()), affineFrom: 'qform' };
  }
  const [x, y, z] = pixdim;
  return { affine: Float64Array.of(x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1), affineFrom: 'pixdim' };
}

const LETTERS = ['LR', 'PA', 'IS'] as const;

/** See `VolumeHeader.orientation`. The largest entries are given away first, so that no axis is given twice. */
export function orientationOf(affine: Float64Array): string | undefined {
  const entries: {
    readonly row: number;
    readonly column: number;
    readonly size: number;
    readonly positive: boolean;
  }[] = [];
  for (let column = 0; column < 3; column++) {
    const at = (row: number): number => affine[row * 4 + column] as number;
    const length = Math.hypot(at(0), at(1), at(2));
    for (let row = 0; row < 3; row++) {
      entries.push({ row, column, size: Math.abs(at(row)) / length, positive: at(row) > 0 });
    }
  }
  if (!entries.every(({ size }) => Number.isFinite(size))) return undefined;
  entries.sort((a, b) => b.size - a.size);
  const letters = ['', '', ''];
  const given = new Set<number>();
  for (const { row, column, size, positive } of entries) {
    if (letters[column] !== '' || given.has(row) || size === 0) continue;
    letters[column] = (LETTERS[row] as string).charAt(positive ? 1 : 0);
    given.add(row);
  }
  return letters.includes('') ? undefined : letters.join('');
}
