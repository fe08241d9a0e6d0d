/** Pictures: the task's maps and an overlay for each. */

import { isInfnetError } from '@infnet/core';
import {
  type AnyImage,
  type DataNote,
  type DepthOptions,
  decodeImage,
  encodePng,
  type GreyImage,
  type Provenance,
  rangeNote,
  stampPng,
  toRgb8,
  writeNpy,
} from '@infnet/data';
import type { Answered } from '../network.js';
import type { SegmentationTask } from '../task.js';
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

/** A picture that was done. */
export interface DonePicture {
  readonly file: string;
  readonly stem: string;
  readonly width: number;
  readonly height: number;
  /** Pixels of each class. */
  readonly counts: readonly number[];
  /** Decoding, its share of the net's run, and writing. */
  readonly seconds: number;
  readonly notes: readonly DataNote[];
  readonly provenance: Provenance;
  /** Names of its results. */
  readonly outputs: readonly string[];
}

/** Every name that the results of a picture can have. */
export function pictureNames(task: SegmentationTask, stem: string): readonly string[] {
  const maps = task.maps.map(({ name }) => name);
  const companions = task.companions.map((name) => name.toLowerCase());
  return [...[...maps, 'overlay', ...companions].map((name) => `${stem}.${name}.png`), `${stem}.logits.npy`];
}

interface Loaded extends Named {
  readonly file: SegmentFile;
  readonly notes: readonly DataNote[];
  readonly made: Provenance;
  /** Whether its companions were read. */
  readonly isGiven: boolean;
  readonly seconds: number;
}

/** Pictures, in batches; one that fails is reported, and the others are done. */
export async function segmentPictures(
  files: readonly SegmentFile[],
  reports: Reports<DonePicture>,
  job: SegmentJob,
): Promise<void> {
  const { progress, signal } = job.host;
  progress.phase('segmenting', files.length);
  const load = async (file: SegmentFile): Promise<Loaded | undefined> => {
    progress.update(reports.size, file.name);
    try {
      return await loadPicture(file, job);
    } catch (error) {
      reports.fail(file, error);
      return undefined;
    }
  };
  const onFailed = (error: unknown, items: readonly Loaded[]): void => {
    for (const { file } of items) reports.fail(file, error);
  };
  try {
    for await (const answer of answersOf(job, files, load, { signal, onFailed })) {
      // A slice is written whole or not at all.
      if (signal?.aborted) break;
      const { file } = answer.item;
      await finishPicture(answer, job).then(
        (report) => reports.add(file, report),
        (error) => reports.fail(file, error),
      );
      progress.update(reports.size, file.name);
    }
  } catch (error) {
    if (!signal?.aborted && !isInfnetError(error, 'RUN_ABORTED')) {
      if (isInfnetError(error, 'CONTEXT_LOST')) reports.lost = error;
      for (const file of files) if (!reports.has(file)) reports.fail(file, error);
    }
  }
  progress.clear();
}

/** @throws InfnetError `DATA_...`; what the host throws */
async function loadPicture(file: SegmentFile, { host, options, companions, made }: SegmentJob): Promise<Loaded> {
  const begun = performance.now();
  const { range } = options;
  const image = await decodeImage(await host.read(file.path), file.path);
  const notes = [...(image.notes ?? []), ...noteOn(image, range)];
  const picture = { image: toRgb8(image, { range }) };
  host.note(file, notes);
  const given = await companions?.read?.(file, picture);
  return {
    file,
    name: file.stem,
    slice: given === undefined ? picture : { ...picture, companions: given },
    notes,
    made: { ...made, ...rangeOf(range, image.depth ?? 8) },
    isGiven: given !== undefined,
    seconds: (performance.now() - begun) / 1000,
  };
}

/** @throws InfnetError `RESULT_NOT_FINITE`; what the host throws */
async function finishPicture({ item, logits, seconds }: Answered<Loaded>, job: SegmentJob): Promise<DonePicture> {
  const begun = performance.now();
  const { task, options, host, network } = job;
  const { size, threshold, stretch = false } = options;
  const { file, slice, notes, made } = item;
  const { path, stem } = file;
  const { width, height } = slice.image;
  const found = network.net.interpret(logits, slice.image, { size, threshold, stretch, where: stem });
  const stamped = cut(job, made);
  const files: ResultFile[] = task.maps.map((map) => ({
    name: `${stem}.${map.name}.png`,
    bytes: stampPng(map.png(found, { stretch, format: options.classFormat }), map.isCut ? stamped : made),
  }));
  const overlay = encodePng(task.draw(slice.image, found, { threshold }));
  files.push({ name: `${stem}.overlay.png`, bytes: stampPng(overlay, stamped) });
  // What was made on the way is shown; what was given is there already.
  if (!item.isGiven) files.push(...companionFiles(stem, slice.companions ?? {}));
  if (options.format === 'npy') {
    const channels = logits.length / size ** 2;
    files.push({ name: `${stem}.logits.npy`, bytes: writeNpy(logits, [1, channels, size, size]) });
  }
  await host.write(files);
  return {
    file: path,
    stem,
    width,
    height,
    counts: countLabels(found.labels, task.classes.length),
    seconds: item.seconds + seconds + (performance.now() - begun) / 1000,
    notes,
    provenance: stamped,
    outputs: files.map(({ name }) => name),
  };
}

function companionFiles(stem: string, companions: Readonly<Record<string, GreyImage>>): ResultFile[] {
  return Object.entries(companions).map(([name, map]) => ({
    name: `${stem}.${name.toLowerCase()}.png`,
    bytes: encodePng(map),
  }));
}

function noteOn(image: AnyImage, range: DepthOptions['range']): DataNote[] {
  const note = rangeNote(image, { range });
  return note === undefined ? [] : [note];
}

/** What a 16-bit picture's values became black and white by; nothing to say of the full range, and of 8 bit. */
function rangeOf(range: NonNullable<DepthOptions['range']>, depth: number): Pick<Provenance, 'range'> {
  if (depth !== 16 || range === 'full') return {};
  return { range: typeof range === 'string' ? range : range.join(' to ') };
}
