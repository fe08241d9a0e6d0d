/** Shape and spacing of a mask, checked. */
import { fail } from '../errors.js';
import { requireExtents } from '../input.js';

export interface Geometry {
  /** Extents, slowest axis first: `[rows, columns]` or `[slices, rows, columns]`. */
  readonly shape: readonly number[];
  /** Distance between neighbours along each axis, in the order of `shape`. Default 1: distances count pixels. */
  readonly spacing?: readonly number[];
}

/** Squares of distances between these, and products of three, are numbers that float64 has. */
const [SMALLEST, LARGEST] = [1e-90, 1e90];

/** The spacing of `geometry`, after checking that `length` values fit its shape. */
export function readGeometry(geometry: Geometry, length: number, where: string): readonly number[] {
  const { shape } = geometry;
  if (shape.length !== 2 && shape.length !== 3) {
    fail(
      'METRICS_SIZE',
      `The shape [${shape.join(', ')}] has ${shape.length} dimensions.`,
      where,
      'Pass [rows, columns] or [slices, rows, columns].',
    );
  }
  requireExtents(shape, length, 'mask', where);
  const spacing = geometry.spacing ?? shape.map(() => 1);
  const positive = spacing.every((s) => Number.isFinite(s) && s >= SMALLEST && s <= LARGEST);
  if (spacing.length === shape.length && positive) return spacing;
  fail(
    'METRICS_SPACING',
    `The spacing [${spacing.join(', ')}] does not fit the shape [${shape.join(', ')}].`,
    where,
    `Pass one positive distance (${SMALLEST} to ${LARGEST}) for each axis, in the order of the shape.`,
    { shape: [...shape], spacing: [...spacing] },
  );
}
