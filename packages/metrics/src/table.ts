/** Scores as text for a terminal and as CSV for a spreadsheet. Both show one row for each set or image. */
import { toCsv } from './csv.js';
import { fail, requireInteger } from './errors.js';
import { SCORE_NAMES, type ScoreName, type Scores } from './scores.js';
import type { Intervals } from './set/bootstrap.js';

/** One row: a `SetScores` or a `MapScores`, and what to call it. */
export interface ScoreRow {
  readonly name: string;
  readonly scores: Scores & { readonly intervals?: Intervals };
}

export interface TableOptions {
  /** Which scores, in this order. Default: the six of the paper's tables. */
  readonly columns?: readonly ScoreName[];
  /** Digits after the point, default 3. */
  readonly digits?: number;
  /** Whether `low..high` follows each score of a row that has intervals. Default false. */
  readonly intervals?: boolean;
}

export interface CsvOptions {
  /** Which scores, in this order. Default: all. */
  readonly columns?: readonly ScoreName[];
  /** Whether `<score>_low` and `<score>_high` follow each score. Default: when some row has intervals. */
  readonly intervals?: boolean;
}

/** The columns of the paper's tables. */
export const PAPER_COLUMNS: readonly ScoreName[] = [
  'meanDice',
  'meanSensitivity',
  'meanSpecificity',
  'sMeasure',
  'meanEMeasure',
  'mae',
];

/**
 * A table with aligned columns, a header and no trailing line break. NaN is shown as `n/a`.
 * @throws METRICS_EMPTY_SET, METRICS_OPTION
 */
export function scoresTable(rows: readonly ScoreRow[], options: TableOptions = {}): string {
  const { columns = PAPER_COLUMNS, digits = 3, intervals = false } = options;
  requireRows(rows, columns, 'scoresTable');
  requireInteger(digits, 0, 20, 'digits', 'scoresTable');
  const show = (given: number | null): string => {
    const value = number(given);
    return Number.isNaN(value) ? 'n/a' : value.toFixed(digits);
  };
  const cell = ({ scores }: ScoreRow, column: ScoreName): string => {
    const interval = intervals ? scores.intervals?.[column] : undefined;
    const text = show(scores[column]);
    return interval === undefined ? text : `${text} [${show(interval.low)}, ${show(interval.high)}]`;
  };
  const table = [['', ...columns], ...rows.map((row) => [row.name, ...columns.map((column) => cell(row, column))])];
  // Not Math.max(...): a set may have more images than a call has room for arguments.
  const widths = table[0]!.map((_, c) => table.reduce((most, line) => Math.max(most, line[c]!.length), 0));
  return table
    .map((line) => line.map((text, c) => (c === 0 ? text.padEnd(widths[c]!) : text.padStart(widths[c]!))).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

/**
 * CSV (RFC 4180, but with line feeds alone): a header, a line for each row, numbers in full precision, NaN as `NaN`.
 * @throws METRICS_EMPTY_SET, METRICS_OPTION
 */
export function scoresCsv(rows: readonly ScoreRow[], options: CsvOptions = {}): string {
  const { columns = SCORE_NAMES, intervals = rows.some((row) => row.scores.intervals !== undefined) } = options;
  requireRows(rows, columns, 'scoresCsv');
  const header = columns.flatMap((c) => (intervals ? [c, `${c}_low`, `${c}_high`] : [c]));
  const cells = ({ scores }: ScoreRow): string[] =>
    columns.flatMap((c) => {
      const interval = scores.intervals?.[c];
      const score = `${number(scores[c])}`;
      const end = (value: number | null): string => `${number(value)}`;
      const ends = interval === undefined ? ['', ''] : [end(interval.low), end(interval.high)];
      return intervals ? [score, ...ends] : [score];
    });
  return toCsv([['name', ...header], ...rows.map((row) => [row.name, ...cells(row)])]);
}

/** Scores that were written as JSON have null for NaN. */
function number(value: number | null): number {
  return value ?? Number.NaN;
}

function requireRows(rows: readonly ScoreRow[], columns: readonly ScoreName[], where: string): void {
  if (rows.length === 0) fail('METRICS_EMPTY_SET', 'There are no rows.', where, 'Pass at least one row.');
  const unknown = columns.find((column) => !SCORE_NAMES.includes(column));
  if (unknown === undefined) return;
  fail('METRICS_OPTION', `There is no score '${unknown}'.`, where, `Choose from ${SCORE_NAMES.join(', ')}.`);
}
