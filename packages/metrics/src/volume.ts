/** Volumes of masks, from voxels that each count fully or not at all. */
import { fail } from './errors.js';
import { type Mask, readMask } from './input.js';
import { type Geometry, readGeometry } from './surface/geometry.js';

/** A volume's geometry; volumes need all three distances, in millimetres. */
export interface VolumeGeometry extends Geometry {
  /** `[slices, rows, columns]`. */
  readonly shape: readonly [number, number, number];
  /** `[between slices, between rows, between columns]` in mm. */
  readonly spacing: readonly [number, number, number];
}

export interface VolumeScores {
  readonly predictionMl: number;
  readonly referenceMl: number;
  /** (prediction - reference) / reference: negative is too small. Both empty: 0. Only the reference empty: Infinity. */
  readonly relativeError: number;
}

/**
 * Infected volume in millilitres: infected voxels times the volume of one.
 *
 * @throws METRICS_SIZE, METRICS_MASK_VALUE, METRICS_SPACING
 */
export function volumeMl(mask: Mask, geometry: VolumeGeometry): number {
  return measure(mask, geometry, 'volumeMl');
}

/**
 * The volumes of prediction and reference, and the relative error.
 *
 * @throws METRICS_SIZE, METRICS_MASK_VALUE, METRICS_SPACING
 */
export function volumeScores(prediction: Mask, reference: Mask, geometry: VolumeGeometry): VolumeScores {
  const where = 'volumeScores';
  const predictionMl = measure(prediction, geometry, where);
  const referenceMl = measure(reference, geometry, where);
  const same = predictionMl === referenceMl; // also two empty masks, whose ratio is 0/0
  return { predictionMl, referenceMl, relativeError: same ? 0 : (predictionMl - referenceMl) / referenceMl };
}

function measure(mask: Mask, geometry: VolumeGeometry, where: string): number {
  if (geometry.shape.length !== 3 || geometry.spacing?.length !== 3) {
    fail(
      'METRICS_SPACING',
      `A volume needs three extents and three distances, not ${geometry.shape.length} and ${geometry.spacing?.length ?? 0}.`,
      where,
      'Pass shape [slices, rows, columns] and spacing in mm in the same order; one slice has the shape [1, rows, columns].',
    );
  }
  const [z, y, x] = readGeometry(geometry, mask.length, where) as readonly [number, number, number];
  return (readMask(mask, mask.length, where).positives * (z * y * x)) / 1000;
}
