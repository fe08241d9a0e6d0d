/** `infnet pseudo-label`: slices in, a data set with the masks that a net predicts out. */
import { extname, join, resolve } from 'node:path';
import { isInfnetError } from '@infnet/core';
import { binaryToEdge, encodeClassMap, encodePng, type GreyImage, stemOf } from '@infnet/data';
import { folderSource, readFile, writeFileAtomic } from '@infnet/node';
import { type Network, pseudoLabels, type SegmentationTask, type TaskData, VolumeLabel } from '@infnet/segmentation';
import { adapterOf, sharedContext } from '../../context.js';
import { problemLines, problemNotes } from '../../data-notes.js';
import { cliError, reasonOf } from '../../errors.js';
import { FailureTeller } from '../../failures.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { Progress } from '../../progress.js';
import { netOptionsOf, taskOf, windowOf } from '../../tasks.js';
import { tellNotes } from '../../weights-file.js';
import { makeFolder } from '../segment/inputs.js';
import { checkSize, prepareWithProgress } from '../segment/network.js';
import { loadWeights } from '../segment/weights.js';
import type { PseudoLabelOptions } from './options.js';

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
  const task = await taskOf(options);
  refuseCompanions(task);
  const progress = new Progress(io.stderr);
  const asked = netOptionsOf(task, { backbone: options.backbone });
  const weights = await loadWeights(task, options.weights, asked, { key: options.weightsKey });
  tellNotes(io, weights.description);
  checkSize(size, weights.net, weights.net.name);
  const dataset = await openSlices(task, { ...options, window: windowOf(task, options) }, progress, io);
  const { warning } = weights.description;
  if (warning !== undefined) say(io.stderr, `infnet: ${warning}`);
  const pictures = dataset.items.some(({ slice }) => slice === undefined);
  const folders = ['GT', ...(options.images ? ['Imgs'] : []), ...(pictures && isSoft(task) ? ['Edge'] : [])];
  for (const name of folders) await makeFolder(join(out, name));
  const shared = sharedContext(options, (line) => progress.line(line));
  try {
    await shared.open();
    const items = Math.min(batch, dataset.length);
    const network = await prepareWithProgress(shared, weights, { size, batch: items, precision }, progress, io.signal);
    const { labelled, errors } = await labelAll(task, dataset, network, options, progress, io.signal);
    const interrupted = io.signal?.aborted === true && labelled.length + errors.length < dataset.length;
    const exitCode = interrupted ? EXIT.interrupted : errors.length > 0 ? EXIT.someFailed : EXIT.ok;
    if (json) {
      const settings = { size, labels: options.labels, precision: network.precision, weights: weights.description };
      const common = { command: 'pseudo-label', ok: exitCode === EXIT.ok, exitCode, adapter: adapterOf(shared) };
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
    shared.dispose();
  }
}

/** Whether labels are shares; else they are classes. */
function isSoft({ classes }: SegmentationTask): boolean {
  return classes.length === 2;
}

/** @throws InfnetError `CLI_USAGE` */
function refuseCompanions({ name, companions }: SegmentationTask): void {
  if (companions.length === 0) return;
  const message = `The net of ${name} needs ${companions.join(', ')} beside each slice, which slices to label do not have.`;
  throw cliError('CLI_USAGE', message, 'Label with infnet segment, which takes --priors and --prior-weights.');
}

/** Slices in `Imgs`, or where there is no such folder those of the folder itself. */
async function openSlices(
  task: SegmentationTask,
  { data, skipBad, range, window, orient }: PseudoLabelOptions,
  progress: Progress,
  io: Io,
): Promise<TaskData> {
  const dataset = await task.openData(folderSource(data), {
    labelled: false,
    flat: true,
    range,
    window,
    orient,
    onProblem: skipBad ? 'skip' : 'error',
    ...(io.signal === undefined ? {} : { signal: io.signal }),
    onProgress: progress.reading('reading slices'),
  });
  progress.clear();
  for (const line of problemLines(dataset.warnings)) say(io.stderr, `infnet: ${line}`);
  return dataset;
}

async function labelAll(
  task: SegmentationTask,
  dataset: TaskData,
  network: Network,
  options: PseudoLabelOptions,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<{ readonly labelled: readonly Labelled[]; readonly errors: readonly object[] }> {
  const { size, labels: encoding } = options;
  const batch = Math.min(options.batch, dataset.length);
  const labelled: Labelled[] = [];
  const errors: object[] = [];
  const teller = new FailureTeller(progress);
  let volume: VolumeLabel | undefined;
  /** The volume that a slice is of, a new one where it is the first of it. */
  const volumeOf = async (index: number): Promise<VolumeLabel | undefined> => {
    const { image = '', slice } = dataset.items[index] ?? {};
    if (slice === undefined) return undefined;
    if (volume?.path === image) return volume;
    return new VolumeLabel(image, await dataset.volumeHeader(index), options.orient, isSoft(task));
  };
  const fail = (error: unknown, index: number): void => {
    const reason = reasonOf(error);
    // Without one of its slices a volume has no label.
    if (volume !== undefined) volume.failed = true;
    errors.push({ file: dataset.items[index]?.image ?? '', ...reason });
    teller.tell(dataset.names[index] ?? '', reason);
  };
  const onFailed = async (error: unknown, index: number): Promise<void> => {
    volume = await volumeOf(index);
    fail(error, index);
  };
  progress.phase('labelling', dataset.length);
  try {
    const labels = pseudoLabels(task, network, dataset, { size, batch, encoding }, { signal, onFailed });
    for await (const { index, label, share } of labels) {
      const name = dataset.names[index] ?? '';
      try {
        volume = await volumeOf(index);
        if (volume === undefined) await writeLabel(task, dataset, index, label, options);
        else if (!volume.failed) {
          volume.add(label);
          if (dataset.items[index + 1]?.image !== volume.path) await writeVolume(volume, options);
        }
        if (volume?.failed !== true) labelled.push({ name, infectedFraction: share });
      } catch (error) {
        fail(error, index);
      }
      progress.update(labelled.length + errors.length, name);
    }
  } catch (error) {
    if (!signal?.aborted && !isInfnetError(error, 'RUN_ABORTED')) throw error;
  }
  progress.clear();
  return { labelled, errors };
}

/** @throws InfnetError `FILE_...` */
async function writeLabel(
  task: SegmentationTask,
  dataset: TaskData,
  index: number,
  picture: GreyImage,
  { data, out, images }: PseudoLabelOptions,
): Promise<void> {
  const name = dataset.names[index] as string;
  const bytes = isSoft(task) ? encodePng(picture) : encodeClassMap(picture);
  await writeFileAtomic(join(out, 'GT', `${name}.png`), bytes);
  if (isSoft(task)) await writeFileAtomic(join(out, 'Edge', `${name}.png`), encodePng(binaryToEdge(picture)));
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
