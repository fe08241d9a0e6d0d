/** Figures of what was segmented: of a volume only where all its slices were, else of so many of them. */
import type { TaskClass } from '@infnet/segmentation';
import { percent } from '../../app/format.js';
import type { TaskReport } from '../../worker/task-protocol.js';
import type { Item } from './state.js';

/** How much is of one class. */
export interface Share {
  readonly class: TaskClass;
  /** Pixels or voxels. */
  readonly count: number;
  readonly fraction: number;
  readonly millilitres: number | undefined;
}

export interface Figures {
  /** Slices that were segmented. */
  readonly done: number;
  readonly depth: number;
  /** Pixels or voxels of these slices. */
  readonly pixels: number;
  /** Of every class but the background. */
  readonly shares: readonly Share[];
  /** Seconds of all of them. */
  readonly seconds: number;
  /** What the figures are of: `slice`, `volume`, or `7 of 300 slices`. */
  readonly of: string;
}

/** What is counted of a slice, or of several. */
interface Counted {
  readonly counts: ArrayLike<number>;
  readonly pixels: number;
}

/**
 * Every class but the background.
 *
 * @param threshold in hundredths: where one decides, counts are by threshold
 */
export function sharesOf(
  { classes, isCut }: Pick<TaskReport, 'classes' | 'isCut'>,
  { counts, pixels }: Counted,
  threshold: number,
  millilitresPerVoxel?: number,
): Share[] {
  return classes.slice(1).map((one, i) => {
    const count = counts[isCut ? threshold : i + 1] ?? 0;
    const millilitres = millilitresPerVoxel === undefined ? undefined : count * millilitresPerVoxel;
    return { class: one, count, fraction: count / pixels, millilitres };
  });
}

/** `3.2 % of the slice infected`. */
export function shareText({ class: { short }, fraction }: Share, of: string): string {
  return `${percent(fraction)} of the ${of} ${short}`;
}

/** Undefined where nothing was segmented. @param threshold in hundredths */
export function figuresOf(
  { report, results, task }: Pick<Item, 'report' | 'results' | 'task'>,
  threshold: number,
): Figures | undefined {
  const found = results.filter((result) => result !== undefined);
  if (found.length === 0 || task === undefined) return undefined;
  const { isVolume, depth, millilitresPerVoxel } = report;
  const sum = (of: (result: (typeof found)[number]) => number): number =>
    found.reduce((total, result) => total + of(result), 0);
  const counts = Array.from(found[0]?.counts ?? [], (_, i) => sum((result) => result.counts[i] ?? 0));
  const pixels = sum((result) => result.pixels);
  return {
    done: found.length,
    depth,
    pixels,
    shares: sharesOf(task, { counts, pixels }, threshold, millilitresPerVoxel),
    seconds: sum(({ seconds }) => seconds),
    of: !isVolume ? 'slice' : found.length === depth ? 'volume' : `${found.length} of ${depth} slices`,
  };
}
