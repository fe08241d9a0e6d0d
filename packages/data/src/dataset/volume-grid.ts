/**
 * Two volumes of one patient, voxel by voxel: a scan and its mask, a prediction and the truth.
 *
 * They may be stored in different orders (see `../nifti/orient.ts`); then the second is brought into the order of the
 * first by what their affines say. What remains must agree: the number of voxels, and where these lie. A mask of which
 * a program dropped the affine says nothing of places; it is taken voxel by voxel, and that is told. One that says
 * something else is refused with both figures.
 */

import type { SliceOrientation } from '../nifti/orient.js';
import { reorientVolume } from '../nifti/reorient.js';
import { MILLIMETRES, type Volume, type VolumeHeader } from '../nifti/volume.js';

/** The volume in the other's order, or what keeps it from being compared. */
export type OnGrid = { readonly volume: Volume; readonly note?: string } | { readonly wrong: string };

/** Voxels that lie apart by less than this share of their distance are the same. */
const SAME = 0.5;

/**
 * @param orient `transposed` and `as-stored` ask no affine: the voxels are then taken as they are stored
 */
export function onGridOf(volume: Volume, like: VolumeHeader, orient: SliceOrientation = 'released'): OnGrid {
  if (orient === 'transposed' || orient === 'as-stored' || !isPlaced(volume, like) || !isPlaced(like, volume)) {
    if (!sameShape(volume, like)) return { wrong: `${shapeOf(volume)}, its volume ${shapeOf(like)}` };
    const [affine, orientation, spacing] = [like.affine, like.orientation, like.spacing];
    const same = isNear(volume, like);
    const placed: Volume = { ...volume, affine, orientation, spacing, affineFrom: like.affineFrom };
    if (same) return { volume: placed };
    return { volume: placed, note: `taken voxel by voxel: ${placeOf(volume)}, its volume: ${placeOf(like)}` };
  }
  const turned = reorientVolume(volume, like.orientation);
  const order = turned === volume ? '' : ` (${volume.orientation} brought to ${like.orientation})`;
  if (!sameShape(turned, like)) return { wrong: `${shapeOf(turned)}${order}, its volume ${shapeOf(like)}` };
  if (isNear(turned, like)) return { volume: turned };
  return { wrong: `it lies elsewhere: ${placeOf(turned)}${order}, its volume: ${placeOf(like)}` };
}

/**
 * Whether a header says where its voxels lie. Axes of length 1 at the origin are what programs write that know no
 * places; they count only if the other volume says the same.
 */
function isPlaced({ affine, affineFrom, orientation }: VolumeHeader, other: VolumeHeader): boolean {
  if (affineFrom === 'pixdim' || orientation === undefined) return false;
  const isDefault = affine.every((v, i) => (i % 5 === 0 ? Math.abs(v) === 1 : v === 0));
  return !isDefault || affine.every((v, i) => Math.abs(v) === Math.abs(other.affine[i] as number));
}

function sameShape(a: VolumeHeader, b: VolumeHeader): boolean {
  return a.width === b.width && a.height === b.height && a.depth === b.depth;
}

/** Whether all corners lie at the same places. */
function isNear(a: VolumeHeader, b: VolumeHeader): boolean {
  const smallest = Math.min(...b.spacing.filter(Number.isFinite));
  const ends = [a.width - 1, a.height - 1, a.depth - 1];
  for (let corner = 0; corner < 8; corner++) {
    const at = ends.map((end, axis) => ((corner >> axis) & 1 ? end : 0));
    const [p, q] = [pointOf(a, at), pointOf(b, at)];
    const apart = Math.hypot(...p.map((v, i) => v - (q[i] as number)));
    if (!(apart <= SAME * smallest)) return false;
  }
  return true;
}

/** In millimetres. */
function pointOf({ affine, unit }: VolumeHeader, [i = 0, j = 0, k = 0]: readonly number[]): number[] {
  return [0, 4, 8].map((row) => {
    const at = (column: number): number => affine[row + column] as number;
    return (at(0) * i + at(1) * j + at(2) * k + at(3)) * MILLIMETRES[unit];
  });
}

function shapeOf({ width, height, depth }: VolumeHeader): string {
  return `${width}x${height}x${depth}`;
}

function placeOf(header: VolumeHeader): string {
  const { affineFrom, orientation, spacing } = header;
  const list = (values: readonly number[], between: string): string =>
    values.map((v) => String(Number(v.toPrecision(4)))).join(between);
  if (affineFrom === 'pixdim') return 'no place said';
  const axes = orientation === undefined ? '' : `, axes ${orientation}`;
  return `first voxel at (${list(pointOf(header, []), ', ')}) mm, voxels ${list(spacing, ' x ')} mm${axes}`;
}
