/**
 * One volume: its slices through the net, batch by batch; mask and probability on the volume's own grid.
 *
 * In memory are the volume as the file stores it, one batch of slices, and the results compressed so far; where the
 * axial slices do not lie along the file's third axis, the probability of all voxels too. Files are written when the
 * last slice is done, so that a volume has all its results or none.
 */

import { isInfnetError } from '@infnet/core';
import {
  type GreyImage,
  MIN_SIDE,
  NiftiEncoder,
  niftiProvenance,
  type Provenance,
  predictionInput,
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
import { InfnetError } from '@infnet/errors';
import { readFile } from '@infnet/node';
import { noteText } from '../../data-notes.js';
import type { Progress } from '../../progress.js';
import type { SliceFile } from './inputs.js';
import type { Network } from './network.js';
import type { NoteTeller } from './notes.js';
import type { SegmentOptions } from './options.js';
import { probabilityOf, type SliceResult, volumeResultNames, writeOutputs } from './outputs.js';
import { makeSheet, makeTile, slicesOnSheet } from './sheet.js';
import type { DoneVolume, VolumeSliceReport } from './summary.js';

export interface VolumeRun {
  readonly network: Network;
  readonly options: SegmentOptions;
  readonly notes: NoteTeller;
  readonly made: Provenance;
  readonly progress: Progress;
  readonly signal: AbortSignal | undefined;
}

/**
 * @returns `undefined` when it was stopped: then nothing of it is written
 * @throws InfnetError `DATA_...`, `FILE_...`, `CLI_NOT_FINITE`, `CONTEXT_LOST`
 */
export async function segmentVolume(file: SliceFile, run: VolumeRun): Promise<DoneVolume | undefined> {
  const { options, progress, signal } = run;
  const begun = performance.now();
  const volume = readNifti(await readFile(file.path), file.path);
  const layout = sliceLayout(volume, options.orient);
  requireSide(layout, volume, file.path);
  const { width, height, depth } = volume;
  const { count } = layout;
  const millilitres = voxelMillilitres(volume);
  const window = windowRange(volume, options.window);
  const made = { ...run.made, window, orient: options.orient };
  const results = new Results(volume, options, count, made);
  const noticed = volumeNotes(volume, options);
  run.notes.tell(file, noticed);
  progress.phase(`segmenting ${file.name}`, count);
  for (let first = 0; first < count; first += options.batch) {
    progress.update(first);
    const batch = await segmentBatch(volume, first, Math.min(options.batch, count - first), file, run);
    if (batch === undefined) return undefined;
    for (const one of batch) results.add(one, millilitres);
  }
  progress.update(count, 'writing');
  const outputs = results.finish(file.stem);
  if (signal?.aborted) return undefined;
  await writeOutputs(options.out, outputs);
  const { infectedPixels: infectedVoxels, files } = outputs;
  return {
    file: file.path,
    stem: file.stem,
    width,
    height,
    depth,
    spacing: volume.spacing.map((size) => (Number.isFinite(size) ? size : null)),
    orientation: volume.orientation ?? null,
    window,
    infectedVoxels,
    infectedFraction: infectedVoxels / (width * height * depth),
    infectedMillilitres: millilitres === undefined ? null : infectedVoxels * millilitres,
    seconds: (performance.now() - begun) / 1000,
    axis: 'ijk'.charAt(layout.axis) as DoneVolume['axis'],
    provenance: { ...made, threshold: options.threshold },
    slices: results.slices,
    notes: noticed.map(noteText),
    sheet: slicesOnSheet(count),
    outputs: files.map(({ name }) => name),
  };
}

/** A slice and what the net says of it. */
interface Segmented {
  readonly index: number;
  readonly slice: GreyImage;
  /** As the net saw it. */
  readonly probability: ReturnType<typeof probabilityOf>;
  readonly seconds: number;
}

/** `undefined` when it was stopped. */
async function segmentBatch(
  volume: Volume,
  first: number,
  count: number,
  file: SliceFile,
  { network, options, signal }: VolumeRun,
): Promise<Segmented[] | undefined> {
  const { size, window, orient } = options;
  const begun = performance.now();
  const slices = Array.from({ length: count }, (_, i) => volumeSlice(volume, first + i, { window, orient }));
  const inputs = slices.map((slice) => predictionInput(slice, size));
  let logits: Float32Array[];
  try {
    logits = await network.run(inputs, signal);
  } catch (error) {
    if (signal?.aborted || isInfnetError(error, 'RUN_ABORTED')) return undefined;
    throw error;
  }
  if (signal?.aborted) return undefined;
  const seconds = (performance.now() - begun) / 1000 / count;
  return slices.map((slice, i) => {
    const index = first + i;
    const what = `slice ${index}, and none for the volume`;
    return {
      index,
      slice,
      seconds,
      probability: probabilityOf(logits[i] as Float32Array, slice, options, file.stem, what),
    };
  });
}

/** The results so far, slice after slice. */
class Results {
  readonly slices: VolumeSliceReport[] = [];
  readonly #probability: NiftiEncoder;
  readonly #mask: NiftiEncoder;
  readonly #stored: StoredSlices;
  readonly #threshold: number;
  readonly #onSheet: ReadonlySet<number>;
  readonly #tiles: RgbImage[] = [];

  readonly #made: Provenance;

  constructor(
    volume: Volume,
    { threshold, orient }: Pick<SegmentOptions, 'threshold' | 'orient'>,
    count: number,
    made: Provenance,
  ) {
    this.#threshold = threshold;
    this.#made = { ...made, threshold };
    this.#stored = new StoredSlices(volume, orient);
    this.#probability = new NiftiEncoder(volume, 'float32', niftiProvenance(made));
    this.#mask = new NiftiEncoder(volume, 'uint8', niftiProvenance(this.#made));
    this.#onSheet = new Set(slicesOnSheet(count));
  }

  add({ index, slice, probability, seconds }: Segmented, millilitres: number | undefined): void {
    const threshold = this.#threshold;
    for (const stored of this.#stored.add(probability)) {
      this.#probability.push(stored);
      this.#mask.push(Uint8Array.from(stored, (p) => (p >= threshold ? 1 : 0)));
    }
    const { data } = probability;
    const infectedPixels = data.reduce((sum, p) => sum + (p >= threshold ? 1 : 0), 0);
    const infectedMillilitres = millilitres === undefined ? null : infectedPixels * millilitres;
    this.slices.push({
      index,
      infectedPixels,
      infectedFraction: infectedPixels / data.length,
      infectedMillilitres,
      seconds,
    });
    if (this.#onSheet.has(index)) this.#tiles.push(makeTile(slice, probability, threshold));
  }

  finish(stem: string): SliceResult {
    const names = volumeResultNames(stem);
    return {
      infectedPixels: this.slices.reduce((sum, slice) => sum + slice.infectedPixels, 0),
      files: [
        { name: names.prob, bytes: this.#probability.finish() },
        { name: names.mask, bytes: this.#mask.finish() },
        { name: names.overlay, bytes: stampPng(makeSheet(this.#tiles), this.#made) },
      ],
    };
  }
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
