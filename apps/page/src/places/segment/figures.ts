/** Figures of what was segmented: of a volume only where all its slices were, else of so many of them. */
import type { Item } from './state.js';

export interface Figures {
  /** Slices that were segmented. */
  readonly done: number;
  readonly depth: number;
  readonly infected: number;
  /** Pixels or voxels of these slices. */
  readonly pixels: number;
  /** Infected share of them. */
  readonly fraction: number;
  readonly millilitres: number | undefined;
  /** Seconds of all of them. */
  readonly seconds: number;
  /** What the figures are of: `slice`, `volume`, or `7 of 300 slices`. */
  readonly of: string;
}

/** Undefined where nothing was segmented. @param threshold in hundredths */
export function figuresOf(
  { report, results }: Pick<Item, 'report' | 'results'>,
  threshold: number,
): Figures | undefined {
  const found = results.filter((result) => result !== undefined);
  if (found.length === 0) return undefined;
  const { isVolume, depth, millilitresPerVoxel } = report;
  const sum = (of: (result: (typeof found)[number]) => number): number =>
    found.reduce((total, result) => total + of(result), 0);
  const infected = sum(({ counts }) => counts[threshold] ?? 0);
  const pixels = sum((result) => result.pixels);
  return {
    done: found.length,
    depth,
    infected,
    pixels,
    fraction: infected / pixels,
    millilitres: millilitresPerVoxel === undefined ? undefined : infected * millilitresPerVoxel,
    seconds: sum(({ seconds }) => seconds),
    of: !isVolume ? 'slice' : found.length === depth ? 'volume' : `${found.length} of ${depth} slices`,
  };
}
