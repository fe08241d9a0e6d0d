/**
 * `infnet evaluate --multi-class`: how good class maps are, class by class.
 *
 * Two figures of each class, because they answer different questions. Over the pixels of all slices together: how much
 * of what is there was found. As mean over slices: how good a slice is, where there is something of the class or
 * something was taken for it.
 */
import { join, resolve } from 'node:path';
import { type ClassScores, ClassTable, type SegmentationTask } from '@infnet/segmentation';
import { csv, failureLines } from '../../csv.js';
import { cliError, type FailedFile } from '../../errors.js';
import { EXIT, type Io, say } from '../../io.js';
import { documentJson, sayJson } from '../../json.js';
import { optionFlag } from '../../options.js';
import type { Progress } from '../../progress.js';
import { askedFor } from '../../tasks.js';
import { makeFolder } from '../segment/inputs.js';
import { ClassVolumes, classVolumesCsv } from './class-volumes.js';
import type { EvaluateOptions } from './options.js';
import { FILES } from './outputs.js';
import { scoreAll, writeOrTell } from './score-all.js';
import type { ClassItem, SliceSource } from './source.js';
import { VOLUME_SCORES } from './volumes.js';

/** Options of probabilities and of pictures in a report. */
const FOREIGN: readonly string[] = [
  ...['images', 'which', 'backbone', 'range', 'window', 'masks', 'conventions', 'threshold', 'stretch', 'bootstrap'],
  ...['surface', 'spacing', 'worst'],
];

interface ScoredSlice {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly accuracy: number;
  readonly classes: readonly ClassScores[];
}

/** @throws InfnetError `CLI_USAGE` for options of probabilities */
export function refuseMapOptions({ given, task }: EvaluateOptions): void {
  const foreign = given.filter((name) => FOREIGN.includes(name));
  if (foreign.length === 0) return;
  const where = task === undefined ? '--multi-class' : 'a task of several classes';
  throw cliError('CLI_USAGE', `${foreign.map(optionFlag).join(', ')}: not with ${where}.`, 'Leave it out.');
}

export async function evaluateClasses(
  task: SegmentationTask,
  source: SliceSource<ClassItem>,
  options: EvaluateOptions,
  io: Io,
  progress: Progress,
): Promise<number> {
  if (options.out !== undefined) await makeFolder(options.out);
  const names = task.classes.map(({ name }) => name);
  const table = new ClassTable(names);
  const ofVolumes = new ClassVolumes(names);
  const score = ({ name, truth, predicted, volume }: ClassItem): ScoredSlice => {
    const own = new ClassTable(names);
    own.add(truth, predicted);
    table.addTable(own);
    if (volume !== undefined) ofVolumes.add(volume, own);
    return { name, width: truth.width, height: truth.height, accuracy: own.accuracy, classes: own.classes };
  };
  const { slices, failed } = await scoreAll(source, score, progress, io.signal);
  const volumes = ofVolumes.results;
  const result = {
    command: 'evaluate',
    images: slices.length,
    settings: { ...askedFor(task, options), ...source.settings },
    ...figuresOf(table, slices),
    notes: [...source.said, ...source.notes],
    slices,
    ...(volumes.length === 0 ? {} : { volumes }),
    errors: failed,
  };
  const files = options.out === undefined ? null : filesIn(options.out, volumes.length > 0);
  if (files !== null) {
    await writeOrTell(files.csv, csvOf(slices, failed), failed, progress);
    await writeOrTell(files.json, `${documentJson(result, 1)}\n`, failed, progress);
    if (files.volumes !== undefined) await writeOrTell(files.volumes, classVolumesCsv(volumes), failed, progress);
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

interface ClassFigures extends ClassScores {
  /** Mean of the Dice of slices where the class is there or was said to be; NaN without any. */
  readonly meanDice: number;
  /** How many slices that is. */
  readonly slices: number;
}

interface SetFigures {
  /** Mean of the classes but the background, of all pixels together. */
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
  const found = classes.slice(1).map(({ dice }) => dice);
  const dice = found.reduce((a, b) => a + b) / found.length;
  return { dice, accuracy: table.accuracy, classes, table: table.rows };
}

function filesIn(
  out: string,
  hasVolumes: boolean,
): { readonly csv: string; readonly json: string; readonly volumes?: string } {
  const files = { csv: resolve(join(out, FILES.csv)), json: resolve(join(out, FILES.json)) };
  return hasVolumes ? { ...files, volumes: resolve(join(out, FILES.volumes)) } : files;
}

/** A line for each slice and class. */
function csvOf(slices: readonly ScoredSlice[], failed: readonly FailedFile[]): string {
  const header = ['name', 'width', 'height', 'class', ...VOLUME_SCORES, 'true_pixels', 'predicted_pixels', 'error'];
  const lines = slices.flatMap(({ name, width, height, classes }) =>
    classes.map((one) => [
      ...[name, String(width), String(height), one.name],
      ...VOLUME_SCORES.map((score) => String(one[score])),
      ...[String(one.truth), String(one.predicted), ''],
    ]),
  );
  return csv([header, ...lines, ...failureLines(failed, header)]);
}

function textOf(classes: readonly ClassFigures[]): string {
  const figure = (value: number): string => (Number.isNaN(value) ? 'n/a' : value.toFixed(4)).padStart(12);
  const header = ['Dice', 'sensitivity', 'specificity', 'mean Dice', 'of slices'].map((title) => title.padStart(12));
  const rows = classes.map(({ name, dice, sensitivity, specificity, meanDice, slices }) =>
    [name.padEnd(22), ...[dice, sensitivity, specificity, meanDice].map(figure), String(slices).padStart(12)].join(''),
  );
  return [`${' '.repeat(22)}${header.join('')}`, ...rows].join('\n');
}
