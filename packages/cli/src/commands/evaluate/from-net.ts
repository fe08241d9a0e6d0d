/**
 * A net that predicts the slices of a data set.
 *
 * With sane conventions each map is what `infnet segment` writes to `.prob.png`: brought to the slice's own size, 8
 * bit. With those as released it is what the released test code writes: stretched to full contrast at the net's size, 8
 * bit (quirk 20), and the evaluation resizes it.
 */
import { join, resolve } from 'node:path';
import { isInfnetError } from '@infnet/core';
import {
  finalPngU8,
  type Problem,
  probabilityToU8,
  type SliceOrientation,
  sliceSpacing,
  split,
  stemOf,
  type VolumeHeader,
  voxelMillilitres,
} from '@infnet/data';
import { folderSource } from '@infnet/node';
import {
  type Network,
  probabilityOf,
  type SegmentationTask,
  type TaskData,
  type TaskSlice,
} from '@infnet/segmentation';
import { adviceInFlags } from '../../advice.js';
import { adapterOf, sharedContext } from '../../context.js';
import { problemLines, problemNotes } from '../../data-notes.js';
import { type FailedFile, reasonOf } from '../../errors.js';
import { parseValidate } from '../../held-out.js';
import { type Io, say } from '../../io.js';
import type { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import { netOptionsOf, windowOf } from '../../tasks.js';
import { tellNotes } from '../../weights-file.js';
import { checkSize, prepareWithProgress } from '../segment/network.js';
import { loadWeights } from '../segment/weights.js';
import { requireCompanions } from '../train/companions.js';
import { type MapPicture, scoredTruth } from './maps.js';
import type { EvaluateOptions, Form } from './options.js';
import type { ClassItem, Found, Item, ItemVolume, SliceSource } from './source.js';

/** Findings in a data set that leave nothing out. */
const HARMLESS: ReadonlySet<string> = new Set([
  'emptyMask',
  'fullMask',
  'classAbsent',
  'edgeDerived',
  'emptyDropped',
  'maskFaint',
  'maskInverted',
  'noted',
  'cacheSmall',
  'ignored',
]);

/** A slice that was predicted. */
interface Predicted {
  readonly index: number;
  readonly file: string;
  readonly slice: TaskSlice;
  readonly logits: Float32Array;
}

interface Judging {
  readonly network: Network;
  readonly dataset: TaskData;
  readonly options: EvaluateOptions;
}

/** What of a prediction is scored. */
type ToItem<I> = (predicted: Predicted, judging: Judging) => Promise<I>;

/**
 * @param toItem {@link mapItem} or {@link classItem}
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `DATA_DATASET` when nothing is left, `DATA_ARGUMENT`, `CLI_USAGE`,
 *   ...
 */
export async function fromNet<I>(
  task: SegmentationTask,
  toItem: ToItem<I>,
  form: Form & { kind: 'net' },
  options: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<SliceSource<I>> {
  const { data, weights: file } = form;
  const { size, validate, masks, precision } = options;
  const window = windowOf(task, options);
  const isMap = task.classes.length === 2;
  const asked = netOptionsOf(task, { backbone: options.backbone });
  const weights = await loadWeights(task, file, asked, { key: options.weightsKey });
  const { net, description } = weights;
  checkSize(size, net, net.name);
  say(io.stderr, `infnet: ${net.name} from ${description.file} (${description.tensors} tensors)`);
  tellNotes(io, description);
  if (description.warning !== undefined) say(io.stderr, `infnet: ${description.warning}`);
  const whole = await openSlices(task, data, { ...options, window }, io, progress);
  requireCompanions(task, whole, data);
  const dataset = heldOut(whole, options);
  const batch = Math.min(options.batch, dataset.length);
  const shared = sharedContext(options, (line) => progress.line(line));
  try {
    await shared.open();
    const network = await prepareWithProgress(shared, weights, { size, batch, precision }, progress, io.signal);
    const part = dataset === whole ? '' : `, ${dataset.length} of them (--validate ${validate})`;
    const [, title] = /^(.*?, width [^,]*)/.exec(net.title) ?? [undefined, net.title];
    return {
      total: dataset.length,
      failed: failuresOf(whole, data),
      ignored: [],
      notes: [],
      said: problemNotes(harmless(whole), data),
      facts: [
        ['Net', `${title}, from ${resolve(file)}${description.untrained ? ' (UNTRAINED)' : ''}`],
        ['Slices', `${whole.length} in ${resolve(data)}${part}, predicted at ${size} x ${size}`],
        ['Adapter', adapterOf(shared).message.replace(/^infnet: /, '')],
      ],
      settings: {
        data,
        validate: validate ?? null,
        size,
        batch,
        precision: network.precision,
        ...(isMap ? { masks } : {}),
        ...(isMap && whole.items.some(({ slice }) => slice !== undefined) ? { window, orient: options.orient } : {}),
        weights: description,
        adapter: adapterOf(shared),
      },
      items: (signal) => predictAll(toItem, { dataset, network, options: { ...options, batch } }, data, signal),
      [Symbol.dispose]: () => shared.dispose(),
    };
  } catch (error) {
    shared.dispose();
    throw error;
  }
}

async function openSlices(
  task: SegmentationTask,
  data: string,
  { masks, range, window, orient }: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<TaskData> {
  const opening = task.openData(folderSource(data), {
    // Edges are not evaluated.
    edges: 'derive',
    ...(masks === 'binary' ? {} : { masks }),
    range,
    window,
    orient,
    onProblem: 'skip',
    oneClass: 'allow',
    onProgress: progress.reading('reading slices'),
    ...(io.signal === undefined ? {} : { signal: io.signal }),
  });
  try {
    const dataset = await unlessAborted(opening, io.signal);
    tellProblems(harmless(dataset), progress);
    return dataset;
  } finally {
    progress.clear();
  }
}

/** @throws InfnetError `DATA_ARGUMENT`, `CLI_USAGE` */
function heldOut(dataset: TaskData, { validate, seed }: EvaluateOptions): TaskData {
  if (validate === undefined) return dataset;
  return split(dataset, { validate: parseValidate(validate, dataset), seed }).validation;
}

/** What is told of a data set, and leaves nothing out. */
export function harmless({ warnings }: Pick<TaskData, 'warnings'>): readonly Problem[] {
  return warnings.filter(({ kind }) => HARMLESS.has(kind));
}

export function tellProblems(problems: readonly Problem[], progress: Pick<Progress, 'line'>): void {
  const lines = problemLines(problems).map((line) => `  ${line}`);
  if (lines.length > 0) progress.line(`infnet: about the slices:\n${lines.join('\n')}`);
}

/** What was left out of a data set, as failures of its files. */
export function failuresOf({ warnings }: Pick<TaskData, 'warnings'>, data: string): FailedFile[] {
  return warnings
    .filter(({ kind }) => !HARMLESS.has(kind))
    .flatMap(({ kind, title, entries }) =>
      entries.map(({ file, note, fix }) => ({
        file: join(data, file),
        code: kind === 'imageWithoutMask' || kind === 'maskWithoutImage' ? 'CLI_UNPAIRED' : 'DATA_DATASET',
        message: note === undefined ? title : `${title}: ${note}`,
        ...(fix === undefined ? {} : { fix: adviceInFlags(fix) }),
      })),
    );
}

async function* predictAll<I>(
  toItem: ToItem<I>,
  judging: Judging,
  data: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Found<I>> {
  const { dataset, network, options } = judging;
  const fileOf = (index: number): string => join(data, dataset.items[index]?.image ?? '');
  const failed: Found<I>[] = [];
  const answered = new Set<number>();
  const fail = (error: unknown, index: number): void => {
    answered.add(index);
    failed.push({ failed: { file: fileOf(index), ...reasonOf(error) } });
  };
  const load = async (index: number): Promise<{ readonly index: number; readonly slice: TaskSlice } | undefined> => {
    try {
      return { index, slice: await dataset.slice(index) };
    } catch (error) {
      fail(error, index);
      return undefined;
    }
  };
  const indices = Array.from({ length: dataset.length }, (_, index) => index);
  const onFailed = (error: unknown, items: readonly { readonly index: number }[]): void => {
    for (const { index } of items) fail(error, index);
  };
  try {
    for await (const { item, logits } of network.each(indices, load, options, { signal, onFailed })) {
      yield* failed.splice(0);
      const file = fileOf(item.index);
      answered.add(item.index);
      const found = await toItem({ ...item, file, logits }, judging).then(
        (one): Found<I> => ({ item: one }),
        (error): Found<I> => ({ failed: { file, ...reasonOf(error) } }),
      );
      yield found;
    }
  } catch (error) {
    if (signal?.aborted || isInfnetError(error, 'RUN_ABORTED')) return;
    if (!isInfnetError(error, 'CONTEXT_LOST')) throw error;
    for (const index of indices) if (!answered.has(index)) fail(error, index);
  }
  yield* failed;
}

/** The probability map that is scored, with the truth above half. */
export async function mapItem(
  { index, file, logits }: Predicted,
  { network, dataset, options }: Judging,
): Promise<Item> {
  const { size, conventions } = options;
  const released = conventions === 'as-released';
  const truth = await dataset.truth(index);
  const shown = released ? { width: size, height: size } : truth;
  const { width, height, data } = probabilityOf(
    network.net.interpret(logits, shown, { size, stretch: released, where: file }),
  );
  const map: MapPicture = { width, height, white: 255, data: released ? finalPngU8(data) : probabilityToU8(data) };
  const { image: path = '', slice } = dataset.items[index] ?? {};
  return {
    name: dataset.names[index] ?? String(index),
    files: { image: file },
    ...(slice === undefined
      ? {}
      : {
          volume: volumeOf(stemOf(path), file, await dataset.volumeHeader(index), options.orient),
        }),
    map,
    truth: scoredTruth(truth),
    image: async () => (await dataset.slice(index)).image,
  };
}

function volumeOf(name: string, file: string, header: VolumeHeader, orient: SliceOrientation): ItemVolume {
  const spacing = sliceSpacing(header, orient);
  return { name, file, millilitres: voxelMillilitres(header), ...(spacing && { spacing }) };
}

/** The classes that are scored. */
export async function classItem(
  { index, file, logits, slice: { image } }: Predicted,
  { network, dataset, options: { size } }: Judging,
): Promise<ClassItem> {
  const { labels: predicted } = network.net.interpret(logits, image, { size, where: file });
  const name = dataset.names[index] ?? String(index);
  return { name, truth: await dataset.truth(index), predicted };
}
