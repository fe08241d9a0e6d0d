/**
 * `infnet segment`: slices and volumes in, masks and probabilities out.
 *
 * Everything that can be wrong with the request (paths, names, weights, size, adapter) is found before the first slice.
 * After that a file that fails is reported, and the others are done: the pictures first, then the volumes.
 */
import { join, resolve } from 'node:path';
import { openContext } from '../../context.js';
import { cliError } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { optionFlag } from '../../options.js';
import { Progress } from '../../progress.js';
import { tellNotes } from '../../weights-file.js';
import { segmentClasses } from './classes.js';
import { findInputs, ignoredLine, makeFolder } from './inputs.js';
import { checkSize, prepareWithProgress } from './network.js';
import { NoteTeller } from './notes.js';
import type { SegmentOptions } from './options.js';
import { SUMMARY, writeSummary } from './outputs.js';
import { provenanceOf } from './provenance.js';
import { Reports } from './reports.js';
import { infectionWork } from './slices.js';
import { type DoneSlice, type DoneVolume, summaryCsv } from './summary.js';
import { segmentVolumes } from './volumes.js';
import { loadWeights } from './weights.js';
import { workThrough } from './work.js';

export async function segment(options: SegmentOptions, io: Io): Promise<number> {
  if (options.multiClass === true) return segmentClasses(options, io);
  refusePriors(options);
  const started = performance.now();
  const { out, size, precision, json = false } = options;
  const { signal } = io;
  const progress = new Progress(io.stderr);
  const { files, ignored } = await findInputs(options.paths, out);
  if (ignored.length > 0) say(io.stderr, await ignoredLine(ignored, 'pictures or volumes'));
  const volumes = files.filter(({ isVolume }) => isVolume);
  const slices = files.filter(({ isVolume }) => !isVolume);
  await makeFolder(out);
  const weights = await loadWeights(options.weights, options.backbone, { key: options.weightsKey });
  checkSize(options.size, weights.net, weights.description.backbone);
  const { description } = weights;
  say(io.stderr, `infnet: ${description.backbone} from ${description.file} (${description.tensors} tensors)`);
  tellNotes(io, description);
  if (description.warning !== undefined) say(io.stderr, `infnet: ${description.warning}`);
  const read = performance.now();

  const context = await openContext(options, (line) => say(io.stderr, line));
  try {
    const opened = performance.now();
    // A batch larger than there are slices would compute empty ones. How many a volume has is not known yet.
    const batch = volumes.length > 0 ? options.batch : Math.min(options.batch, slices.length);
    const network = await prepareWithProgress(context, weights, { size, batch, precision }, progress, signal);
    const compiled = performance.now();
    const made = provenanceOf(description, options, context, network.precision);
    const reports = new Reports(progress);
    const notes = new NoteTeller(progress);
    await workThrough(slices, infectionWork(network, options, made, notes), reports, progress, signal);
    await segmentVolumes(volumes, reports, { network, options, made, notes, progress, signal });
    notes.finish();
    const inOrder = reports.of(files);
    const interrupted = signal?.aborted === true && inOrder.length < files.length;
    const unwritten = await writeSummary(
      join(out, SUMMARY),
      summaryCsv(inOrder, { time: options.time, volumes: volumes.length > 0 }),
    );
    for (const { file, code, message } of unwritten) say(io.stderr, `infnet: ${file} failed: [${code}] ${message}`);
    const ended = performance.now();
    const failedFiles = inOrder.flatMap((report) => ('failed' in report ? [report.failed] : []));
    const failed = [...failedFiles, ...unwritten];
    const done = inOrder.flatMap((report) => ('done' in report ? [report.done] : []));
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
        adapter: context.adapter,
        weights: description,
        provenance: { ...made, threshold: options.threshold },
        settings: { ...settingsOf(options), precision: network.precision },
        out: resolve(out),
        summary: resolve(out, SUMMARY),
        slices: done,
        volumes: doneVolumes,
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
        memory: { deviceBytes: network.bytes },
        pipelines: network.pipelines,
      };
      sayJson(io, document);
    } else {
      for (const line of [...done.map(sliceLine), ...doneVolumes.map(volumeLine)]) say(io.stdout, line);
      const counts = [
        ...(slices.length > 0 ? [`${done.length} of ${slices.length} slices`] : []),
        ...(volumes.length > 0 ? [`${doneVolumes.length} of ${volumes.length} volumes`] : []),
      ].join(' and ');
      const count = `${counts} segmented${failedFiles.length > 0 ? `, ${failedFiles.length} failed` : ''}`;
      say(io.stdout, `${count}, ${seconds(started, ended).toFixed(1)} s; results in ${resolve(out)}`);
    }
    return exitCode;
  } finally {
    progress.clear();
    context.dispose();
  }
}

/** @throws InfnetError `CLI_USAGE` */
function refusePriors({ given }: SegmentOptions): void {
  const ofClasses = ['priors', 'priorWeights', 'priorWeightsKey', 'priorSize', 'classFormat', 'channelOrder'];
  const foreign = given.filter((name) => ofClasses.includes(name));
  if (foreign.length === 0) return;
  const message = `${foreign.map(optionFlag).join(', ')}: only with --multi-class.`;
  throw cliError('CLI_USAGE', message, 'Add --multi-class to tell ground-glass from consolidation, or leave it out.');
}

function sliceLine({ file, infectedFraction }: DoneSlice): string {
  return `${file}: ${(100 * infectedFraction).toFixed(2)} % infected`;
}

function volumeLine({ file, depth, infectedFraction, infectedMillilitres }: DoneVolume): string {
  const volume = infectedMillilitres === null ? '' : `, ${infectedMillilitres.toFixed(1)} ml`;
  return `${file}: ${depth} slices, ${(100 * infectedFraction).toFixed(2)} % infected${volume}`;
}

function settingsOf(options: SegmentOptions): Readonly<Record<string, unknown>> {
  const { size, format, threshold, stretch = false, range, window, orient, batch } = options;
  return { size, format, threshold, stretch, range, window, orient, batch };
}

function seconds(from: number, to: number): number {
  return (to - from) / 1000;
}
