/**
 * One volume: its slices through the net, batch by batch; mask and probability on the volume's own grid.
 *
 * In memory are the volume as the file stores it, one batch of slices, and the results compressed so far; where the
 * axial slices do not lie along the file's third axis, the probability of all voxels too. Files are written when the
 * last slice is done, so that a volume has all its results or none.
 */

import { InfnetError, isInfnetError } from '@infnet/core';
import {
  type DataNote,
  type GreyImage,
  MIN_SIDE,
  NiftiEncoder,
  niftiProvenance,
  type Provenance,
  type RgbImage,
  readNifti,
  type SliceLayout,
  StoredSlices,
  sliceLayout,
  stampPng,
  type Volume,
  volumeNotes,
  volumeSlice,
  voxelMillilitres,
  windowRange,
} from '@infnet/data';
import type { Interpretation, SegmentationTask, TaskMap } from '../task.js';
import {
  answersOf,
  countLabels,
  cut,
  type Named,
  type Reports,
  type ResultFile,
  type SegmentFile,
  type SegmentJob,
} from './job.js';
import { makeSheet, makeTile, slicesOnSheet } from './sheet.js';

/** Slice `index` of a volume, counted from 0 along `axis`. */
export interface DoneVolumeSlice {
  readonly index: number;
  readonly pixels: number;
  /** Pixels of each class. */
  readonly counts: readonly number[];
  readonly seconds: number;
}

/** A volume that was done. */
export interface DoneVolume {
  readonly file: string;
  readonly stem: string;
  readonly volume: Volume;
  /** The values that were black and white. */
  readonly window: readonly [number, number];
  /** Voxels of each class. */
  readonly counts: readonly number[];
  /** Of one voxel; undefined where the file does not give the spacing. */
  readonly millilitres: number | undefined;
  readonly seconds: number;
  /** The file's axis that the slices lie along. */
  readonly axis: 'i' | 'j' | 'k';
  /** With window and threshold. */
  readonly provenance: Provenance;
  readonly slices: readonly DoneVolumeSlice[];
  readonly notes: readonly DataNote[];
  /** The slices on the contact sheet, row by row. */
  readonly sheet: readonly number[];
  readonly outputs: readonly string[];
}

/** Every name that the results of a volume have. */
export function volumeNames(task: SegmentationTask, stem: string): readonly string[] {
  return [...task.maps.map(({ name }) => `${stem}.${name}.nii.gz`), `${stem}.overlay.png`];
}

/** Volumes, one after the other; one that fails is reported, and the others are done. */
export async function segmentVolumes(
  files: readonly SegmentFile[],
  reports: Reports<DoneVolume>,
  job: SegmentJob,
): Promise<void> {
  const { progress, signal } = job.host;
  for (const file of files) {
    if (signal?.aborted) break;
    if (reports.lost !== undefined) {
      reports.fail(file, reports.lost);
      continue;
    }
    progress.phase(`reading ${file.name}`, 1);
    progress.update(0);
    try {
      const volume = await segmentVolume(file, job);
      if (volume === undefined) break;
      reports.add(file, volume);
    } catch (error) {
      reports.fail(file, error);
      if (isInfnetError(error, 'CONTEXT_LOST')) reports.lost = error;
    }
  }
  progress.clear();
}

/**
 * @returns `undefined` when it was stopped: then nothing of it is written
 * @throws InfnetError `DATA_...`, `RESULT_NOT_FINITE`, `CONTEXT_LOST`; what the host throws
 */
export async function segmentVolume(file: SegmentFile, job: SegmentJob): Promise<DoneVolume | undefined> {
  const { options, host } = job;
  const { progress, signal } = host;
  const begun = performance.now();
  const volume = readNifti(await host.read(file.path), file.path);
  const layout = sliceLayout(volume, options.orient);
  requireSide(layout, volume, file.path);
  const { count } = layout;
  const window = windowRange(volume, options.window);
  const made = { ...job.made, window, orient: options.orient };
  const results = new Results(volume, job, count, made);
  const notes = volumeNotes(volume, options);
  host.note(file, notes);
  progress.phase(`segmenting ${file.name}`, count);
  try {
    for await (const one of segmentSlices(volume, count, file, job)) {
      results.add(one);
      progress.update(one.index + 1);
    }
  } catch (error) {
    if (signal?.aborted || isInfnetError(error, 'RUN_ABORTED')) return undefined;
    throw error;
  }
  progress.update(count, 'writing');
  const files = results.finish(file.stem);
  if (signal?.aborted) return undefined;
  await host.write(files);
  const { slices } = results;
  return {
    file: file.path,
    stem: file.stem,
    volume,
    window,
    counts: job.task.classes.map((_, k) => slices.reduce((sum, { counts }) => sum + (counts[k] as number), 0)),
    millilitres: voxelMillilitres(volume),
    seconds: (performance.now() - begun) / 1000,
    axis: AXES[layout.axis] ?? 'k',
    provenance: cut(job, made),
    slices,
    notes,
    sheet: slicesOnSheet(count),
    outputs: files.map(({ name }) => name),
  };
}

