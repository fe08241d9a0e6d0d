/**
 * `infnet segment`: slices and volumes in, the task's maps out.
 *
 * Everything that can be wrong with the request (paths, names, weights, size, adapter) is found before the first slice.
 * After that a file that fails is reported, and the others are done: the pictures first, then the volumes.
 */
import { join, resolve } from 'node:path';
import { printable } from '@infnet/core';
import { readFile } from '@infnet/node';
import {
  type CompanionSource,
  cut,
  infection,
  type SegmentationTask,
  type SegmentHost,
  type SegmentJob,
  type SharedContext,
  segmentPictures,
  segmentVolumes,
} from '@infnet/segmentation';
import { adapterOf, sharedContext } from '../../context.js';
import { cliError } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { optionFlag } from '../../options.js';
import { Progress, seconds } from '../../progress.js';
import { askedFor, netOptionsOf, taskOf, windowOf } from '../../tasks.js';
import { tellNotes } from '../../weights-file.js';
import { findInputs, ignoredLine, makeFolder } from './inputs.js';
import { checkSize, prepareWithProgress } from './network.js';
import { NoteTeller } from './notes.js';
import type { SegmentOptions } from './options.js';
import { SUMMARY, writeOutputs, writeSummary } from './outputs.js';
import { priorsOfFolder, priorsOfNet } from './priors.js';
import { provenanceOf } from './provenance.js';
import { AllReports } from './reports.js';
import { pictureDocument, shares, summaryCsv, volumeDocument } from './summary.js';
import { type LoadedWeights, loadWeights } from './weights.js';

