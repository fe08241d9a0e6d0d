/** What came of the slices: the table for people and spreadsheets, and the document for programs. */
import { csv } from '../../csv.js';
import type { Reason } from '../../errors.js';

/** A slice that was done. */
export interface DoneSlice {
  readonly file: string;
  readonly stem: string;
  readonly width: number;
  readonly height: number;
  readonly infectedPixels: number;
  /** infectedPixels / (width * height). */
  readonly infectedFraction: number;
  /** Decoding, its share of the net's run, and writing. */
  readonly seconds: number;
  /** Names of its results in the folder. */
  readonly outputs: readonly string[];
}

/** A slice that failed. */
export interface FailedSlice extends Reason {
  readonly file: string;
}

export type SliceReport = { readonly done: DoneSlice } | { readonly failed: FailedSlice };

/** RFC 4180, with a header; one line per slice in the order in which they were given. */
export function summaryCsv(reports: readonly SliceReport[], options: { readonly time: boolean }): string {
  const header = [
    'file',
    'width',
    'height',
    'infected_pixels',
    'infected_fraction',
    ...(options.time ? ['seconds'] : []),
    'error',
  ];
  const lines = reports.map((report) => {
    if ('failed' in report) {
      const { file, code, message } = report.failed;
      return [file, '', '', '', '', ...(options.time ? [''] : []), `${code}: ${message}`];
    }
    const { file, width, height, infectedPixels, infectedFraction, seconds } = report.done;
    const figures = [width, height, infectedPixels].map(String);
    return [file, ...figures, infectedFraction.toFixed(6), ...(options.time ? [seconds.toFixed(3)] : []), ''];
  });
  return csv([header, ...lines]);
}
