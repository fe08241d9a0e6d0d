/**
 * How far two surfaces are apart. From each surface voxel of one mask the distance to the nearest surface voxel of
 * the other is taken, in both directions, between voxel centres.
 *
 * Implementations differ in details that move the numbers. Here:
 * - surface: see `boundary`;
 * - Hausdorff 95: the larger of the two directions' 95th percentiles (not the percentile of both together),
 *   percentiles linear between order statistics;
 * - average symmetric surface distance: sum of the distances of both directions over the number of surface voxels of
 *   both;
 * - surface Dice: surface voxels of both masks no further than the tolerance from the other surface, over all of them;
 *   voxels are counted, not weighted by the area they stand for.
 */
import { requireRange } from '../errors.js';
import { type Mask, readMask } from '../input.js';
import { percentile } from '../percentile.js';
import { boundary } from './boundary.js';
import { cropTogether } from './crop.js';
import { squaredDistances } from './distance-transform.js';
import { type Geometry, readGeometry } from './geometry.js';

export interface SurfaceOptions extends Geometry {
  /** Surface Dice calls surfaces equal up to this distance, in units of the spacing. Default 1. */
  readonly tolerance?: number;
}

/**
 * Distances in units of the spacing. Two empty masks are equal: 0, 0, 0, 1. One empty mask: Infinity three times, 0.
 */
export interface SurfaceScores {
  /** The largest distance, of both directions. */
  readonly hausdorff: number;
  /** The larger of the two directions' 95th percentiles. */
  readonly hausdorff95: number;
  readonly averageSurfaceDistance: number;
  /** At the tolerance; 1 is best. */
  readonly surfaceDice: number;
  readonly tolerance: number;
  /** Surface voxels of the prediction and of the reference. */
  readonly surfaceVoxels: { readonly prediction: number; readonly reference: number };
}

/**
 * Surface distances between two masks of the same shape, in 2-D or 3-D. Symmetric in the masks.
 *
 * @throws METRICS_SIZE, METRICS_MASK_VALUE, METRICS_SPACING, METRICS_OPTION
 */
export function surfaceScores(prediction: Mask, reference: Mask, options: SurfaceOptions): SurfaceScores {
  const where = 'surfaceScores';
  const { tolerance = 1 } = options;
  const spacing = readGeometry(options, prediction.length, where);
  requireRange(tolerance, 0, Number.MAX_VALUE, 'tolerance', where);
  const given = [prediction, reference].map((mask) => readMask(mask, prediction.length, where).data);
  const { masks, shape } = cropTogether(given, options.shape);
  const [a, b] = masks.map((mask) => boundary(mask, shape)) as [Uint8Array, Uint8Array];
  const there = distancesOn(a, squaredDistances(b, shape, spacing));
  const back = distancesOn(b, squaredDistances(a, shape, spacing));
  const surfaceVoxels = { prediction: there.length, reference: back.length };
  if (there.length === 0 || back.length === 0) {
    const both = there.length === back.length;
    const distance = both ? 0 : Number.POSITIVE_INFINITY;
    return {
      hausdorff: distance,
      hausdorff95: distance,
      averageSurfaceDistance: distance,
      surfaceDice: both ? 1 : 0,
      tolerance,
      surfaceVoxels,
    };
  }
  const count = there.length + back.length;
  return {
    hausdorff: Math.max(there.at(-1)!, back.at(-1)!),
    hausdorff95: Math.max(percentile(there, 0.95), percentile(back, 0.95)),
    averageSurfaceDistance: (sum(there) + sum(back)) / count,
    surfaceDice: (within(there, tolerance) + within(back, tolerance)) / count,
    tolerance,
    surfaceVoxels,
  };
}

/** The distances at the voxels of `surface`, ascending. */
function distancesOn(surface: Uint8Array, squared: Float64Array): Float64Array {
  const distances: number[] = [];
  for (let i = 0; i < surface.length; i++) if (surface[i] === 1) distances.push(Math.sqrt(squared[i]!));
  return Float64Array.from(distances).sort();
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function within(values: Float64Array, tolerance: number): number {
  return values.reduce((count, value) => count + (value <= tolerance ? 1 : 0), 0);
}