export async function segment(options: SegmentOptions, io: Io): Promise<number> {
  const started = performance.now();
  const { out, size, precision, json = false } = options;
  const { signal } = io;
  const task = await taskOf(options);
  checkOptions(task, options);
  const progress = new Progress(io.stderr);
  const { files, ignored } = await findInputs(options.paths, out, task);
  if (ignored.length > 0) say(io.stderr, await ignoredLine(ignored, 'pictures or volumes'));
  const volumes = files.filter(({ isVolume }) => isVolume);
  const slices = files.filter(({ isVolume }) => !isVolume);
  if (options.priors !== undefined && volumes.length > 0) {
    const fix = "Let Inf-Net make them on the way (--prior-weights FILE), or give the volume's slices as pictures.";
    const where = volumes[0]?.path ?? '';
    throw cliError('CLI_USAGE', 'Priors of a folder are of pictures, not of volumes.', fix, { where });
  }
  // With companions there is more that can be wrong, and then no folder is made.
  if (task.companions.length === 0) await makeFolder(out);
  const asked = netOptionsOf(task, { backbone: options.backbone, order: options.channelOrder });
  const weights = await loadWeights(task, options.weights, asked, { key: options.weightsKey });
  checkSize(size, weights.net, weights.net.name);
  const priorWeights = await loadPriorWeights(options);
  const priors = options.priors === undefined ? undefined : await priorsOfFolder(options.priors);
  if (task.companions.length > 0) await makeFolder(out);
  tellWeights(weights, priorWeights, io);
  const read = performance.now();

  const shared = sharedContext(options, (line) => progress.line(line));
  try {
    await shared.open();
    const opened = performance.now();
    // A batch larger than there are slices would compute empty ones. How many a volume has is not known yet.
    const batch = volumes.length > 0 ? options.batch : Math.min(options.batch, slices.length);
    const settled = { ...options, batch, window: windowOf(task, options) };
    const companions = priors ?? (await priorsOf(shared, priorWeights, settled, progress, signal));
    const network = await prepareWithProgress(shared, weights, { size, batch, precision }, progress, signal);
    const compiled = performance.now();
    const { memory, pipelines } = await shared.open();
    const deviceBytes = memory.bytes;
    const reports = new AllReports(progress);
    const notes = new NoteTeller(progress);
    const host: SegmentHost = {
      read: readFile,
      write: (results) => writeOutputs(out, results),
      note: (file, noticed) => notes.tell(file, noticed),
      progress,
      signal,
    };
    const began = new Date();
    const job: SegmentJob = {
      task,
      network,
      companions,
      options: settled,
      host,
      // A lost device may have been replaced by another.
      get made() {
        return provenanceOf(weights.description, options, adapterOf(shared), network, began);
      },
    };
    await segmentPictures(slices, reports, job);
    await segmentVolumes(volumes, reports, job);
    notes.finish();
    const inOrder = reports.of(files);
    const interrupted = signal?.aborted === true && inOrder.length < files.length;
    const { classes } = task;
    const table = summaryCsv(inOrder, { classes, time: options.time, volumes: volumes.length > 0 });
    const unwritten = await writeSummary(join(out, SUMMARY), table);
    for (const { file, code, message } of unwritten) say(io.stderr, `infnet: ${file} failed: [${code}] ${message}`);
    const ended = performance.now();
    const failedFiles = inOrder.flatMap((report) => ('failed' in report ? [report.failed] : []));
    const failed = [...failedFiles, ...unwritten];
    const done = inOrder.flatMap((report) => ('picture' in report ? [report.picture] : []));
    const doneVolumes = inOrder.flatMap((report) => ('volume' in report ? [report.volume] : []));
    const exitCode = interrupted ? EXIT.interrupted : failed.length > 0 ? EXIT.someFailed : EXIT.ok;
    if (interrupted) {
      const what = volumes.length > 0 ? 'files' : 'slices';
      say(io.stderr, `infnet: stopped after ${inOrder.length} of ${files.length} ${what}; what is written is whole`);
    }
    if (json) {
      const document = {
        command: 'segment',
        ok: exitCode === EXIT.ok,
        exitCode,
        interrupted,
        adapter: adapterOf(shared),
        weights: weights.description,
        ...priorsDocument(options, priorWeights),
        provenance: cut(job, job.made),
        settings: { ...settingsOf(task, settled, options), precision: network.precision },
        out: resolve(out),
        summary: resolve(out, SUMMARY),
        slices: done.map((one) => pictureDocument(one, classes)),
        volumes: doneVolumes.map((one) => volumeDocument(one, classes)),
        errors: failed,
        ignored,
        timings: {
          readSeconds: seconds(started, read),
          startSeconds: seconds(read, opened),
          compileSeconds: seconds(opened, compiled),
          firstResultSeconds: reports.firstResultAt === undefined ? null : seconds(started, reports.firstResultAt),
          slicesSeconds: seconds(compiled, ended),
          totalSeconds: seconds(started, ended),
        },
        memory: { deviceBytes },
        pipelines: pipelines.size,
      };
      sayJson(io, document);
      return exitCode;
    }
    for (const { file, counts, width, height } of done) {
      say(io.stdout, `${printable(file)}: ${shares(classes, counts, width * height)}`);
    }
    for (const { file, volume, counts, millilitres } of doneVolumes) {
      const { width, height, depth } = volume;
      say(
        io.stdout,
        `${printable(file)}: ${depth} slices, ${shares(classes, counts, width * height * depth, millilitres)}`,
      );
    }
    const counts = [
      ...(slices.length > 0 ? [`${done.length} of ${slices.length} slices`] : []),
      ...(volumes.length > 0 ? [`${doneVolumes.length} of ${volumes.length} volumes`] : []),
    ].join(' and ');
    const count = `${counts} segmented${failedFiles.length > 0 ? `, ${failedFiles.length} failed` : ''}`;
    say(io.stdout, `${count}, ${seconds(started, ended).toFixed(1)} s; results in ${resolve(out)}`);
    return exitCode;
  } finally {
    progress.clear();
    shared.dispose();
  }
}

const OF_PRIORS = ['priors', 'priorWeights', 'priorWeightsKey', 'priorSize', 'classFormat', 'channelOrder'];

