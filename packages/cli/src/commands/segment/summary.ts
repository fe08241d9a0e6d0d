/** What came of the inputs: the table for people and spreadsheets, and the parts of the document for programs. */
import { type ResultsColumns, type ResultsRow, resultsTable } from '@infnet/data';
import type { DonePicture, DoneVolume, TaskClass } from '@infnet/segmentation';
import { csv } from '../../csv.js';
import { noteText } from '../../data-notes.js';
import type { Report } from './reports.js';

/**
 * RFC 4180, with a header, in the order in which the files were given: a line for each picture; for each volume a line
 * per slice and then its total, whose slice is `all`.
 */
export function summaryCsv(reports: readonly Report[], columns: ResultsColumns): string {
  return csv(resultsTable(reports.flatMap(rowsOf), columns));
}

function rowsOf(report: Report): ResultsRow[] {
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
    file,
    stem,
    width,
    height,
    depth,
    spacing: volume.spacing.map((size) => (Number.isFinite(size) ? size : null)),
    orientation: volume.orientation ?? null,
    window,
    ...figuresOf(classes, counts, width * height * depth, { unit: 'Voxels', millilitres }),
    seconds,
    axis,
    provenance,
    slices: slices.map((slice) => ({
      index: slice.index,
      ...figuresOf(classes, slice.counts, slice.pixels, { millilitres }),
      seconds: slice.seconds,
    })),
    notes: notes.map(noteText),
    sheet,
    outputs,
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
