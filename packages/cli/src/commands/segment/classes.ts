/**
 * `infnet segment --multi-class`: slices and where they are infected in, ground-glass and consolidation out.
 *
 * As everywhere, what can be wrong with the request is found before the first slice; after that a slice that fails (its
 * prior may be missing) is reported, and the others are done.
 */
import { join, resolve } from 'node:path';
import { prepareClasses } from '../../classes/prediction.js';
import { type LoadedUNet, loadUNet } from '../../classes/unet-weights.js';
import { openContext } from '../../context.js';
import { cliError } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { sayJson } from '../../json.js';
import { optionFlag } from '../../options.js';
import { Progress } from '../../progress.js';
import { unlessAborted } from '../../stop.js';
import { tellNotes } from '../../weights-file.js';
import { classResultNames, classWork } from './class-slices.js';
import { classSummaryCsv, type DoneClassSlice } from './class-summary.js';
import { findInputs, ignoredLine, makeFolder } from './inputs.js';
import { checkSize } from './network.js';
import { NoteTeller } from './notes.js';
import type { SegmentOptions } from './options.js';
import { SUMMARY, writeSummary } from './outputs.js';
import { priorsOfFolder, priorsOfNet } from './priors.js';
import { Reports } from './reports.js';
import { type LoadedWeights, loadWeights } from './weights.js';
import { workThrough } from './work.js';

/** Options that say nothing to a class map. */
const FOREIGN: readonly string[] = ['threshold', 'window', 'orient'];

export async function segmentClasses(options: SegmentOptions, io: Io): Promise<number> {
  const started = performance.now();
  const { out, json = false } = options;
  const { signal } = io;
  const progress = new Progress(io.stderr);
  checkOptions(options);
  const { files, ignored } = await findInputs(options.paths, out, classResultNames);
  if (ignored.length > 0) say(io.stderr, await ignoredLine(ignored, 'pictures'));
  const volume = files.find(({ isVolume }) => isVolume);
  if (volume !== undefined) {
    const fix = 'Give its slices as pictures. Without --multi-class, infnet segment takes volumes.';
    throw cliError('CLI_USAGE', 'Classes of volumes are not told yet, only of pictures.', fix, { where: volume.path });
  }
  const unet = await loadUNet(options.weights, options.channelOrder, { key: options.weightsKey });
  const infNet = await loadPriorWeights(options);
  const folder = options.priors === undefined ? undefined : await priorsOfFolder(options.priors);
  await makeFolder(out);
  tellWeights(unet, infNet, io);

  const context = await openContext(options, (line) => say(io.stderr, line));
  try {
    // A batch larger than there are slices would compute empty ones.
    const batch = Math.min(options.batch, files.length);
    const settled = { ...options, batch };
    const priors =
      folder ??
      (await priorsOfNet(
        context,
        infNet as LoadedWeights,
        { ...settled, size: options.priorSize ?? options.size },
        progress,
        signal,
      ));
    const { size, precision } = options;
    const onMessage = (line: string): void => progress.line(line);
    const network = await unlessAborted(prepareClasses(context, unet, { size, batch, precision, onMessage }), signal);
    const reports = new Reports<{ readonly done: DoneClassSlice }>(progress);
    const notes = new NoteTeller(progress);
    await workThrough(
      files,
      classWork({ ...network, order: unet.description.order, priors }, settled, notes),
      reports,
      progress,
      signal,
    );
    notes.finish();
    const inOrder = reports.of(files);
    const interrupted = signal?.aborted === true && inOrder.length < files.length;
    const unwritten = await writeSummary(join(out, SUMMARY), classSummaryCsv(inOrder, { time: options.time }));
    for (const { file, code, message } of unwritten) say(io.stderr, `infnet: ${file} failed: [${code}] ${message}`);
    const failedSlices = inOrder.flatMap((report) => ('failed' in report ? [report.failed] : []));
    const failed = [...failedSlices, ...unwritten];
    const done = inOrder.flatMap((report) => ('done' in report ? [report.done] : []));
    const exitCode = interrupted ? EXIT.interrupted : failed.length > 0 ? EXIT.someFailed : EXIT.ok;
    if (interrupted) {
      say(io.stderr, `infnet: stopped after ${inOrder.length} of ${files.length} slices; what is written is whole`);
    }
    const totalSeconds = (performance.now() - started) / 1000;
    if (json) {
      const document = {
        command: 'segment',
        ok: exitCode === EXIT.ok,
        exitCode,
        interrupted,
        adapter: context.adapter,
        weights: unet.description,
        priors: infNet === undefined ? { folder: resolve(options.priors as string) } : { weights: infNet.description },
        settings: { ...settingsOf(options), precision: network.precision },
        out: resolve(out),
        summary: resolve(out, SUMMARY),
        slices: done,
        errors: failed,
        ignored,
        timings: { totalSeconds },
        memory: { deviceBytes: context.memory.bytes },
      };
      sayJson(io, document);
      return exitCode;
    }
    for (const slice of done) say(io.stdout, lineOf(slice));
    const count = `${done.length} of ${files.length} slices segmented${failedSlices.length > 0 ? `, ${failedSlices.length} failed` : ''}`;
    say(io.stdout, `${count}, ${totalSeconds.toFixed(1)} s; results in ${resolve(out)}`);
    return exitCode;
  } finally {
    progress.clear();
    context.dispose();
  }
}

/** @throws InfnetError `CLI_USAGE` */
function checkOptions({ priors, priorWeights, given }: SegmentOptions): void {
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
    (name) =>
      FOREIGN.includes(name) ||
      (priors !== undefined && ['priorSize', 'priorWeightsKey', 'stretch', 'backbone'].includes(name)),
  );
  if (foreign.length === 0) return;
  const what = `${foreign.map(optionFlag).join(', ')}: not with --multi-class${priors === undefined ? '' : ' and --priors'}.`;
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
  const weights = await loadWeights(priorWeights, backbone, { flag: '--prior-weights', key });
  checkSize(priorSize ?? size, weights.net, weights.description.backbone);
  return weights;
}

function tellWeights({ description }: LoadedUNet, infNet: LoadedWeights | undefined, io: Io): void {
  const { file, tensors, order, orderSaid } = description;
  say(io.stderr, `infnet: multi-class U-Net from ${file} (${tensors} tensors)`);
  tellNotes(io, description);
  if (!orderSaid) {
    say(
      io.stderr,
      `infnet: the file does not say what the net's channels mean; taken ${order} (ground-glass, consolidation, background). --channel-order says otherwise`,
    );
  }
  if (infNet === undefined) return;
  say(io.stderr, `infnet: priors by ${infNet.description.backbone} from ${infNet.description.file}`);
  tellNotes(io, infNet.description);
  if (infNet.description.warning !== undefined) say(io.stderr, `infnet: of the priors: ${infNet.description.warning}`);
}

function lineOf({ file, groundGlassFraction, consolidationFraction }: DoneClassSlice): string {
  const percent = (fraction: number): string => `${(100 * fraction).toFixed(2)} %`;
  return `${file}: ${percent(groundGlassFraction)} ground-glass, ${percent(consolidationFraction)} consolidation`;
}

function settingsOf(options: SegmentOptions): Readonly<Record<string, unknown>> {
  const { size, priorSize = size, format, classFormat, stretch = false, range, batch } = options;
  return { multiClass: true, size, priorSize, format, classFormat, stretch, range, batch };
}
