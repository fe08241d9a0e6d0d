/** Checks of what callers without a compiler may get wrong: each says the place in the report. */
import { reportError } from './errors.js';

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'number') return String(value);
  return typeof value === 'undefined' ? 'missing' : `a value of type ${typeof value}`;
}

export function checkText(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw reportError('REPORT_VALUE', `a text is needed, but it is ${describe(value)}`, where, 'Give a string.');
}

export function checkList<T>(value: readonly T[], where: string): readonly T[] {
  if (Array.isArray(value)) return value;
  throw reportError(
    'REPORT_VALUE',
    `a list is needed, but it is ${describe(value)}`,
    where,
    'Give an array; it may be empty.',
  );
}

export function checkObject(value: unknown, where: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw reportError('REPORT_VALUE', `an object is needed, but it is ${describe(value)}`, where, 'Give an object.');
}

/** A number; it may be NaN or infinite, where the chart makes a gap of it. */
export function checkNumber(value: unknown, where: string): number {
  if (typeof value === 'number') return value;
  throw reportError('REPORT_VALUE', `a number is needed, but it is ${describe(value)}`, where, 'Give a number.');
}

export function checkPositive(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw reportError(
    'REPORT_VALUE',
    `a finite number above 0 is needed, but it is ${describe(value)}`,
    where,
    'Give a number above 0.',
  );
}

/** Every row has as many cells as there are columns. */
export function checkWidth(cells: number, columns: number, where: string): void {
  if (cells === columns) return;
  throw reportError(
    'REPORT_RAGGED_ROWS',
    `the row has ${cells} cells, but there are ${columns} columns`,
    where,
    'Give every row one cell for each column; an empty string leaves a cell empty.',
    { cells, columns },
  );
}
