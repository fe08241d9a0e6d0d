/**
 * `infnet evaluate`: how good predictions are.
 *
 * What is wrong with the request is found before the first slice. After that a file that cannot be scored is reported,
 * and the others are scored without it. Stopped by Ctrl-C nothing is written: a mean over a part would be taken for one
 * over all.
 */
import { join, resolve } from 'node:path';
import type { ByteImage } from '@infnet/data';
import { type FailedFile, reasonOf } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { documentJson, sayJson } from '../../json.js';
import { listed } from '../../names.js';
import { Progress, seconds } from '../../progress.js';
import { taskOf } from '../../tasks.js';
import { makeFolder } from '../segment/inputs.js';
import { type Case, Cases } from './cases.js';
import { classesOfFiles } from './class-files.js';
import { evaluateClasses, refuseMapOptions } from './classes.js';
import { drawCase } from './draw.js';
import { fromFiles } from './from-files.js';
import { classItem, fromNet, mapItem } from './from-net.js';
import { notesOn } from './notes.js';
import { type EvaluateOptions, formOf, type Scoring, scoringOf } from './options.js';
import { documentOf, FILES, scoresCsv } from './outputs.js';
import { type DrawnCase, evaluationReport } from './report.js';
import { scoreText } from './rows.js';
import { type Evaluation, type SliceScores, scoreSet, scoreSlice } from './score.js';
import { scoreAll, tellFailure, writeOrTell } from './score-all.js';
import type { Item, SliceSource } from './source.js';
import { volumesCsv } from './volumes.js';

const SHOWN = 10;

export async function evaluate(options: EvaluateOptions, io: Io): Promise<number> {
  const task = await taskOf(options);
  const progress = new Progress(io.stderr);
  if (task.classes.length > 2) {
    refuseMapOptions(options);
    const form = formOf(options);
    const source =
      form.kind === 'files'
        ? await classesOfFiles(form, task.classes.length, options.orient)
        : await fromNet(task, classItem, form, options, io, progress);
    return finishing(source, progress, () => evaluateClasses(task, source, options, io, progress));
  }
  const scoring = scoringOf(options);
  const form = formOf(options);
  const source =
    form.kind === 'files' ? await fromFiles(form, options) : await fromNet(task, mapItem, form, options, io, progress);
  return finishing(source, progress, () => evaluateFrom(source, scoring, options, io, progress));
}

async function finishing(source: Disposable, progress: Progress, evaluating: () => Promise<number>): Promise<number> {
  try {
    return await evaluating();
  } finally {
    progress.clear();
    source[Symbol.dispose]();
  }
}

async function evaluateFrom(
  source: SliceSource,
  scoring: Scoring,
  options: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<number> {
  const started = performance.now();
  const { out, json, bootstrap: resamples, seed } = options;
  if (out !== undefined) await makeFolder(out);
  if (source.ignored.length > 0) {
    say(
      io.stderr,
      `infnet: ignored ${source.ignored.length} files that are no pictures: ${listed(source.ignored, SHOWN)}`,
    );
  }
  const cases = new Cases(options.worst);
  const score = (item: Item): SliceScores => {
    const scored = scoreSlice(item, scoring);
    cases.add({ item, scored });
    return scored;
  };
  const run = await scoreAll(source, score, progress, io.signal);
  const scored = performance.now();
  const evaluation = scoreSet(run.slices, scoring, { resamples, seed });
  const metricsSeconds = run.metricsSeconds + seconds(scored);
  const ofSlices = notesOn(evaluation);
  const ofFiles = shortened(source.notes);
  for (const note of [...ofFiles, ...ofSlices]) say(io.stderr, `infnet: ${note}`);
  const parts = {
    evaluation,
    settings: { ...source.settings, bootstrap: resamples, seed },
    failed: run.failed,
    ignored: source.ignored,
    notes: [...source.said, ...source.notes, ...ofSlices],
  };
  if (out !== undefined) {
    const worst = await drawAll(cases.worst, scoring, run.failed, progress);
    const best = await drawAll(cases.best, scoring, run.failed, progress);
    const shown = [...shortened(source.said), ...ofFiles, ...ofSlices];
    const page = evaluationReport({ evaluation, facts: source.facts, notes: shown, worst, best, failed: run.failed });
    const document = `${documentJson(documentOf(parts, { curves: true }), 1)}\n`;
    await writeOrTell(join(out, FILES.csv), scoresCsv(evaluation, run.failed), run.failed, progress);
    await writeOrTell(join(out, FILES.json), document, run.failed, progress);
    await writeOrTell(join(out, FILES.report), page, run.failed, progress);
    const { volumes } = evaluation;
    if (volumes.length > 0) await writeOrTell(join(out, FILES.volumes), volumesCsv(volumes), run.failed, progress);
  }
  const exitCode = run.failed.length > 0 ? EXIT.someFailed : EXIT.ok;
  const totalSeconds = seconds(started);
  if (json) {
    const { command, ...rest } = documentOf(parts, { curves: false });
    const files = out === undefined ? null : filesIn(out, evaluation);
    const head = { command, ok: exitCode === EXIT.ok, exitCode, files };
    const document = { ...head, ...rest, timings: { metricsSeconds, totalSeconds } };
    sayJson(io, document);
    return exitCode;
  }
  const failed = run.failed.length > 0 ? `, ${run.failed.length} files failed` : '';
  say(
    io.stdout,
    `${run.slices.length} slices evaluated${failed}; conventions ${scoring.conventions}, maps ${scoring.stretch ? 'stretched' : 'as they are'}\n`,
  );
  say(io.stdout, scoreText(evaluation));
  if (out !== undefined) say(io.stdout, `\nlook at ${filesIn(out, evaluation).report}`);
  return exitCode;
}

/** A slice that cannot be read costs its picture only. */
async function drawAll(
  cases: readonly Case[],
  scoring: Scoring,
  failed: FailedFile[],
  progress: Progress,
): Promise<DrawnCase[]> {
  const drawn: DrawnCase[] = [];
  for (const { item, scored } of cases) {
    let image: ByteImage | undefined;
    try {
      image = await item.image();
    } catch (error) {
      tellFailure({ file: item.files['image'] ?? item.name, ...reasonOf(error) }, failed, progress);
    }
    drawn.push({ scored, pictures: drawCase(item, image, scoring) });
  }
  return drawn;
}

function filesIn(
  out: string,
  { volumes }: Evaluation,
): Readonly<Record<Exclude<keyof typeof FILES, 'volumes'>, string> & { readonly volumes?: string }> {
  const common = { csv: resolve(out, FILES.csv), json: resolve(out, FILES.json), report: resolve(out, FILES.report) };
  return volumes.length === 0 ? common : { ...common, volumes: resolve(out, FILES.volumes) };
}

/** A folder of 300 slices of one scanner would say the same 300 times. */
function shortened(notes: readonly string[]): string[] {
  if (notes.length <= SHOWN) return [...notes];
  return [...notes.slice(0, SHOWN), `${notes.length - SHOWN} more notes on files; --json has all`];
}
