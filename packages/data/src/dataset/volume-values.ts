/** A slice of a volume as numbers, where `volumeSlice` gives greys. */
import { dataError } from '../errors.js';
import { type SliceOrientation, sliceLayout } from '../nifti/orient.js';
import type { Volume } from '../nifti/volume.js';
import type { FloatMap } from '../resize/float.js';

/**
 * The scaled values of a slice, lying as in the picture that `volumeSlice` makes of it.
 *
 * @param index from 0, as for `volumeSlice`
 * @throws `DATA_ARGUMENT` for a slice that is not there
 */
export function volumeSliceValues(volume: Volume, index: number, orient: SliceOrientation = 'released'): FloatMap {
  const { data: stored, slope, intercept } = volume;
  const { width, height, count, start, across, down, through } = sliceLayout(volume, orient);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    const message = `There is no slice ${index}: the volume has ${count}, counted from 0.`;
    throw dataError({ code: 'DATA_ARGUMENT', message });
  }
  const data = new Float32Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    let from = start + index * through + y * down;
    for (let x = 0; x < width; x++, from += across) data[to++] = (stored[from] as number) * slope + intercept;
  }
  return { width, height, data };
}
