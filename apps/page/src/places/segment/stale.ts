/**
 * Whether a result was made the way the page is set now.
 *
 * Weights, size and window can be changed while results are shown, and a result does not change with them. One that was
 * made otherwise is stale: it is shown as such and goes into no file and no table. The threshold is none of these: it
 * cuts the probability that is kept, so that mask and figures are always those of the threshold that is set.
 */
import { LUNG_WINDOW, type Provenance, shortHash } from '@infnet/data';
import type { ItemReport, VolumeView } from '../../worker/segment-protocol.js';

/** How the page is set. */
export interface Setting {
  /** Undefined: none are loaded. */
  readonly weightsSha256: string | undefined;
  readonly size: number;
  readonly view: VolumeView;
}

/** In what a result differs from what is set, as words with what it was made with; empty: it is current. */
export function differences(
  made: Provenance,
  { isVolume, extremes }: Pick<ItemReport, 'isVolume' | 'extremes'>,
  { weightsSha256, size, view }: Setting,
): string[] {
  const found: string[] = [];
  if (made.weightsSha256 !== weightsSha256)
    found.push(`other weights (${made.weights}, ${shortHash(made.weightsSha256)})`);
  if (made.size !== size) found.push(`another size (${made.size} pixels)`);
  if (!isVolume) return found;
  const window = view.window === 'lung' ? LUNG_WINDOW : view.window === 'minmax' ? extremes : view.window;
  if (made.window?.[0] !== window?.[0] || made.window?.[1] !== window?.[1]) {
    found.push(`another window (${made.window?.map((value) => Math.round(value)).join(' to ')})`);
  }
  if (made.orient !== view.orient) found.push(`another orientation (${made.orient})`);
  return found;
}
