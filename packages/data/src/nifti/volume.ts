/** A volume in memory, and what its header says of the space it lies in. */
import type { VolumeData, VolumeDatatype } from './datatypes.js';

/** What a NIfTI file says before its voxels. */
export interface VolumeHeader {
  /** Voxels along the first axis, i, the fastest in the file; then j; then k, over the slices (1 for a picture). */
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly datatype: VolumeDatatype;
  /** What a stored number means: `stored * slope + intercept`, e.g. Hounsfield units. 1 and 0 where the file has no scaling. */
  readonly slope: number;
  readonly intercept: number;
  /**
   * 4x4, row-major: from the voxel (i, j, k, 1) to its centre in the patient, x to the left-to-right, y to the back-to-front,
   * z to the feet-to-head, in the file's unit of length.
   */
  readonly affine: Float64Array;
  /** Where `affine` is from: the sform if its code is above 0, else the qform if its code is, else the voxel sizes alone. */
  readonly affineFrom: 'sform' | 'qform' | 'pixdim';
  /**
   * Where i, j and k lead, by the largest part of each column of the affine: one letter each of R or L, A or P, S or I (right,
   * left, front, back, head, feet). `undefined` where the file has neither sform nor qform, or they have no such axes.
   */
  readonly orientation: string | undefined;
  /** The file's unit of length. */
  readonly unit: 'mm' | 'm' | 'um' | 'unknown';
  /** Distances of neighbours along i, j, k in millimetres (an unknown unit is taken for it); NaN where the file does not say. */
  readonly spacing: readonly [number, number, number];
  readonly description: string;
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** Where the voxels begin in the decoded file. */
  readonly dataOffset: number;
  /** The header as it is in the file: 348 bytes (NIfTI-1) or 540 (NIfTI-2). Extensions are not kept. */
  readonly header: Uint8Array;
}

export interface Volume extends VolumeHeader {
  /** The stored numbers, unscaled, in file order: voxel (i, j, k) is `data[(k * height + j) * width + i]`. */
  readonly data: VolumeData;
}

/** Millilitres of one voxel, or `undefined` where the header does not give all three distances. */
export function voxelMillilitres({ spacing }: Pick<VolumeHeader, 'spacing'>): number | undefined {
  const cubicMillimetres = spacing[0] * spacing[1] * spacing[2];
  return Number.isFinite(cubicMillimetres) ? cubicMillimetres / 1000 : undefined;
}
