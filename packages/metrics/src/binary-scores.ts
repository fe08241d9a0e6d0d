/** Overlap at one threshold: the light scores for every epoch of a training, and for finished masks. */
import { requireRange } from './errors.js';
import { type Mask, type ProbabilityMap, readMap, readMask } from './input.js';
import { requireConventions } from './map-scores.js';
import { type Counts, countOne } from './overlap/counts.js';
import { type Conventions, type Ratios, ratios } from './overlap/ratios.js';

export interface BinaryOptions {
  /**
   * How undefined cases are scored. Default `sane`, unlike `evaluateMap`: these figures are for one's own decisions.
   */
  readonly conventions?: Conventions;
  /** A mask pixel is infected when its value is above this. Default: see `Mask`. */
  readonly maskAbove?: number;
}

export interface BinaryScores extends Ratios, Counts {
  /** (TP + TN) / pixels. */
  readonly accuracy: number;
}

/**
 * Overlap of `map >= threshold` with `mask`. The map is taken as it is, never stretched.
 *
 * A `Uint8Array` is an 8-bit picture here (`v / 255`), so a finished mask of 0 and 1 belongs into
 * {@link overlapScores}.
 *
 * @throws METRICS_SIZE, METRICS_MAP_VALUE, METRICS_MASK_VALUE, METRICS_OPTION
 */
export function binaryScores(
  map: ProbabilityMap,
  mask: Mask,
  threshold = 0.5,
  options: BinaryOptions = {},
): BinaryScores {
  const where = 'binaryScores';
  requireRange(threshold, 0, 1, 'threshold', where);
  const reference = readMask(mask, map.length, where, options.maskAbove);
  return fromCounts(countOne(readMap(map, false, where), reference, threshold), options, where);
}

/**
 * Overlap of two masks of any dimension.
 *
 * @throws METRICS_SIZE, METRICS_MASK_VALUE, METRICS_OPTION
 */
export function overlapScores(prediction: Mask, reference: Mask, options: BinaryOptions = {}): BinaryScores {
  const where = 'overlapScores';
  const truth = readMask(reference, prediction.length, where, options.maskAbove);
  const found = readMask(prediction, prediction.length, where, options.maskAbove);
  return fromCounts(countOne(Float64Array.from(found.data), truth, 1), options, where);
}

/**
 * The scores of pixels that were counted elsewhere, e.g. the sum over the slices of a volume.
 *
 * @throws METRICS_OPTION
 */
export function countScores(counts: Counts, options: BinaryOptions = {}): BinaryScores {
  const { tp, fp, fn, tn } = counts;
  return fromCounts({ tp, fp, fn, tn }, options, 'countScores');
}

function fromCounts(counts: Counts, { conventions = 'sane' }: BinaryOptions, where: string): BinaryScores {
  requireConventions(conventions, where);
  const pixels = counts.tp + counts.fp + counts.fn + counts.tn;
  return { ...counts, ...ratios(counts, conventions), accuracy: (counts.tp + counts.tn) / pixels };
}