/** @throws InfnetError `CLI_USAGE` */
function checkOptions({ name, companions }: SegmentationTask, { priors, priorWeights, given }: SegmentOptions): void {
  if (companions.length === 0) {
    const foreign = given.filter((option) => OF_PRIORS.includes(option));
    if (foreign.length === 0) return;
    const message = `${foreign.map(optionFlag).join(', ')}: only with --multi-class.`;
    throw cliError('CLI_USAGE', message, 'Add --multi-class to tell ground-glass from consolidation, or leave it out.');
  }
  if ((priors === undefined) === (priorWeights === undefined)) {
    const message =
      priors === undefined
        ? 'The U-Net gets where a slice is infected, and that is not said.'
        : '--priors and --prior-weights do not go together.';
    const fix =
      'Give --priors FOLDER (pictures that infnet segment made, or masks), or --prior-weights FILE (Inf-Net, which makes them).';
    throw cliError('CLI_USAGE', message, fix);
  }
  const foreign = given.filter(
    (option) =>
      option === 'threshold' ||
      (priors !== undefined &&
        ['priorSize', 'priorWeightsKey', 'stretch', 'backbone', 'window', 'orient'].includes(option)),
  );
  if (foreign.length === 0) return;
  const where = name === 'classes' ? '--multi-class' : `--task ${name}`;
  const what = `${foreign.map(optionFlag).join(', ')}: not with ${where}${priors === undefined ? '' : ' and --priors'}.`;
  throw cliError('CLI_USAGE', what, 'Leave it out.');
}

async function loadPriorWeights({
  priorWeights,
  priorWeightsKey: key,
  priorSize,
  size,
  backbone,
}: SegmentOptions): Promise<LoadedWeights | undefined> {
  if (priorWeights === undefined) return undefined;
  const asked = netOptionsOf(infection, { backbone });
  const weights = await loadWeights(infection, priorWeights, asked, { flag: '--prior-weights', key });
  checkSize(priorSize ?? size, weights.net, weights.net.name);
  return weights;
}

async function priorsOf(
  shared: SharedContext,
  weights: LoadedWeights | undefined,
  options: SegmentOptions,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<CompanionSource | undefined> {
  if (weights === undefined) return undefined;
  return priorsOfNet(shared, weights, { ...options, size: options.priorSize ?? options.size }, progress, signal);
}

function tellWeights({ net, description }: LoadedWeights, priors: LoadedWeights | undefined, io: Io): void {
  const { file, tensors, warning } = description;
  say(io.stderr, `infnet: ${net.name} from ${printable(file)} (${tensors} tensors)`);
  tellNotes(io, description);
  if (warning !== undefined) say(io.stderr, `infnet: ${warning}`);
  if (description['orderSaid'] === false) {
    const taken = `taken ${description['order']} (ground-glass, consolidation, background)`;
    say(
      io.stderr,
      `infnet: the file does not say what the net's channels mean; ${taken}. --channel-order says otherwise`,
    );
  }
  if (priors === undefined) return;
  say(io.stderr, `infnet: priors by ${priors.net.name} from ${printable(priors.description.file)}`);
  tellNotes(io, priors.description);
  if (priors.description.warning !== undefined) say(io.stderr, `infnet: of the priors: ${priors.description.warning}`);
}

function priorsDocument({ priors }: SegmentOptions, weights: LoadedWeights | undefined): object {
  if (weights !== undefined) return { priors: { weights: weights.description } };
  return priors === undefined ? {} : { priors: { folder: resolve(priors) } };
}

function settingsOf(
  task: SegmentationTask,
  { window, orient, size, priorSize = size, format, classFormat, threshold, stretch = false, range }: SegmentOptions,
  asked: SegmentOptions,
): Readonly<Record<string, unknown>> {
  const { companions, classes } = task;
  const { batch } = asked;
  return {
    ...askedFor(task, asked),
    size,
    ...(companions.length > 0 ? { priorSize } : {}),
    format,
    ...(task.name === 'classes' ? { classFormat } : {}),
    ...(classes.length === 2 ? { threshold } : {}),
    stretch,
    range,
    window,
    orient,
    batch,
  };
}
