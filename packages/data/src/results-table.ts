/** The table of what was segmented: the same columns for the command line and the page. */
import { PROVENANCE_COLUMNS, type Provenance, provenanceFields } from './provenance.js';

/** A picture, a slice of a volume, a volume as a whole, or a file without a result. */
export interface ResultsRow {
  readonly file: string;
  /** Of a volume: which slice, or `all`. */
  readonly slice?: number | string;
  readonly size?: { readonly width: number; readonly height: number };
  /** Pixels of each class, of how many, and millilitres of one. */
  readonly counts?: readonly number[];
  readonly pixels?: number;
  readonly millilitres?: number | undefined;
  readonly seconds?: number;
  readonly error?: string;
  readonly provenance?: Provenance;
}

export interface ResultsColumns {
  /** All of the task's, the background first; `groundGlass` has the column `ground_glass_pixels`, and so on. */
  readonly classes: readonly { readonly key: string }[];
  /** Whether there are the columns of seconds and of when it was made. */
  readonly time: boolean;
  /** Whether there are the columns that only volumes fill: the slice, and millilitres. */
  readonly volumes?: boolean;
}

/** A header, and a line for each row; after the figures, where each result comes from. */
export function resultsTable(
  rows: readonly ResultsRow[],
  { classes, time, volumes = false }: ResultsColumns,
): string[][] {
  const found = classes.slice(1);
  const ofClass = ({ key }: ResultsColumns['classes'][number]): string[] => {
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [`${name}_pixels`, `${name}_fraction`, ...(volumes ? [`${name}_ml`] : [])];
  };
  const places = ['file', ...(volumes ? ['slice'] : []), 'width', 'height', ...found.flatMap(ofClass)];
  const header = [...places, ...(time ? ['seconds'] : []), 'error', ...PROVENANCE_COLUMNS, ...(time ? ['time'] : [])];
  const lines = rows.map(({ file, slice, size, counts, pixels = 1, millilitres, seconds, error, provenance }) => [
    ...[file, ...(volumes ? [String(slice ?? '')] : []), String(size?.width ?? ''), String(size?.height ?? '')],
    ...found.flatMap((_, i) => {
      const count = counts?.[i + 1];
      const ml = count === undefined || millilitres === undefined ? '' : (count * millilitres).toFixed(3);
      const fraction = count === undefined ? '' : (count / pixels).toFixed(6);
      return [String(count ?? ''), fraction, ...(volumes ? [ml] : [])];
    }),
    ...[...(time ? [seconds?.toFixed(3) ?? ''] : []), error ?? ''],
    ...[...provenanceFields(provenance), ...(time ? [provenance?.time ?? ''] : [])],
  ]);
  return [header, ...lines];
}
