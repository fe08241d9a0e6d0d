/**
 * From voxels to the patient: one order for everything that depends on it.
 *
 * Place, orientation, distances and millilitres all come from the same source: the sform if the file has one, else the
 * qform, else the voxel sizes. That order is nibabel's and niftilib's. Where the others say something else the header's
 * note tells both figures. An sform or qform that spans no volume (zeros, numbers that are none) does not count, and
 * that is told too.
 *
 * nifti-reader-js chooses by the larger code, gives NIfTI-2 its sform even where the file says that there is none, and
 * takes the root of a number that rounding made negative; so of its affines only the qform's formula is used, which
 * guards that root.
 */
import { NIFTI1 } from 'nifti-reader-js';
import type { DataNote } from '../notes.js';
import { orientationOf, tiltOf, volumeOf } from './axes.js';
import type { VolumeHeader } from './volume.js';

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

type Three = readonly [number, number, number];

export type Geometry = Pick<VolumeHeader, 'affine' | 'affineFrom' | 'orientation' | 'spacing' | 'notes'>;

/** Distances that differ by less are the same, rounded. */
const SAME = 1e-3;

/** Differences of a hundredth are told. */
const TOLD = 0.01;

/** Distances that scanners have, in millimetres, and a little more. */
const LIKELY = [0.02, 50] as const;

/** Beyond this angle between an axis and the patient's nearest one, the slices are called oblique: cos(30 degrees). */
const STRAIGHT = Math.cos(Math.PI / 6);

/**
 * @param pixdim distances along i, j, k in the file's unit, positive
 * @param millimetres of the unit
 */
export function readGeometry(sform: Sform, qform: Qform, pixdim: Three, millimetres: number): Geometry {
  const notes: DataNote[] = [];
  const say = (code: DataNote['code'], message: string): void => {
    notes.push({ code, message });
  };
  const bySform = sform.code > 0 ? Float64Array.from([...sform.rows, 0, 0, 0, 1]) : undefined;
  const byQform = qform.code > 0 ? affineOfQform(qform, pixdim) : undefined;
  const candidates = [
    ...(bySform === undefined ? [] : [{ affine: bySform, affineFrom: 'sform' as const }]),
    ...(byQform === undefined ? [] : [{ affine: byQform, affineFrom: 'qform' as const }]),
  ];
  const chosen = candidates.find(({ affine }) => spans(affine));
  for (const { affine, affineFrom } of candidates) {
    if (spans(affine)) break;
    say(
      'NIFTI_GEOMETRY',
      `its ${affineFrom} spans no volume and does not count (${chosen?.affineFrom ?? 'pixdim'} does)`,
    );
  }
  const inMillimetres = (size: number): number => (size > 0 && Number.isFinite(size) ? size * millimetres : Number.NaN);
  const sizes = pixdim.map(inMillimetres) as [number, number, number];
  if (chosen === undefined) {
    say('NIFTI_ORIENTATION', 'it does not say how its axes lie in the patient; its slices are taken as stored');
    if (!sizes.every(Number.isFinite)) {
      say('NIFTI_GEOMETRY', 'it does not say how far its voxels lie apart, so there are no millilitres');
    }
    const [x, y, z] = pixdim;
    const affine = Float64Array.of(x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1);
    return { affine, affineFrom: 'pixdim', orientation: undefined, spacing: sizes, notes };
  }
  const { affine, affineFrom } = chosen;
  const lengths = columnLengths(affine).map(inMillimetres) as [number, number, number];
  // Where both agree the header's own figure is kept: the root of squares differs in the last digits.
  const spacing = lengths.map((length, i) => (isNear(length, sizes[i] as number, SAME) ? sizes[i] : length));
  if (sizes.every(Number.isFinite) && !sizes.every((size, i) => isNear(lengths[i] as number, size, TOLD))) {
    const [here, there] = [lengths, sizes].map((three) => three.map((mm) => Number(mm.toPrecision(4))).join(' x '));
    const ratio = (volumeOf(affine) * millimetres ** 3) / ((sizes[0] as number) * sizes[1] * sizes[2]);
    say(
      'NIFTI_GEOMETRY',
      `its voxels are ${here} mm by its ${affineFrom} and ${there} mm by pixdim, ${percent(ratio)}; the ${affineFrom} counts, for place and millilitres`,
    );
  }
  const unlikely = spacing.find((size) => (size as number) < LIKELY[0] || (size as number) > LIKELY[1]);
  if (unlikely !== undefined) {
    say(
      'NIFTI_GEOMETRY',
      `its voxels are ${Number(unlikely.toPrecision(4))} mm apart, which no CT has; check its unit`,
    );
  }
  const orientation = orientationOf(affine);
  if (affineFrom === 'sform' && byQform !== undefined && spans(byQform)) {
    const other = orientationOf(byQform);
    if (other !== orientation) {
      say('NIFTI_GEOMETRY', `its axes lead ${orientation} by its sform and ${other} by its qform; the sform counts`);
    }
  }
  if (orientation === undefined) {
    say('NIFTI_ORIENTATION', `its ${affineFrom} has no nearest axes; its slices are taken as stored`);
  } else if (tiltOf(affine) < STRAIGHT) {
    const degrees = Math.round((Math.acos(tiltOf(affine)) * 180) / Math.PI);
    say(
      'NIFTI_ORIENTATION',
      `it lies oblique, ${degrees} degrees from the patient's axes; each axis is taken for the nearest (${orientation})`,
    );
  }
  return { affine, affineFrom, orientation, spacing: spacing as unknown as Three, notes };
}

function affineOfQform({ b, c, d, offset, qfac }: Qform, pixdim: Three): Float64Array {
  const rows = new NIFTI1().convertNiftiQFormToNiftiSForm(b, c, d, ...offset, ...pixdim, qfac);
  return Float64Array.from(rows.flat());
}

/** Whether the columns are finite and independent; measured against their lengths, as voxels may be small. */
function spans(affine: Float64Array): boolean {
  const [x, y, z] = columnLengths(affine);
  return affine.every(Number.isFinite) && volumeOf(affine) > 1e-6 * x * y * z;
}

function columnLengths(affine: Float64Array): [number, number, number] {
  const length = (column: number): number =>
    Math.hypot(affine[column] as number, affine[4 + column] as number, affine[8 + column] as number);
  return [length(0), length(1), length(2)];
}

function isNear(a: number, b: number, share: number): boolean {
  return Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b));
}

function percent(ratio: number): string {
  const much = Math.abs(100 * (ratio - 1));
  return `${much < 10 ? much.toFixed(1) : Math.round(much)} % ${ratio > 1 ? 'more' : 'less'} volume`;
}
