/**
 * `infnet evaluate --multi-class`: how good class maps are, class by class.
 *
 * Two figures of each class, because they answer different questions. Over the pixels of all slices together: how much
 * of what is there was found. As mean over slices: how good a slice is, where there is something of the class or
 * something was taken for it.
 */
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '@infnet/node';
import { type ClassScores, ClassTable } from '../../classes/class-table.js';
import { csv } from '../../csv.js';
import { cliError, reasonOf } from '../../errors.js';
import { FailureTeller } from '../../failures.js';
import { EXIT, type Io, say } from '../../io.js';
import { documentJson, sayJson } from '../../json.js';
import { optionFlag } from '../../options.js';
import { Progress } from '../../progress.js';
import { makeFolder } from '../segment/inputs.js';
import { type ClassSource, classesOfFiles, classesOfNet } from './class-source.js';
import { type EvaluateOptions, formOf } from './options.js';
import { FILES } from './outputs.js';
import type { FailedFile } from './source.js';

/** Options of probabilities and of pictures in a report. */
const FOREIGN: readonly string[] = [
  ...[
    'images',
    'which',
    'backbone',
    'range',
    'window',
    'orient',
    'masks',
    'conventions',
    'threshold',
    'stretch',
    'bootstrap',
  ],
  ...['surface', 'spacing', 'worst'],
];

interface ScoredSlice {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly accuracy: number;
  readonly classes: readonly ClassScores[];
}

export async function evaluateClasses(options: EvaluateOptions, io: Io): Promise<number> {
  const foreign = options.given.filter((name) => FOREIGN.includes(name));
  if (foreign.length > 0) {
    const message = `${foreign.map(optionFlag).join(', ')}: not with --multi-class.`;
    throw cliError('CLI_USAGE', message, 'Leave it out.');
  }
  const form = formOf(options);
  const progress = new Progress(io.stderr);
  const source = form.kind === 'files' ? await classesOfFiles(form) : await classesOfNet(form, options, io, progress);
  try {
    return await evaluateFrom(source, options, io, progress);
  } finally {
    progress.clear();
    source[Symbol.dispose]();
  }
}

