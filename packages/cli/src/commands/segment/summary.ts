/** What came of the inputs: the table for people and spreadsheets, and the parts of the document for programs. */
import { PROVENANCE_COLUMNS, type Provenance, provenanceFields } from '@infnet/data';
import type { DonePicture, DoneVolume, TaskClass } from '@infnet/segmentation';
import { csv } from '../../csv.js';
import { noteText } from '../../data-notes.js';
import type { Report } from './reports.js';

export interface SummaryOptions {
  /** All of the task's, the background first. */
  readonly classes: readonly TaskClass[];
  /** Whether there are the columns of seconds and of when it was made. */
  readonly time: boolean;
  /** Whether there are the columns that only volumes fill: the slice's index, and millilitres. */
  readonly volumes?: boolean;
}

interface Row {
  readonly file: string;
  readonly slice?: number | 'all';
  readonly size?: { readonly width: number; readonly height: number };
  /** Pixels of each class, of how many, and millilitres of one. */
  readonly counts?: readonly number[];
  readonly pixels?: number;
  readonly millilitres?: number | undefined;
  readonly seconds?: number;
  readonly error?: string;
  readonly provenance?: Provenance;
}

/**
 * RFC 4180, with a header, in the order in which the files were given: a line for each picture; for each volume a line
 * per slice and then its total, whose slice is `all`. After these columns, where each result comes from.
 */
export function summaryCsv(reports: readonly Report[], { classes, time, volumes = false }: SummaryOptions): string {
  const found = classes.slice(1);
  const header = [
    ...['file', ...(volumes ? ['slice'] : []), 'width', 'height'],
    ...found
      .map(({ key }) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
      .flatMap((key) => [...[`${key}_pixels`, `${key}_fraction`], ...(volumes ? [`${key}_ml`] : [])]),
    ...[...(time ? ['seconds'] : []), 'error'],
  ];
  const lines = reports.flatMap(rowsOf).map(({ file, slice, size, counts, pixels = 1, millilitres, ...row }) => [
    ...[file, ...(volumes ? [String(slice ?? '')] : []), String(size?.width ?? ''), String(size?.height ?? '')],
    ...found.flatMap((_, i) => {
      const count = counts?.[i + 1];
      const ml = count === undefined || millilitres === undefined ? '' : (count * millilitres).toFixed(3);
      return [
        ...[String(count ?? ''), count === undefined ? '' : (count / pixels).toFixed(6)],
        ...(volumes ? [ml] : []),
      ];
    }),
    ...[...(time ? [row.seconds?.toFixed(3) ?? ''] : []), row.error ?? ''],
    ...provenanceFields(row.provenance),
    ...(time ? [row.provenance?.time ?? ''] : []),
  ]);
  return csv([[...header, ...PROVENANCE_COLUMNS, ...(time ? ['time'] : [])], ...lines]);
}

function rowsOf(report: Report): Row[] {
  if ('failed' in report) {
    const { file, code, message } = report.failed;
    return [{ file, error: `${code}: ${message}` }];
  }
  if ('picture' in report) {
    const { width, height, ...row } = report.picture;
    return [{ ...row, size: { width, height }, pixels: width * height }];
  }
  const { file, volume, axis, slices, counts, millilitres, seconds, provenance } = report.volume;
  const { width, height, depth } = volume;
  // Voxels of a slice: along the file's other two axes.
  const [across, down] = { i: [height, depth], j: [width, depth], k: [width, height] }[axis] as [number, number];
  const of = { file, size: { width: across, height: down }, millilitres, provenance };
  return [
    ...slices.map((slice) => ({ ...of, ...slice, slice: slice.index })),
    { ...of, slice: 'all', counts, pixels: width * height * depth, seconds },
  ];
}

type Document = Readonly<Record<string, unknown>>;

/** `infectedPixels`, `infectedFraction` and, where one has a volume, `infectedMillilitres`, of each class. */
function figuresOf(
  classes: readonly TaskClass[],
  counts: readonly number[],
  pixels: number,
  { unit = 'Pixels', millilitres }: { readonly unit?: string; readonly millilitres?: number | null } = {},
): Document {
  const figures = classes.slice(1).flatMap(({ key }, i): [string, number | null][] => {
    const count = counts[i + 1] as number;
    return [
      [`${key}${unit}`, count],
      [`${key}Fraction`, count / pixels],
      ...(millilitres === undefined
        ? []
        : [[`${key}Millilitres`, millilitres === null ? null : count * millilitres] satisfies [string, number | null]]),
    ];
  });
  return Object.fromEntries(figures);
}

export function pictureDocument(
  { width, height, counts, notes, file, stem, ...rest }: DonePicture,
  classes: readonly TaskClass[],
): Document {
  const { seconds, provenance, outputs } = rest;
  const figures = figuresOf(classes, counts, width * height);
  return { file, stem, width, height, ...figures, seconds, notes: notes.map(noteText), provenance, outputs };
}

export function volumeDocument(done: DoneVolume, classes: readonly TaskClass[]): Document {
  const { file, stem, volume, window, counts, seconds, axis, provenance, slices, notes, sheet, outputs } = done;
  const { width, height, depth } = volume;
  const millilitres = done.millilitres ?? null;
  return {
    ...{ file, stem, width, height, depth },
    spacing: volume.spacing.map((size) => (Number.isFinite(size) ? size : null)),
    orientation: volume.orientation ?? null,
    window,
    ...figuresOf(classes, counts, width * height * depth, { unit: 'Voxels', millilitres }),
    ...{ seconds, axis, provenance },
    slices: slices.map((slice) => ({
      index: slice.index,
      ...figuresOf(classes, slice.counts, slice.pixels, { millilitres }),
      seconds: slice.seconds,
    })),
    ...{ notes: notes.map(noteText), sheet, outputs },
  };
}

/** `1.25 % infected`, of each class. */
export function shares(
  classes: readonly TaskClass[],
  counts: readonly number[],
  pixels: number,
  millilitres?: number,
): string {
  const one = ({ short }: TaskClass, i: number): string => {
    const count = counts[i + 1] as number;
    const volume = millilitres === undefined ? '' : `, ${(count * millilitres).toFixed(1)} ml`;
    return `${((100 * count) / pixels).toFixed(2)} % ${short}${volume}`;
  };
  return classes.slice(1).map(one).join(', ');
}
