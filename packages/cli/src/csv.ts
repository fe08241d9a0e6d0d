import { toCsv } from '@infnet/metrics';
import type { FailedFile } from './errors.js';

/** A table as CSV, with line feeds alone. Line breaks (also a carriage return alone) within a field become spaces. */
export function csv(rows: readonly (readonly string[])[]): string {
  return toCsv(rows.map((fields) => fields.map((field) => field.replace(/\s*[\r\n]\s*/g, ' '))));
}

/** Lines of files that failed, under a header whose first column is a name and whose last one is the error. */
export function failureLines(failed: readonly FailedFile[], header: readonly string[]): string[][] {
  const blank = header.slice(2).map(() => '');
  return failed.map(({ file, code, message }) => [file, ...blank, `${code}: ${message}`]);
}

/** Millilitres as fields: empty where the size of voxels is not known. */
export function millilitreFields(...values: readonly (number | undefined)[]): string[] {
  return values.map((value) => (value === undefined ? '' : String(value)));
}
