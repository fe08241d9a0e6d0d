/** A volume in memory, and what its header says of the space it lies in. */
import type { DataNote } from '../notes.js';
import { volumeOf } from './axes.js';
import type { VolumeData, VolumeDatatype } from './datatypes.js';

/** Of the file's units of length. */
export const MILLIMETRES: Readonly<Record<VolumeHeader['unit'], number>> = { m: 1000, mm: 1, um: 0.001, unknown: 1 };

/** What a NIfTI file says before its voxels. */
export interface VolumeHeader {
  /** Voxels along the first axis, i, the fastest in the file; then j; then k, over the slices (1 for a picture). */
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly datatype: VolumeDatatype;
  /**
   * What a stored number means: `stored * slope + intercept`, e.g. Hounsfield units. 1 and 0 where the file has no
   * scaling.
   */
  readonly slope: number;
  readonly intercept: number;
  /**
   * 4x4, row-major: from the voxel (i, j, k, 1) to its centre in the patient, x to the left-to-right, y to the
   * back-to-front, z to the feet-to-head, in the file's unit of length.
   */
  readonly affine: Float64Array;
  /**
   * Where `affine` is from: the sform if its code is above 0, else the qform if its code is, else the voxel sizes
   * alone. One that spans no volume (zeros) does not count. Orientation, spacing and millilitres are from the same
   * source.
   */
  readonly affineFrom: 'sform' | 'qform' | 'pixdim';
  /**
   * Where i, j and k lead, by the largest part of each column of the affine: one letter each of R or L, A or P, S or I
   * (right, left, front, back, head, feet). `undefined` where the file has neither sform nor qform, or they have no
   * such axes.
   */
  readonly orientation: string | undefined;
  /** The file's unit of length. */
  readonly unit: 'mm' | 'm' | 'um' | 'unknown';
  /**
   * Distances of neighbours along i, j, k in millimetres (an unknown unit is taken for it), by the affine; NaN where
   * the file does not say.
   */
  readonly spacing: readonly [number, number, number];
  readonly description: string;
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** Where the voxels begin in the decoded file. */
  readonly dataOffset: number;
  /** The header as it is in the file: 348 bytes (NIfTI-1) or 540 (NIfTI-2). Extensions are not kept. */
  readonly header: Uint8Array;
  /** What was noticed in the file that does not keep it from being read. */
  readonly notes: readonly DataNote[];
}

export interface Volume extends VolumeHeader {
  /**
   * The stored numbers, unscaled (64-bit integers as float64), in file order: voxel (i, j, k) is
   * `data[(k * height + j) * width + i]`.
   */
  readonly data: VolumeData;
}

/** Millilitres of one voxel by the affine, or `undefined` where the header does not give all three distances. */
export function voxelMillilitres({
  affine,
  affineFrom,
  spacing,
  unit,
}: Pick<VolumeHeader, 'affine' | 'affineFrom' | 'spacing' | 'unit'>): number | undefined {
  const byDistances = spacing[0] * spacing[1] * spacing[2];
  if (affineFrom === 'pixdim') return Number.isFinite(byDistances) ? byDistances / 1000 : undefined;
  const cubic = volumeOf(affine) * MILLIMETRES[unit] ** 3;
  // The same but for rounding: then the figure that the distances give.
  return (Math.abs(cubic - byDistances) <= 1e-3 * cubic ? byDistances : cubic) / 1000;
}
