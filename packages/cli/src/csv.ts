import { toCsv } from '@infnet/metrics';

/** A table as CSV, with line feeds alone. Line breaks (also a carriage return alone) within a field become spaces. */
export function csv(rows: readonly (readonly string[])[]): string {
  return toCsv(rows.map((fields) => fields.map((field) => field.replace(/\s*[\r\n]\s*/g, ' '))));
}
