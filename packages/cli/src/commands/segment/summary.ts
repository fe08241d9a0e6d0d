/** What came of the inputs: the table for people and spreadsheets, and the document for programs. */
import { PROVENANCE_COLUMNS, type Provenance, provenanceFields } from '@infnet/data';
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
  /** What it may not be fit for. */
  readonly notes: readonly string[];
  /** With the threshold. */
  readonly provenance: Provenance;
  /** Names of its results in the folder. */
  readonly outputs: readonly string[];
}

/** A volume that was done. */
export interface DoneVolume {
  readonly file: string;
  readonly stem: string;
  /** Voxels along the file's three axes. */
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** Millimetres between voxels along them; null where the file does not say. */
  readonly spacing: readonly (number | null)[];
  /** Where the axes lead, e.g. LPS; null where the file does not say. */
  readonly orientation: string | null;
  /** The values that were black and white. */
  readonly window: readonly [number, number];
  readonly infectedVoxels: number;
  /** infectedVoxels / (width * height * depth). */
  readonly infectedFraction: number;
  /** null where the file does not give the spacing. */
  readonly infectedMillilitres: number | null;
  readonly seconds: number;
  /** The file's axis that the slices lie along. */
  readonly axis: 'i' | 'j' | 'k';
  /** With window and threshold. */
  readonly provenance: Provenance;
  readonly slices: readonly VolumeSliceReport[];
  /** What the volume may not be fit for. */
  readonly notes: readonly string[];
  /** The slices on the contact sheet, row by row. */
  readonly sheet: readonly number[];
  readonly outputs: readonly string[];
}

/** Slice `index` of a volume, counted from 0 along `axis`. */
export interface VolumeSliceReport {
  readonly index: number;
  readonly infectedPixels: number;
  readonly infectedFraction: number;
  readonly infectedMillilitres: number | null;
  readonly seconds: number;
}

/** A file that failed. */
export interface FailedSlice extends Reason {
  readonly file: string;
}

export type SliceReport =
  | { readonly done: DoneSlice }
  | { readonly volume: DoneVolume }
  | { readonly failed: FailedSlice };

export interface SummaryOptions {
  /** Whether there are the columns of seconds and of when it was made. */
  readonly time: boolean;
  /** Whether there are the columns that only volumes fill: the slice's index, and millilitres. */
  readonly volumes?: boolean;
}

interface Row {
  readonly file: string;
  readonly slice?: number | 'all';
  readonly size?: { readonly width: number; readonly height: number };
  readonly infected?: number;
  readonly fraction?: number;
  readonly millilitres?: number | null;
  readonly seconds?: number;
  readonly error?: string;
  readonly provenance?: Provenance;
}

/**
 * RFC 4180, with a header, in the order in which the files were given: a line for each picture; for each volume a line
 * per slice and then its total, whose slice is `all`. After these columns, where each result comes from.
 */
export function summaryCsv(reports: readonly SliceReport[], { time, volumes = false }: SummaryOptions): string {
  const fields = (row: Readonly<Record<Exclude<keyof Row, 'provenance'> | 'width' | 'height', string>>): string[] => [
    row.file,
    ...(volumes ? [row.slice] : []),
    row.width,
    row.height,
    row.infected,
    row.fraction,
    ...(volumes ? [row.millilitres] : []),
    ...(time ? [row.seconds] : []),
    row.error,
  ];
  const header = fields({
    file: 'file',
    slice: 'slice',
    size: '',
    width: 'width',
    height: 'height',
    infected: 'infected_pixels',
    fraction: 'infected_fraction',
    millilitres: 'infected_ml',
    seconds: 'seconds',
    error: 'error',
  });
  const lines = reports.flatMap(rowsOf).map(({ file, slice, size, infected, fraction, millilitres, ...row }) => [
    ...fields({
      file,
      slice: String(slice ?? ''),
      size: '',
      width: String(size?.width ?? ''),
      height: String(size?.height ?? ''),
      infected: String(infected ?? ''),
      fraction: fraction?.toFixed(6) ?? '',
      millilitres: millilitres?.toFixed(3) ?? '',
      seconds: row.seconds?.toFixed(3) ?? '',
      error: row.error ?? '',
    }),
    ...provenanceFields(row.provenance),
    ...(time ? [row.provenance?.time ?? ''] : []),
  ]);
  return csv([[...header, ...PROVENANCE_COLUMNS, ...(time ? ['time'] : [])], ...lines]);
}

function rowsOf(report: SliceReport): Row[] {
  if ('failed' in report) {
    const { file, code, message } = report.failed;
    return [{ file, error: `${code}: ${message}` }];
  }
  if ('done' in report) {
    const { file, width, height, infectedPixels, infectedFraction, seconds, provenance } = report.done;
    const figures = { infected: infectedPixels, fraction: infectedFraction };
    return [{ file, size: { width, height }, ...figures, seconds, provenance }];
  }
  const { file, width, height, depth, axis, slices, ...total } = report.volume;
  // Voxels of a slice: along the file's other two axes.
  const [across, down] = { i: [height, depth], j: [width, depth], k: [width, height] }[axis] as [number, number];
  const of = { file, size: { width: across, height: down }, provenance: total.provenance };
  return [
    ...slices.map((slice) => ({
      ...of,
      slice: slice.index,
      infected: slice.infectedPixels,
      fraction: slice.infectedFraction,
      millilitres: slice.infectedMillilitres,
      seconds: slice.seconds,
    })),
    {
      ...of,
      slice: 'all',
      infected: total.infectedVoxels,
      fraction: total.infectedFraction,
      millilitres: total.infectedMillilitres,
      seconds: total.seconds,
    },
  ];
}