const AXES = ['i', 'j', 'k'] as const;

/** A slice and what the net says of it. */
interface Segmented {
  readonly index: number;
  readonly slice: GreyImage;
  /** As the net saw it. */
  readonly found: Interpretation;
  readonly seconds: number;
}

interface VolumeSlice extends Named {
  readonly index: number;
  readonly slice: { readonly image: GreyImage };
  readonly seconds: number;
}

async function* segmentSlices(
  volume: Volume,
  count: number,
  { stem }: SegmentFile,
  job: SegmentJob,
): AsyncGenerator<Segmented> {
  const { size, window, orient, threshold, stretch = false } = job.options;
  const load = (index: number): VolumeSlice => {
    const begun = performance.now();
    const image = volumeSlice(volume, index, { window, orient });
    return { index, name: stem, slice: { image }, seconds: (performance.now() - begun) / 1000 };
  };
  const indices = Array.from({ length: count }, (_, index) => index);
  for await (const { item, logits, seconds } of answersOf(job, indices, load, { signal: job.host.signal })) {
    const { index, slice } = item;
    const what = `result for slice ${index}, and none for the volume`;
    const found = job.network.net.interpret(logits, slice.image, { size, threshold, stretch, where: stem, what });
    yield { index, slice: slice.image, found, seconds: item.seconds + seconds };
  }
}

/** The results so far, slice after slice. */
class Results {
  readonly slices: DoneVolumeSlice[] = [];
  readonly #job: SegmentJob;
  readonly #made: Provenance;
  readonly #encoders: ReadonlyMap<TaskMap, NiftiEncoder>;
  /** Maps that store the same values share their order in the file. */
  readonly #stored = new Map<TaskMap['values'], StoredSlices>();
  readonly #onSheet: ReadonlySet<number>;
  readonly #tiles: RgbImage[] = [];

  constructor(volume: Volume, job: SegmentJob, count: number, made: Provenance) {
    const { maps } = job.task;
    this.#job = job;
    this.#made = cut(job, made);
    for (const { values } of maps) this.#stored.set(values, new StoredSlices(volume, job.options.orient));
    const encoderOf = ({ isCut, voxel }: TaskMap): NiftiEncoder =>
      new NiftiEncoder(volume, voxel === undefined ? 'float32' : 'uint8', niftiProvenance(isCut ? this.#made : made));
    this.#encoders = new Map(maps.map((map) => [map, encoderOf(map)]));
    this.#onSheet = new Set(slicesOnSheet(count));
  }

  add({ index, slice, found, seconds }: Segmented): void {
    const { task, options } = this.#job;
    for (const [values, stored] of this.#stored) {
      for (const one of stored.add(values(found))) {
        for (const [map, encoder] of this.#encoders) {
          if (map.values === values) encoder.push(map.voxel === undefined ? one : voxelsOf(one, map.voxel, options));
        }
      }
    }
    const counts = countLabels(found.labels, task.classes.length);
    this.slices.push({ index, pixels: found.labels.data.length, counts, seconds });
    if (this.#onSheet.has(index)) this.#tiles.push(makeTile(task, slice, found, options.threshold));
  }

  finish(stem: string): ResultFile[] {
    const maps = [...this.#encoders].map(([{ name }, encoder]) => ({
      name: `${stem}.${name}.nii.gz`,
      bytes: encoder.finish(),
    }));
    return [...maps, { name: `${stem}.overlay.png`, bytes: stampPng(makeSheet(this.#tiles), this.#made) }];
  }
}

function voxelsOf(
  values: Float32Array,
  voxel: NonNullable<TaskMap['voxel']>,
  { threshold }: { readonly threshold: number },
): Uint8Array {
  return Uint8Array.from(values, (value) => voxel(value, threshold));
}

/** As for pictures: a side of a few voxels shows no lung. */
function requireSide({ width, height, axis }: SliceLayout, { orientation }: Volume, where: string): void {
  if (Math.min(width, height) >= MIN_SIDE) return;
  const along = axis === 2 ? '' : ` along the file's ${'ijk'.charAt(axis)}, as its axes lead ${orientation},`;
  const fix =
    axis === 2
      ? 'Check that the third axis goes through the slices, and that this is the scan and not a part of it.'
      : 'Check that the affine is right; --orient transposed takes the slices as they are stored.';
  throw new InfnetError({
    code: 'DATA_TOO_SMALL',
    message: `The slices${along} have ${height}x${width} voxels; at least ${MIN_SIDE} per side are needed.`,
    where,
    fix,
  });
}
