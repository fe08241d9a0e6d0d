/** Pictures: batch by batch through the net; one that fails is reported, and the others are done. */
import { isInfnetError } from '@infnet/core';
import { decodeImage, type RgbImage, resizePillow, toRgb8, toTensor } from '@infnet/data';
import { readFile } from '@infnet/node';
import type { Progress } from '../../progress.js';
import type { SliceFile } from './inputs.js';
import type { Network } from './network.js';
import type { SegmentOptions } from './options.js';
import { makeOutputs, writeOutputs } from './outputs.js';
import type { Reports } from './reports.js';
import type { DoneSlice } from './summary.js';

/** A slice that is ready for the net. */
interface Loaded {
  readonly file: SliceFile;
  readonly slice: RgbImage;
  readonly input: Float32Array;
  readonly seconds: number;
}

export async function segmentSlices(
  slices: readonly SliceFile[],
  reports: Reports,
  network: Network,
  options: SegmentOptions,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  progress.phase('segmenting', slices.length);
  let next = 0;
  while (next < slices.length && !signal?.aborted && reports.lost === undefined) {
    const batch: Loaded[] = [];
    while (batch.length < options.batch && next < slices.length && !signal?.aborted) {
      const file = slices[next++] as SliceFile;
      progress.update(reports.size, file.name);
      await load(file, options).then(
        (loaded) => batch.push(loaded),
        (error) => reports.fail(file, error),
      );
    }
    if (batch.length === 0 || signal?.aborted) continue;
    const begun = performance.now();
    let logits: Float32Array[];
    try {
      logits = await network.run(
        batch.map(({ input }) => input),
        signal,
      );
    } catch (error) {
      if (signal?.aborted || isInfnetError(error, 'RUN_ABORTED')) break;
      for (const { file } of batch) reports.fail(file, error);
      if (isInfnetError(error, 'CONTEXT_LOST')) reports.lost = error;
      continue;
    }
    const share = (performance.now() - begun) / 1000 / batch.length;
    for (const [i, item] of batch.entries()) {
      // A slice is written whole or not at all.
      if (signal?.aborted) break;
      await finish(item, logits[i] as Float32Array, share, options).then(
        (done) => reports.add(item.file, { done }),
        (error) => reports.fail(item.file, error),
      );
      progress.update(reports.size, item.file.name);
    }
  }
  if (reports.lost !== undefined) for (const file of slices.slice(next)) reports.fail(file, reports.lost);
  progress.clear();
}

async function load(file: SliceFile, { size, range }: SegmentOptions): Promise<Loaded> {
  const begun = performance.now();
  const slice = toRgb8(await decodeImage(await readFile(file.path), file.path), { range });
  const input = toTensor(resizePillow(slice, size, size)).data;
  return { file, slice, input, seconds: (performance.now() - begun) / 1000 };
}

async function finish(
  { file, slice, seconds: before }: Loaded,
  logits: Float32Array,
  share: number,
  options: SegmentOptions,
): Promise<DoneSlice> {
  const begun = performance.now();
  const result = makeOutputs(file.stem, slice, logits, options);
  await writeOutputs(options.out, result);
  const { width, height } = slice;
  const { infectedPixels, files } = result;
  return {
    file: file.path,
    stem: file.stem,
    width,
    height,
    infectedPixels,
    infectedFraction: infectedPixels / (width * height),
    seconds: before + share + (performance.now() - begun) / 1000,
    outputs: files.map(({ name }) => name),
  };
}
