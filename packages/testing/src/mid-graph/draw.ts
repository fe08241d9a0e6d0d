/**
 * Shapes drawn at random: the ones that tiles, vectors of four and channel blocks do not fit. The seed is fixed, so
 * that a failure is the same everywhere; fast-check prints the smallest case that it found.
 */
import fc from 'fast-check';
import { numRuns } from '../long.js';
import { sizeOf } from '../recipe.js';

/**
 * One channel, the image's three, and the widths of Res2Net's splits (26 and 52: 2 more than a multiple of 4, and of
 * 8).
 */
export const oddChannels: fc.Arbitrary<number> = fc.constantFrom(1, 3, 26, 52);
/** Heights and widths, all odd, one pixel among them. */
export const oddExtent: fc.Arbitrary<number> = fc.constantFrom(1, 5, 7, 13, 17);
export const batchSize: fc.Arbitrary<number> = fc.integer({ min: 1, max: 3 });

export type ImageSizes = [batch: number, channels: number, height: number, width: number];

/** [N, C, H, W] with at most `most` values, so that a float64 loop stays short. */
export function oddImages(most = 12_000): fc.Arbitrary<ImageSizes> {
  return fc.tuple(batchSize, oddChannels, oddExtent, oddExtent).filter((shape) => sizeOf(shape) <= most);
}

/** Runs an asynchronous property over `cases` drawn cases in the long run, fewer in `npm test`. */
export async function forAllDrawn<T>(
  arbitrary: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
  cases = 10,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, property), { numRuns: numRuns(cases), seed: 0x0dd, endOnFailure: true });
}
