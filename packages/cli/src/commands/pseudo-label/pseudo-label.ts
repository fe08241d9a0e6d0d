/** `infnet pseudo-label`: slices in, a data set with the masks that a net predicts out. */
import { extname, join, resolve } from 'node:path';
import type { Precision } from '@infnet/core';
import {
  binaryToEdge,
  type Dataset,
  type DepthOptions,
  encodePng,
  type GreyImage,
  openDataset,
  predictionInput,
  resizeBilinearFloat,
  type SliceOrientation,
  sigmoid,
  stemOf,
  type VolumeWindow,
} from '@infnet/data';
import type { BackboneName } from '@infnet/inf-net';
import { type AdapterChoice, folderSource, readFile, writeFileAtomic } from '@infnet/node';
import type { TRAIN_OPTIONS } from '@infnet/segmentation/options';
import { encodeLabel } from '@infnet/trainer';
import { openContext } from '../../context.js';
import { problemLines, problemNotes } from '../../data-notes.js';
import { cliError, reasonOf } from '../../errors.js';
import { FailureTeller } from '../../failures.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { Progress } from '../../progress.js';
import { tellNotes } from '../../weights-file.js';
import { makeFolder } from '../segment/inputs.js';
import { checkSize, type Network, prepareWithProgress } from '../segment/network.js';
import { loadWeights } from '../segment/weights.js';
import { VolumeLabel } from './volume-label.js';

export interface PseudoLabelOptions {
  readonly data: string;
  readonly weights: string;
  /** Which of several nets in that file. */
  readonly weightsKey?: string;
  readonly out: string;
  readonly size: number;
  readonly batch: number;
  readonly labels: (typeof TRAIN_OPTIONS.labels.values)[number];
  /** Whether the slices are copied beside their masks. */
  readonly images: boolean;
  readonly skipBad: boolean;
  /** What becomes black and white in 16-bit slices. */
  readonly range: NonNullable<DepthOptions['range']>;
  /** What becomes black and white in volumes. */
  readonly window: VolumeWindow;
  /** How slices of volumes lie. */
  readonly orient: SliceOrientation;
  readonly backbone?: BackboneName;
  readonly adapter?: AdapterChoice;
  /** A file of `infnet tune`. */
  readonly tuning?: string;
  /** Default: the plans' own. */
  readonly precision?: Precision;
  readonly json: boolean;
}

interface Labelled {
  readonly name: string;
  /** Share of the slice whose label is above 128. */
  readonly infectedFraction: number;
}

export async function pseudoLabel(options: PseudoLabelOptions, io: Io): Promise<number> {
  const { data, out, size, batch, precision, json } = options;
  if (resolve(data) === resolve(out)) {
    const fix = 'Give another folder by --out.';
    throw cliError('CLI_OUTPUT_CLASH', 'The labels would be written among the slices.', fix, { where: resolve(out) });
  }
  const progress = new Progress(io.stderr);
  const weights = await loadWeights(options.weights, options.backbone, { key: options.weightsKey });
  tellNotes(io, weights.description);
  checkSize(size, weights.net, weights.description.backbone);
  const dataset = await openSlices(options, progress, io);
  const { warning } = weights.description;
  if (warning !== undefined) say(io.stderr, `infnet: ${warning}`);
  const pictures = dataset.items.some(({ slice }) => slice === undefined);
  const folders = ['GT', ...(options.images ? ['Imgs'] : []), ...(pictures ? ['Edge'] : [])];
  for (const name of folders) await makeFolder(join(out, name));
  const context = await openContext(options, (line) => say(io.stderr, line));
  try {
    const items = Math.min(batch, dataset.length);
    const network = await prepareWithProgress(context, weights, { size, batch: items, precision }, progress, io.signal);
    const { labelled, errors } = await labelAll(dataset, network, options, progress, io.signal);
    const interrupted = io.signal?.aborted === true && labelled.length + errors.length < dataset.length;
    const exitCode = interrupted ? EXIT.interrupted : errors.length > 0 ? EXIT.someFailed : EXIT.ok;
    if (json) {
      const settings = { size, labels: options.labels, precision: network.precision, weights: weights.description };
      const common = { command: 'pseudo-label', ok: exitCode === EXIT.ok, exitCode, adapter: context.adapter };
      sayJson(io, {
        ...common,
        settings,
        out: resolve(out),
        notes: problemNotes(dataset.warnings, data),
        slices: labelled,
        errors,
      });
    } else say(io.stdout, `${labelled.length} of ${dataset.length} slices labelled, in ${resolve(out)}`);
    return exitCode;
  } finally {
    progress.clear();
    context.dispose();
  }
}

