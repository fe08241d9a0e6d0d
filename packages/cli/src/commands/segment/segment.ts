/**
 * `infnet segment`: slices in, pictures out.
 *
 * Everything that can be wrong with the request (paths, names, weights, size, adapter) is found before the first slice.
 * After that a slice that fails is reported, and the others are done.
 */
import { join, resolve } from 'node:path';
import { isInfnetError, open } from '@infnet/core';
import { decodeImage, type RgbImage, resizePillow, toRgb8, toTensor } from '@infnet/data';
import { readFile, writeFileAtomic } from '@infnet/node';
import { reasonOf } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { Progress } from '../../progress.js';
import { findInputs, makeFolder, type SliceFile } from './inputs.js';
import { checkSize, type Network, prepareWithProgress } from './network.js';
import type { SegmentOptions } from './options.js';
import { makeOutputs, SUMMARY, writeOutputs } from './outputs.js';
import { type SliceReport, summaryCsv } from './summary.js';
import { loadWeights } from './weights.js';

/** A slice that is ready for the net. */
interface Loaded {
  readonly file: SliceFile;
  readonly slice: RgbImage;
  readonly input: Float32Array;
  readonly seconds: number;
}

export async function segment(options: SegmentOptions, io: Io): Promise<number> {
  const started = performance.now();
  const { out, json = false } = options;
  const progress = new Progress(io.stderr);
  const { slices, ignored } = await findInputs(options.paths, out);
  if (ignored.length > 0)
    say(io.stderr, `infnet: ignored ${ignored.length} files that are no pictures: ${listed(ignored)}`);
  await makeFolder(out);
  const weights = await loadWeights(options.weights, options.backbone);
  checkSize(options.size, weights);
  const { description } = weights;
  say(io.stderr, `infnet: ${description.backbone} from ${description.file} (${description.tensors} tensors)`);
  if (description.untrained) say(io.stderr, 'infnet: these weights are UNTRAINED; the masks mean nothing');
  const read = performance.now();

  const context = await open({ adapter: options.adapter, onMessage: (line) => say(io.stderr, line) });
  try {
    const opened = performance.now();
    // A batch larger than there are slices would compute empty ones.
    const batch = Math.min(options.batch, slices.length);
    const network = await prepareWithProgress(context, weights, { size: options.size, batch }, progress, io.signal);
    const compiled = performance.now();
    const run = await segmentAll(slices, network, options, progress, io.signal);
    const table = new TextEncoder().encode(summaryCsv(run.reports, options));
    const unwritten = await writeFileAtomic(join(out, SUMMARY), table).then(
      () => [],
      (error: unknown) => [{ file: join(out, SUMMARY), ...reasonOf(error) }],
    );
    for (const { file, code, message } of unwritten) say(io.stderr, `infnet: ${file} failed: [${code}] ${message}`);
    const ended = performance.now();
    const failedSlices = run.reports.flatMap((report) => ('failed' in report ? [report.failed] : []));
    const failed = [...failedSlices, ...unwritten];
    const done = run.reports.flatMap((report) => ('done' in report ? [report.done] : []));
    const exitCode = run.interrupted ? EXIT.interrupted : failed.length > 0 ? EXIT.someFailed : EXIT.ok;
    if (run.interrupted)
      say(
        io.stderr,
        `infnet: stopped after ${run.reports.length} of ${slices.length} slices; what is written is whole`,
      );
    if (json) {
      const document = {
        command: 'segment',
        ok: exitCode === EXIT.ok,
        exitCode,
        interrupted: run.interrupted,
        adapter: context.adapter,
        weights: description,
        settings: settingsOf(options),
        out: resolve(out),
        summary: resolve(out, SUMMARY),
        slices: done,
        errors: failed,
        ignored,
        timings: {
          readSeconds: seconds(started, read),
          startSeconds: seconds(read, opened),
          compileSeconds: seconds(opened, compiled),
          firstResultSeconds: run.firstResultAt === undefined ? null : seconds(started, run.firstResultAt),
          slicesSeconds: seconds(compiled, ended),
          totalSeconds: seconds(started, ended),
        },
        memory: { deviceBytes: network.bytes },
        pipelines: network.pipelines,
      };
      say(io.stdout, JSON.stringify(document, undefined, 2));
    } else {
      for (const { file, infectedFraction } of done)
        say(io.stdout, `${file}: ${(100 * infectedFraction).toFixed(2)} % infected`);
      const count = `${done.length} of ${slices.length} slices segmented${failedSlices.length > 0 ? `, ${failedSlices.length} failed` : ''}`;
      say(io.stdout, `${count}, ${seconds(started, ended).toFixed(1)} s; results in ${resolve(out)}`);
    }
    return exitCode;
  } finally {
    progress.clear();
    context.dispose();
  }
}

