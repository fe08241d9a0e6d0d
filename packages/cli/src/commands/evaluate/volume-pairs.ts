/**
 * A predicted volume against a true one: the slices that the net would see, one after the other.
 *
 * Both may be stored in different orders; the prediction (and the scan, if it is there for pictures) is brought to the
 * order of the truth.
 */
import { basename } from 'node:path';
import { printable } from '@infnet/core';
import {
  onGridOf,
  readNifti,
  readVolumeMask,
  type SliceOrientation,
  sliceLayout,
  sliceSpacing,
  type Volume,
  type VolumeWindow,
  volumeSlice,
  volumeSliceValues,
  voxelMillilitres,
} from '@infnet/data';
import { readFile } from '@infnet/node';
import { noteText } from '../../data-notes.js';
import { cliError } from '../../errors.js';
import type { Pair } from './folders.js';
import { type MapPicture, notBinary, scoredTruth } from './maps.js';
import type { Truths } from './options.js';
import type { OnFile, PairSlices } from './pair-source.js';
import type { Item } from './source.js';

export interface VolumePairOptions {
  readonly masks: Truths;
  readonly window: VolumeWindow;
  readonly orient: SliceOrientation;
}

/** A pair whose files fit. What is noticed in them is told then. @throws InfnetError where they do not */
export async function openVolumePair(
  { name, prediction, truth, image }: Pair,
  { masks, window, orient }: VolumePairOptions,
  notes: string[],
  onFile: OnFile,
): Promise<PairSlices<Item>> {
  const found: string[] = [];
  onFile(truth);
  const drawn = await readVolume(truth, found);
  const { mask, foreign } = readVolumeMask(drawn, masks);
  if (foreign !== undefined) throw notBinary(foreign, masks, truth);
  onFile(prediction);
  const map = onGrid(await readVolume(prediction, found), mask, prediction, orient, found);
  const white = whiteOf(map, prediction);
  let scan: Volume | undefined;
  if (image !== undefined) {
    onFile(image);
    scan = onGrid(readNifti(await readFile(image), image), mask, image, orient, found);
  }
  notes.push(...found);
  const spacing = sliceSpacing(mask, orient);
  const volume = { name, file: truth, millilitres: voxelMillilitres(mask), ...(spacing && { spacing }) };
  const files = { prediction, mask: truth, ...(image === undefined ? {} : { image }) };
  return {
    count: sliceLayout(mask, orient).count,
    item(index) {
      // Made at once: the worst cases are kept, but not their volumes.
      const shown = scan === undefined ? undefined : volumeSlice(scan, index, { window, orient });
      return {
        name: `${basename(truth)} slice ${index}`,
        files,
        volume,
        map: { ...volumeSliceValues(map, index, orient), white },
        truth: scoredTruth(volumeSlice(mask, index, { window: [0, 255], orient })),
        image: async () => shown,
      };
    },
  };
}

/** Notes grow by what is noticed in it: which of several geometries counts, bytes behind the end, and the like. */
export async function readVolume(path: string, notes: string[]): Promise<Volume> {
  const volume = readNifti(await readFile(path), path);
  for (const note of volume.notes) notes.push(`${printable(path)}: ${noteText(note)}`);
  return volume;
}

/** @throws InfnetError `CLI_GRID` */
export function onGrid(volume: Volume, like: Volume, path: string, orient: SliceOrientation, notes: string[]): Volume {
  const placed = onGridOf(volume, like, orient);
  if ('wrong' in placed) {
    const fix =
      'Give volumes of one grid, such as the results of infnet segment for the scan that the mask was drawn on. Where the affines are wrong and the voxels right, --orient transposed asks no affine.';
    throw cliError('CLI_GRID', `The volume and the true mask do not lie on one grid: ${placed.wrong}.`, fix, {
      where: path,
    });
  }
  if (placed.note !== undefined) notes.push(`${printable(path)}: ${placed.note}`);
  return placed.volume;
}

/** 1 for probabilities and masks of 0 and 1, 255 for masks of 0 and 255. @throws InfnetError `CLI_NOT_MAP` */
function whiteOf({ data, slope, intercept }: Volume, where: string): MapPicture['white'] {
  const values = new Set<number>();
  let [low, high, broken] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < data.length; i++) {
    const value = (data[i] as number) * slope + intercept;
    if (!Number.isFinite(value)) broken++;
    if (value < low) low = value;
    if (value > high) high = value;
    if (values.size < 3) values.add(value);
  }
  if (broken === 0 && low >= 0 && high <= 1) return 1;
  if (broken === 0 && [...values].every((v) => v === 0 || v === 255)) return 255;
  const what = broken > 0 ? `${broken} values that are no finite numbers` : `values from ${low} to ${high}`;
  throw cliError(
    'CLI_NOT_MAP',
    `The volume is neither a probability (0 to 1) nor a mask (0 and 1, or 0 and 255): it has ${what}.`,
    'Give the .prob.nii.gz or .mask.nii.gz of infnet segment, or a mask of 0 and 1; labels above 1 have to be joined first.',
    { where },
  );
}
