import { distanceTransform, surfaceScores, volumeMl, volumeScores } from '@infnet/metrics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile } from '../src/percentile.js';
import { naiveSurface, voxelDistance } from './support/naive.js';

const extent = fc.integer({ min: 1, max: 7 });
const shapes = fc.oneof(fc.tuple(extent, extent), fc.tuple(extent, extent, extent));
const distance = fc.double({ min: 0.1, max: 5, noNaN: true });
/** Masks from nearly empty to nearly full. */
const volume = shapes.chain((shape) => {
  const length = shape.reduce((a, b) => a * b, 1);
  const mask = fc
    .tuple(
      fc.integer({ min: 0, max: 10 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }),
    )
    .map(([level, values]) => values.map((v) => (v < level ? 1 : 0)));
  return fc.record({
    shape: fc.constant([...shape] as number[]),
    spacing: fc.array(distance, { minLength: shape.length, maxLength: shape.length }),
    a: mask,
    b: mask,
  });
});
const closeTo = (actual: number, wanted: number, what: string): void => {
  if (wanted === Number.POSITIVE_INFINITY) expect(actual, what).toBe(wanted);
  else expect(Math.abs(actual - wanted), `${what}: ${actual}, ${wanted}`).toBeLessThanOrEqual(1e-12 * (1 + wanted));
};

it('the distance transform equals the nearest voxel of all, 2-D and 3-D, any spacing', () => {
  fc.assert(
    fc.property(volume, ({ shape, spacing, a }) => {
      const fast = distanceTransform(a, { shape, spacing });
      const set = a.flatMap((v, i) => (v === 1 ? [i] : []));
      fast.forEach((value, i) => {
        const wanted = Math.min(...set.map((j) => voxelDistance(i, j, shape, spacing)));
        closeTo(value, wanted, `voxel ${i}`);
      });
    }),
    { numRuns: 120, seed: 1 },
  );
});

it('with the spacing 1 squared distances are whole numbers, exactly', () => {
  const side = 40;
  const mask = Array.from({ length: side * side }, (_, i) => (i === 7 * side + 11 || i === 30 * side + 33 ? 1 : 0));
  distanceTransform(mask, { shape: [side, side] }).forEach((value, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    expect(value).toBe(Math.sqrt(Math.min((x - 11) ** 2 + (y - 7) ** 2, (x - 33) ** 2 + (y - 30) ** 2)));
  });
});

describe('surface distances', () => {
  it('equal the search over all pairs of surface voxels', () => {
    fc.assert(
      fc.property(volume, distance, ({ shape, spacing, a, b }, tolerance) => {
        const [surfaceA, surfaceB] = [naiveSurface(a, shape), naiveSurface(b, shape)];
        const scores = surfaceScores(a, b, { shape, spacing, tolerance });
        expect(scores.surfaceVoxels).toEqual({ prediction: surfaceA.length, reference: surfaceB.length });
        fc.pre(surfaceA.length > 0 && surfaceB.length > 0);
        const nearest = (from: number[], to: number[]): number[] =>
          from.map((i) => Math.min(...to.map((j) => voxelDistance(i, j, shape, spacing)))).sort((p, q) => p - q);
        const [there, back] = [nearest(surfaceA, surfaceB), nearest(surfaceB, surfaceA)];
        const all = [...there, ...back];
        closeTo(scores.hausdorff, Math.max(...all), 'Hausdorff');
        closeTo(scores.hausdorff95, Math.max(percentile(there, 0.95), percentile(back, 0.95)), 'Hausdorff 95');
        closeTo(scores.averageSurfaceDistance, all.reduce((p, q) => p + q, 0) / all.length, 'average');
        fc.pre(all.every((d) => Math.abs(d - tolerance) > 1e-9)); // rounding decides at the tolerance itself
        closeTo(scores.surfaceDice, all.filter((d) => d <= tolerance).length / all.length, 'surface Dice');
      }),
      { numRuns: 120, seed: 2 },
    );
  });

  it('are symmetric, zero for equal masks, and scale with the spacing', () => {
    fc.assert(
      fc.property(volume, ({ shape, spacing, a, b }) => {
        const { surfaceVoxels: _, ...forth } = surfaceScores(a, b, { shape, spacing });
        const { surfaceVoxels: __, ...back } = surfaceScores(b, a, { shape, spacing });
        closeTo(forth.averageSurfaceDistance, back.averageSurfaceDistance, 'average');
        expect({ ...forth, averageSurfaceDistance: 0 }).toEqual({ ...back, averageSurfaceDistance: 0 });
        expect(surfaceScores(a, a, { shape, spacing })).toMatchObject({ hausdorff: 0, surfaceDice: 1 });
        const doubled = surfaceScores(a, b, { shape, spacing: spacing.map((s) => 2 * s), tolerance: 2 });
        expect(doubled.hausdorff).toBe(2 * forth.hausdorff);
        expect(doubled.surfaceDice).toBe(forth.surfaceDice);
      }),
      { numRuns: 60, seed: 3 },
    );
  });

  it('of two squares three pixels apart', () => {
    const side = 16;
    const square = (x0: number) =>
      Array.from({ length: side * side }, (_, i) => {
        const [x, y] = [i % side, Math.floor(i / side)];
        return x >= x0 && x < x0 + 6 && y >= 4 && y < 10 ? 255 : 0;
      });
    const scores = surfaceScores(square(2), square(5), { shape: [side, side], spacing: [1, 0.5], tolerance: 0 });
    expect(scores.hausdorff).toBe(1.5);
    expect(scores.surfaceVoxels).toEqual({ prediction: 20, reference: 20 });
    expect(scores.surfaceDice).toBe(12 / 40); // three columns of the top and of the bottom edge, in both masks
  });

  it('of empty masks are zero for two and infinite for one', () => {
    const shape = [2, 3];
    const empty = [0, 0, 0, 0, 0, 0];
    const full = [1, 1, 1, 1, 1, 1];
    const none = Number.POSITIVE_INFINITY;
    expect(surfaceScores(empty, empty, { shape })).toMatchObject({
      hausdorff: 0,
      hausdorff95: 0,
      averageSurfaceDistance: 0,
      surfaceDice: 1,
    });
    for (const [a, b] of [
      [empty, full],
      [full, empty],
    ] as const) {
      expect(surfaceScores(a, b, { shape })).toMatchObject({
        hausdorff: none,
        hausdorff95: none,
        averageSurfaceDistance: none,
        surfaceDice: 0,
      });
    }
    expect(Array.from(distanceTransform(empty, { shape }))).toEqual(empty.map(() => none));
  });
});

describe('volumes', () => {
  const geometry = { shape: [2, 2, 3], spacing: [5, 0.8, 0.8] } as const;
  const mask = [1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

  it('count voxels in millilitres', () => {
    expect(volumeMl(mask, geometry)).toBeCloseTo((4 * 3.2) / 1000, 15);
    expect(
      volumeMl(
        mask.map((v) => v * 255),
        geometry,
      ),
    ).toBe(volumeMl(mask, geometry));
  });

  it('and compare them relative to the reference, too small being negative', () => {
    const half = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const empty = half.map(() => 0);
    expect(volumeScores(half, mask, geometry).relativeError).toBe(-0.5);
    expect(volumeScores(mask, half, geometry).relativeError).toBe(1);
    expect(volumeScores(empty, empty, geometry)).toEqual({ predictionMl: 0, referenceMl: 0, relativeError: 0 });
    expect(volumeScores(half, empty, geometry).relativeError).toBe(Number.POSITIVE_INFINITY);
  });
});
