/**
 * What makes a volume look unfit for the way its slices are shown: values that are not those of the window, slices that
 * are not axial.
 *
 * **Hounsfield units** are told by air and lung: of a chest CT in Hounsfield units far more than 5 % of the voxels are
 * below -500. The minimum alone tells nothing: many files that hold other values have some below 0 (z-scores, a padding
 * of -2000 around a scan of 0 to 4095). Such padding may be a large share of the volume, so the share is looked at
 * without the least value too.
 */
import type { DataNote } from '../notes.js';
import { sliceLayout } from './orient.js';
import { LUNG_WINDOW, type VolumeSliceOptions, type VolumeWindow, volumeExtremes, windowRange } from './slice.js';
import type { Volume } from './volume.js';

/** In Hounsfield units: what is below is air or lung. */
const AIR = -500;

/** Least share of air and lung in a chest CT, of all voxels, and of those that do not have the least value. */
const AIR_SHARE = { all: 0.05, withoutLeast: 0.01 } as const;

/** Scanners store Hounsfield units plus this. */
const STORED_OFFSET = 1024;

/** Values that fill less of a window than this become a few greys. */
const WINDOW_SHARE = 0.05;

/** Sides of a pixel that differ by more make a picture that no net has seen. */
const STRETCHED = 3;

/**
 * The notes of the file, and what makes it look unfit for this window and orientation. One or two passes over the
 * voxels.
 *
 * @throws `DATA_ARGUMENT` for an empty window or an orientation that is none
 */
export function volumeNotes(volume: Volume, options: VolumeSliceOptions = {}): DataNote[] {
  const { window = 'lung', orient = 'released' } = options;
  return [...volume.notes, ...valueNotes(volume, window), ...sliceNotes(volume, orient)];
}

function valueNotes(volume: Volume, window: VolumeWindow): DataNote[] {
  const notes: DataNote[] = [];
  const { finite, below, belowStored } = countAir(volume);
  const { length } = volume.data;
  if (finite < length) {
    notes.push({
      code: 'NOT_FINITE',
      message: `${length - finite} of its ${length} values are no finite numbers; they are black or white`,
    });
  }
  if (finite === 0) return notes;
  const [low, high] = volumeExtremes(volume);
  const range = `${figure(low)} to ${figure(high)}`;
  if (window === 'lung') {
    if (below.all >= AIR_SHARE.all && below.withoutLeast >= AIR_SHARE.withoutLeast) return notes;
    const shifted = LUNG_WINDOW.map((value) => value + STORED_OFFSET).join();
    const looksStored = high > STORED_OFFSET && belowStored.withoutLeast >= AIR_SHARE.all;
    notes.push({
      code: 'NOT_HOUNSFIELD',
      message: `its values are ${range}, ${(100 * below.all).toFixed(1)} % of them below ${AIR}, so not in Hounsfield units, which the lung window is for`,
      suggest: { option: 'window', values: looksStored ? ['minmax', shifted] : ['minmax'] },
    });
  } else if (window !== 'minmax') {
    const [black, white] = windowRange(volume, window);
    const share = (Math.min(high, white) - Math.max(low, black)) / (white - black);
    if (share < WINDOW_SHARE) {
      const greys = share <= 0 ? 'all of it is black or white' : 'all of it is a few greys';
      const message = `its values are ${range} and the window is ${figure(black)} to ${figure(white)}, so ${greys}`;
      notes.push({ code: 'WINDOW_EMPTY', message, suggest: { option: 'window', values: ['minmax'] } });
    }
  }
  return notes;
}

interface Shares {
  readonly all: number;
  readonly withoutLeast: number;
}

interface Air {
  /** How many values are numbers. */
  readonly finite: number;
  /** Share of them that is air or lung if they are Hounsfield units. */
  readonly below: Shares;
  /** The same if they are what scanners store. */
  readonly belowStored: Shares;
}

function countAir(volume: Volume): Air {
  const { data, slope, intercept } = volume;
  const [least] = volumeExtremes(volume);
  let [finite, atLeast, below, belowStored] = [0, 0, 0, 0];
  for (let i = 0; i < data.length; i++) {
    const value = (data[i] as number) * slope + intercept;
    if (value - value !== 0) continue;
    finite++;
    if (value === least) atLeast++;
    if (value < AIR) below++;
    if (value < AIR + STORED_OFFSET) belowStored++;
  }
  const shares = (count: number, limit: number): Shares => ({
    all: count / finite,
    withoutLeast: (count - (least < limit ? atLeast : 0)) / Math.max(1, finite - atLeast),
  });
  return { finite, below: shares(below, AIR), belowStored: shares(belowStored, AIR + STORED_OFFSET) };
}

function sliceNotes(volume: Volume, orient: NonNullable<VolumeSliceOptions['orient']>): DataNote[] {
  const { orientation, depth, spacing } = volume;
  if (orientation === undefined) return [];
  const { axis } = sliceLayout(volume, orient);
  const isAxial = /[SI]/.test(orientation.charAt(axis));
  if (!isAxial && depth === 1) {
    const message = `its one slice is not axial by its affine (${orientation}); it is taken as stored`;
    return [{ code: 'NIFTI_ORIENTATION', message }];
  }
  if (!isAxial) {
    const message = `its slices along ${'ijk'.charAt(axis)} are not axial: its axes lead ${orientation}`;
    const isStored = orient === 'transposed' || orient === 'as-stored';
    return [
      {
        code: 'NIFTI_ORIENTATION',
        message,
        ...(isStored ? { suggest: { option: 'orient' as const, values: ['released'] } } : {}),
      },
    ];
  }
  const [a, b] = [0, 1, 2].filter((at) => at !== axis).map((at) => spacing[at] as number) as [number, number];
  if (Math.max(a, b) > STRETCHED * Math.min(a, b)) {
    const message = `the pixels of its axial slices are ${figure(a)} x ${figure(b)} mm, as it was not taken in axial slices`;
    return [{ code: 'NIFTI_ORIENTATION', message }];
  }
  return [];
}

function figure(value: number): string {
  return String(Number(value.toPrecision(6)));
}