interface Run {
  readonly reports: readonly SliceReport[];
  readonly interrupted: boolean;
  /** When the first slice's files were written; a time of `performance.now()`. */
  readonly firstResultAt: number | undefined;
}

async function segmentAll(
  slices: readonly SliceFile[],
  network: Network,
  options: SegmentOptions,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Run> {
  const reports = new Map<SliceFile, SliceReport>();
  let firstResultAt: number | undefined;
  const fail = (file: SliceFile, error: unknown): void => {
    const reason = reasonOf(error);
    reports.set(file, { failed: { file: file.path, ...reason } });
    progress.line(`infnet: ${file.path} failed: [${reason.code}] ${reason.message}`);
  };
  progress.phase('segmenting', slices.length);
  let next = 0;
  let lost: unknown;
  while (next < slices.length && !signal?.aborted && lost === undefined) {
    const batch: Loaded[] = [];
    while (batch.length < options.batch && next < slices.length && !signal?.aborted) {
      const file = slices[next++] as SliceFile;
      progress.update(reports.size, file.name);
      await load(file, options).then(
        (loaded) => batch.push(loaded),
        (error) => fail(file, error),
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
      for (const { file } of batch) fail(file, error);
      if (isInfnetError(error, 'CONTEXT_LOST')) lost = error;
      continue;
    }
    const share = seconds(begun, performance.now()) / batch.length;
    for (const [i, item] of batch.entries()) {
      // A slice is written whole or not at all.
      if (signal?.aborted) break;
      await finish(item, logits[i] as Float32Array, share, options).then(
        (report) => reports.set(item.file, report),
        (error) => fail(item.file, error),
      );
      firstResultAt ??= performance.now();
      progress.update(reports.size, item.file.name);
    }
  }
  if (lost !== undefined) for (const file of slices.slice(next)) fail(file, lost);
  progress.clear();
  const inOrder = slices.flatMap((file) => reports.get(file) ?? []);
  return { reports: inOrder, interrupted: signal?.aborted === true && inOrder.length < slices.length, firstResultAt };
}

async function load(file: SliceFile, { size, range }: SegmentOptions): Promise<Loaded> {
  const begun = performance.now();
  const slice = toRgb8(await decodeImage(await readFile(file.path), file.path), { range });
  const input = toTensor(resizePillow(slice, size, size)).data;
  return { file, slice, input, seconds: seconds(begun, performance.now()) };
}

async function finish(
  { file, slice, seconds: before }: Loaded,
  logits: Float32Array,
  share: number,
  options: SegmentOptions,
): Promise<SliceReport> {
  const begun = performance.now();
  const result = makeOutputs(file.stem, slice, logits, options);
  await writeOutputs(options.out, result);
  const { width, height } = slice;
  const { infectedPixels, files } = result;
  return {
    done: {
      file: file.path,
      stem: file.stem,
      width,
      height,
      infectedPixels,
      infectedFraction: infectedPixels / (width * height),
      seconds: before + share + seconds(begun, performance.now()),
      outputs: files.map(({ name }) => name),
    },
  };
}

function settingsOf({
  size,
  format,
  threshold,
  stretch = false,
  range,
  batch,
}: SegmentOptions): Readonly<Record<string, unknown>> {
  return { size, format, threshold, stretch, range, batch };
}

function seconds(from: number, to: number): number {
  return (to - from) / 1000;
}

function listed(paths: readonly string[]): string {
  return `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ', ...' : ''}`;
}
