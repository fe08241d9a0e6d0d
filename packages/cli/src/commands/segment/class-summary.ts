/** What came of the slices: the table for people and spreadsheets, and the document for programs. */
import { csv } from '../../csv.js';
import type { FailedSlice } from './summary.js';

/** A slice that was done. Fractions are of all its pixels, not of the lungs. */
export interface DoneClassSlice {
  readonly file: string;
  readonly stem: string;
  readonly width: number;
  readonly height: number;
  readonly groundGlassPixels: number;
  readonly groundGlassFraction: number;
  readonly consolidationPixels: number;
  readonly consolidationFraction: number;
  /** Decoding, its share of the nets' runs, and writing. */
  readonly seconds: number;
  /** What it may not be fit for. */
  readonly notes: readonly string[];
  /** Names of its results in the folder. */
  readonly outputs: readonly string[];
}

export type ClassReport = { readonly done: DoneClassSlice } | { readonly failed: FailedSlice };

const HEADER = [
  ...['file', 'width', 'height', 'ground_glass_pixels', 'ground_glass_fraction'],
  ...['consolidation_pixels', 'consolidation_fraction'],
];

/** RFC 4180, with a header, a line for each slice in the order given. */
export function classSummaryCsv(reports: readonly ClassReport[], { time }: { readonly time: boolean }): string {
  const rows = reports.map((report) => {
    if ('failed' in report) {
      const { file, code, message } = report.failed;
      return [file, ...HEADER.slice(1).map(() => ''), ...(time ? [''] : []), `${code}: ${message}`];
    }
    const { done } = report;
    return [
      ...[done.file, String(done.width), String(done.height)],
      ...[String(done.groundGlassPixels), done.groundGlassFraction.toFixed(6)],
      ...[String(done.consolidationPixels), done.consolidationFraction.toFixed(6)],
      ...(time ? [done.seconds.toFixed(3)] : []),
      '',
    ];
  });
  return csv([[...HEADER, ...(time ? ['seconds'] : []), 'error'], ...rows]);
}
