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
  type Dataset,
  finalPngU8,
  minMaxNormalize,
  openDataset,
  type Problem,
  predictionInput,
  probabilityToU8,
  resizeBilinearFloat,
  sigmoid,
  split,
  stemOf,
  voxelMillilitres,
} from '@infnet/data';
import { folderSource } from '@infnet/node';
import { adviceInFlags } from '../../advice.js';
import { openContext } from '../../context.js';
import { problemLines, problemNotes } from '../../data-notes.js';
import { cliError, reasonOf } from '../../errors.js';
import { parseValidate } from '../../held-out.js';
import { type Io, say } from '../../io.js';
import type { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import { tellNotes } from '../../weights-file.js';
import { checkSize, type Network, prepareWithProgress } from '../segment/network.js';
import { loadWeights } from '../segment/weights.js';
import { type MapPicture, scoredTruth } from './maps.js';
import type { EvaluateOptions, Form } from './options.js';
import type { FailedFile, Found, ItemVolume, SliceSource } from './source.js';

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

/**
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `DATA_DATASET` when nothing is left, `DATA_ARGUMENT`, `CLI_USAGE`,
 *   ...
 */
export async function fromNet(
  form: Form & { kind: 'net' },
  options: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<SliceSource> {
  const { data, weights: file } = form;
  const { size, validate, masks, conventions, precision } = options;
  const weights = await loadWeights(file, options.backbone, { key: options.weightsKey });
  checkSize(size, weights.net, weights.description.backbone);
  const { description } = weights;
  say(io.stderr, `infnet: ${description.backbone} from ${description.file} (${description.tensors} tensors)`);
  tellNotes(io, description);
  if (description.warning !== undefined) say(io.stderr, `infnet: ${description.warning}`);
  const whole = await openSlices(data, options, io, progress);
  const dataset = heldOut(whole, options);
  const batch = Math.min(options.batch, dataset.length);
  const context = await openContext(options, (line) => say(io.stderr, line));
  try {
    const network = await prepareWithProgress(context, weights, { size, batch, precision }, progress, io.signal);
    const part = dataset === whole ? '' : `, ${dataset.length} of them (--validate ${validate})`;
    return {
      total: dataset.length,
      failed: failuresOf(whole, data),
      ignored: [],
      notes: [],
      said: problemNotes(harmless(whole), data),
      facts: [
        [
          'Net',
          `${description.backbone}, width ${description.width}, from ${resolve(file)}${description.untrained ? ' (UNTRAINED)' : ''}`,
        ],
        ['Slices', `${whole.length} in ${resolve(data)}${part}, predicted at ${size} x ${size}`],
        ['Adapter', context.adapter.message.replace(/^infnet: /, '')],
      ],
      settings: {
        data,
        validate: validate ?? null,
        size,
        batch,
        precision: network.precision,
        masks,
        ...(whole.items.some(({ slice }) => slice !== undefined)
          ? { window: options.window, orient: options.orient }
          : {}),
        weights: description,
        adapter: context.adapter,
      },
      items: (signal) =>
        predictAll({ dataset, data, network, batch, size, released: conventions === 'as-released' }, signal),
      [Symbol.dispose]: () => context.dispose(),
    };
  } catch (error) {
    context.dispose();
    throw error;
  }
}

async function openSlices(
  data: string,
  { masks, range, window, orient }: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<Dataset> {
  let started = false;
  const opening = openDataset(folderSource(data), {
    // Edges are not evaluated.
    edges: 'derive',
    ...(masks === 'binary' ? {} : { masks }),
    range,
    window,
    orient,
    onProblem: 'skip',
    oneClass: 'allow',
    onProgress: ({ done, total, name }) => {
      if (!started) progress.phase('reading slices', total);
      started = true;
      progress.update(done, name);
    },
    signal: io.signal,
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
function heldOut(dataset: Dataset, { validate, seed }: EvaluateOptions): Dataset {
  if (validate === undefined) return dataset;
  return split(dataset, { validate: parseValidate(validate, dataset), seed }).validation;
}

/** What is told of a data set, and leaves nothing out. */
export function harmless({ warnings }: Pick<Dataset, 'warnings'>): readonly Problem[] {
  return warnings.filter(({ kind }) => HARMLESS.has(kind));
}

export function tellProblems(problems: readonly Problem[], progress: Pick<Progress, 'line'>): void {
  const lines = problemLines(problems).map((line) => `  ${line}`);
  if (lines.length > 0) progress.line(`infnet: about the slices:\n${lines.join('\n')}`);
}

/** What was left out of a data set, as failures of its files. */
export function failuresOf({ warnings }: Pick<Dataset, 'warnings'>, data: string): FailedFile[] {
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

interface Predicting {
  readonly dataset: Dataset;
  readonly data: string;
  readonly network: Network;
  readonly batch: number;
  readonly size: number;
  readonly released: boolean;
}

async function* predictAll(job: Predicting, signal: AbortSignal | undefined): AsyncGenerator<Found> {
  const { dataset, data, network, batch, size, released } = job;
  const fileOf = (index: number): string => join(data, dataset.items[index]?.image ?? '');
  for (let next = 0; next < dataset.length && !signal?.aborted; ) {
    const ready: { readonly index: number; readonly input: Float32Array }[] = [];
    while (ready.length < batch && next < dataset.length) {
      const index = next++;
      try {
        ready.push({ index, input: predictionInput(await dataset.image(index), size) });
      } catch (error) {
        yield { failed: { file: fileOf(index), ...reasonOf(error) } };
      }
    }
    if (ready.length === 0) continue;
    let logits: readonly Float32Array[];
    try {
      logits = await network.run(
        ready.map(({ input }) => input),
        signal,
      );
    } catch (error) {
      if (signal?.aborted || isInfnetError(error, 'RUN_ABORTED')) return;
      for (const { index } of ready) yield { failed: { file: fileOf(index), ...reasonOf(error) } };
      if (!isInfnetError(error, 'CONTEXT_LOST')) continue;
      for (; next < dataset.length; next++) yield { failed: { file: fileOf(next), ...reasonOf(error) } };
      return;
    }
    for (const [i, { index }] of ready.entries()) {
      yield await found(dataset, index, fileOf(index), { logits: logits[i] as Float32Array, size, released });
    }
  }
}

async function found(
  dataset: Dataset,
  index: number,
  file: string,
  { logits, size, released }: { readonly logits: Float32Array; readonly size: number; readonly released: boolean },
): Promise<Found> {
  try {
    if (!logits.every(Number.isFinite)) {
      throw cliError('CLI_NOT_FINITE', 'The net gave values that are not finite.', 'Check the weights.', {
        where: file,
      });
    }
    const { mask } = await dataset.slice(index);
    const probability = { width: size, height: size, data: sigmoid(logits) };
    const map: MapPicture = released
      ? { width: size, height: size, white: 255, data: finalPngU8(minMaxNormalize(probability.data)) }
      : {
          width: mask.width,
          height: mask.height,
          white: 255,
          data: probabilityToU8(resizeBilinearFloat(probability, mask.width, mask.height).data),
        };
    const name = dataset.names[index] ?? String(index);
    const { image: path = '', slice } = dataset.items[index] ?? {};
    const volume: ItemVolume | undefined =
      slice === undefined
        ? undefined
        : { name: stemOf(path), file, millilitres: voxelMillilitres(await dataset.volumeHeader(index)) };
    return {
      item: {
        name,
        files: { image: file },
        ...(volume === undefined ? {} : { volume }),
        map,
        truth: scoredTruth(mask),
        image: () => dataset.image(index),
      },
    };
  } catch (error) {
    return { failed: { file, ...reasonOf(error) } };
  }
}