async function evaluateFrom(
  source: ClassSource,
  options: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<number> {
  if (options.out !== undefined) await makeFolder(options.out);
  const { table, slices, failed } = await scoreAll(source, progress, io.signal);
  const result = {
    command: 'evaluate',
    images: slices.length,
    settings: { multiClass: true, ...source.settings },
    ...figuresOf(table, slices),
    notes: source.notes,
    slices,
    errors: failed,
  };
  const files = options.out === undefined ? null : filesIn(options.out);
  if (files !== null) {
    await write(files.csv, csvOf(slices, failed), failed, progress);
    await write(files.json, `${documentJson(result, 1)}\n`, failed, progress);
  }
  const exitCode = failed.length > 0 ? EXIT.someFailed : EXIT.ok;
  if (options.json) {
    const { command, ...rest } = result;
    sayJson(io, { command, ok: exitCode === EXIT.ok, exitCode, files, ...rest });
    return exitCode;
  }
  say(io.stdout, `${slices.length} slices evaluated${failed.length > 0 ? `, ${failed.length} files failed` : ''}\n`);
  say(io.stdout, textOf(result.classes));
  if (files !== null) say(io.stdout, `\nscores of every slice in ${files.csv}`);
  return exitCode;
}

/** @throws InfnetError `CLI_INTERRUPTED`, `CLI_NOTHING_SCORED` */
async function scoreAll(
  source: ClassSource,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<{ readonly table: ClassTable; readonly slices: readonly ScoredSlice[]; readonly failed: FailedFile[] }> {
  const table = new ClassTable();
  const slices: ScoredSlice[] = [];
  const failed: FailedFile[] = [];
  const teller = new FailureTeller(progress);
  const fail = (failure: FailedFile): void => {
    failed.push(failure);
    teller.tell(failure.file, failure);
  };
  for (const failure of source.failed) fail(failure);
  progress.phase('evaluating', source.total);
  for await (const found of source.items(signal)) {
    if ('failed' in found) {
      fail(found.failed);
      continue;
    }
    const { name, truth, predicted } = found.item;
    const own = new ClassTable();
    try {
      own.add(truth, predicted);
    } catch (error) {
      fail({ file: name, ...reasonOf(error) });
      continue;
    }
    table.addTable(own);
    slices.push({ name, width: truth.width, height: truth.height, accuracy: own.accuracy, classes: own.classes });
    progress.update(slices.length, name);
    // Lets a signal in.
    await new Promise((done) => setImmediate(done));
  }
  progress.clear();
  if (signal?.aborted && slices.length < source.total) {
    const message = `stopped after ${slices.length} of ${source.total} slices; nothing was written`;
    throw cliError('CLI_INTERRUPTED', message);
  }
  if (slices.length === 0) {
    const [first] = failed;
    const why = first === undefined ? '' : `; the first: ${first.file}: [${first.code}] ${first.message}`;
    throw cliError('CLI_NOTHING_SCORED', `None of ${source.total} slices could be scored${why}`, first?.fix);
  }
  return { table, slices, failed };
}

interface ClassFigures extends ClassScores {
  /** Mean of the Dice of slices where the class is there or was said to be; NaN without any. */
  readonly meanDice: number;
  /** How many slices that is. */
  readonly slices: number;
}

interface SetFigures {
  /** Mean of ground-glass and consolidation, of all pixels together. */
  readonly dice: number;
  readonly accuracy: number;
  readonly classes: readonly ClassFigures[];
  /** Pixels; rows: the true class, columns: the predicted one. */
  readonly table: readonly (readonly number[])[];
}

function figuresOf(table: ClassTable, slices: readonly ScoredSlice[]): SetFigures {
  const classes = table.classes.map((scores, k): ClassFigures => {
    const own = slices.flatMap(({ classes: all }) => all[k] as ClassScores).filter((s) => s.truth + s.predicted > 0);
    const meanDice = own.reduce((sum, { dice }) => sum + dice, 0) / own.length;
    return { ...scores, meanDice, slices: own.length };
  });
  const [, glass, solid] = classes as [ClassFigures, ClassFigures, ClassFigures];
  return { dice: (glass.dice + solid.dice) / 2, accuracy: table.accuracy, classes, table: table.rows };
}

function filesIn(out: string): { readonly csv: string; readonly json: string } {
  return { csv: resolve(join(out, FILES.csv)), json: resolve(join(out, FILES.json)) };
}

/** A line for each slice and class. */
function csvOf(slices: readonly ScoredSlice[], failed: readonly FailedFile[]): string {
  const scores = ['dice', 'iou', 'sensitivity', 'specificity', 'precision'] as const;
  const header = ['name', 'width', 'height', 'class', ...scores, 'true_pixels', 'predicted_pixels', 'error'];
  const lines = slices.flatMap(({ name, width, height, classes }) =>
    classes.map((one) => [
      ...[name, String(width), String(height), one.name],
      ...scores.map((score) => String(one[score])),
      ...[String(one.truth), String(one.predicted), ''],
    ]),
  );
  const failures = failed.map(({ file, code, message }) => [
    ...[file, ...header.slice(2).map(() => '')],
    `${code}: ${message}`,
  ]);
  return csv([header, ...lines, ...failures]);
}

function textOf(classes: readonly ClassFigures[]): string {
  const figure = (value: number): string => (Number.isNaN(value) ? 'n/a' : value.toFixed(4)).padStart(12);
  const header = ['Dice', 'sensitivity', 'specificity', 'mean Dice', 'of slices'].map((title) => title.padStart(12));
  const rows = classes.map(({ name, dice, sensitivity, specificity, meanDice, slices }) =>
    [name.padEnd(22), ...[dice, sensitivity, specificity, meanDice].map(figure), String(slices).padStart(12)].join(''),
  );
  return [`${' '.repeat(22)}${header.join('')}`, ...rows].join('\n');
}

async function write(file: string, text: string, failed: FailedFile[], progress: Progress): Promise<void> {
  try {
    await writeFileAtomic(file, new TextEncoder().encode(text));
  } catch (error) {
    failed.push({ file, ...reasonOf(error) });
    progress.line(`infnet: not written: ${file}: ${reasonOf(error).message}`);
  }
}