/** Slices in `Imgs`, or where there is no such folder those of the folder itself. */
async function openSlices(
  { data, skipBad, range, window, orient }: PseudoLabelOptions,
  progress: Progress,
  io: Io,
): Promise<Dataset> {
  const source = folderSource(data);
  const paths = await source.list();
  const hasLayout = paths.some((path) => /(^|\/)Imgs\//i.test(path));
  const flat = paths.filter((path) => !path.includes('/'));
  const dataset = await openDataset(source, {
    labelled: false,
    range,
    window,
    orient,
    onProblem: skipBad ? 'skip' : 'error',
    signal: io.signal,
    ...(hasLayout ? {} : { layout: { images: flat, masks: [] } }),
    onProgress: ({ done, total, name }) => {
      if (done <= 1) progress.phase('reading slices', total);
      progress.update(done, name);
    },
  });
  progress.clear();
  for (const line of problemLines(dataset.warnings)) say(io.stderr, `infnet: ${line}`);
  return dataset;
}

async function labelAll(
  dataset: Dataset,
  network: Network,
  options: PseudoLabelOptions,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<{ readonly labelled: readonly Labelled[]; readonly errors: readonly object[] }> {
  const { size } = options;
  const batch = Math.min(options.batch, dataset.length);
  const labelled: Labelled[] = [];
  const errors: object[] = [];
  const teller = new FailureTeller(progress);
  let volume: VolumeLabel | undefined;
  progress.phase('labelling', dataset.length);
  for (let first = 0; first < dataset.length && signal?.aborted !== true; first += batch) {
    const indices = Array.from({ length: Math.min(batch, dataset.length - first) }, (_, i) => first + i);
    const inputs = await Promise.all(indices.map(async (index) => predictionInput(await dataset.image(index), size)));
    for (const [i, logits] of (await network.run(inputs, signal)).entries()) {
      const index = indices[i] as number;
      const name = dataset.names[index] as string;
      const { image = '', slice } = dataset.items[index] ?? {};
      try {
        if (slice === undefined) volume = undefined;
        else if (volume?.path !== image) {
          volume = new VolumeLabel(image, await dataset.volumeHeader(index), options.orient);
        }
        const picture = await labelOf(dataset, index, logits, options);
        if (volume === undefined) await writeLabel(dataset, index, picture, options);
        else if (!volume.failed) {
          volume.add(picture);
          if (dataset.items[index + 1]?.image !== image) await writeVolume(volume, options);
        }
        if (volume?.failed !== true) labelled.push({ name, infectedFraction: share(picture.data) });
      } catch (error) {
        const reason = reasonOf(error);
        // Without one of its slices a volume has no label.
        if (volume !== undefined) volume.failed = true;
        errors.push({ file: image, ...reason });
        teller.tell(name, reason);
      }
      progress.update(labelled.length + errors.length, name);
    }
  }
  progress.clear();
  return { labelled, errors };
}

/** The label at the slice's own size. @throws InfnetError `CLI_NOT_FINITE` */
async function labelOf(
  dataset: Dataset,
  index: number,
  logits: Float32Array,
  { size, labels }: PseudoLabelOptions,
): Promise<GreyImage> {
  if (!logits.every(Number.isFinite)) {
    const message = 'The net gave values that are not finite, so there is no label for this slice.';
    const where = dataset.names[index] as string;
    throw cliError('CLI_NOT_FINITE', message, 'Check the weights: infnet doctor checks the adapter.', { where });
  }
  const { width, height } = await dataset.image(index);
  // Stretched at the net's size as the released generator does, then brought to the slice's own: its masks have the
  // net's size, so that the released loader drops them (quirk 19).
  const bytes = encodeLabel(labels, sigmoid(logits));
  const map = { width: size, height: size, data: Float32Array.from(bytes, (v) => v / 255) };
  const data = Uint8Array.from(resizeBilinearFloat(map, width, height).data, (p) => Math.round(255 * p));
  return { width, height, channels: 1, data };
}

/** @throws InfnetError `FILE_...` */
async function writeLabel(
  dataset: Dataset,
  index: number,
  picture: GreyImage,
  { data, out, images }: PseudoLabelOptions,
): Promise<void> {
  const name = dataset.names[index] as string;
  await writeFileAtomic(join(out, 'GT', `${name}.png`), encodePng(picture));
  await writeFileAtomic(join(out, 'Edge', `${name}.png`), encodePng(binaryToEdge(picture)));
  const file = dataset.items[index]?.image as string;
  if (images) await writeFileAtomic(join(out, 'Imgs', `${name}${extname(file)}`), await readFile(join(data, file)));
}

/** A volume's label; its edges are derived from it when it is read. @throws InfnetError `FILE_...` */
async function writeVolume(volume: VolumeLabel, { data, out, images }: PseudoLabelOptions): Promise<void> {
  const { path } = volume;
  const stem = stemOf(path);
  await writeFileAtomic(join(out, 'GT', `${stem}.nii.gz`), volume.finish());
  const ending = /\.gz$/i.test(path) ? '.nii.gz' : '.nii';
  if (images) await writeFileAtomic(join(out, 'Imgs', `${stem}${ending}`), await readFile(join(data, path)));
}

/** Share of what is above 128. */
function share(mask: Uint8Array): number {
  return mask.reduce((sum, v) => sum + Number(v > 128), 0) / mask.length;
}
