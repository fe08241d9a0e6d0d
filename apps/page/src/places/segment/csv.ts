/**
 * The table of results, with the columns of `infnet segment`'s summary.csv: RFC 4180.
 *
 * Only what was made the way the page is set now has figures. What is stale, or was not segmented, has its line all the
 * same, with the reason in place of figures.
 */
import { PROVENANCE_COLUMNS, type Provenance, provenanceFields } from '@infnet/data';
import { figuresOf } from './figures.js';
import type { Item } from './state.js';

const FIGURES = 'file,slice,width,height,infected_pixels,infected_fraction,infected_ml,seconds,error'.split(',');

/**
 * @param threshold in hundredths
 * @param staleBy in what an item's results differ from how the page is set; empty where they do not
 */
export function summaryCsv(
  items: readonly Item[],
  threshold: number,
  staleBy: (item: Item) => readonly string[],
): string {
  const rows = items.flatMap((item): string[][] => {
    const { report, path, results, error } = item;
    const { width, height, isVolume, millilitresPerVoxel } = report;
    const without = (reason: string): string[] => [
      ...[path, '', '', '', '', '', '', '', reason],
      ...provenanceFields(undefined),
      '',
    ];
    const failed = error === undefined ? [] : [without(`${error.code}: ${error.message}`)];
    const stale = staleBy(item);
    if (stale.length > 0) return [without(`RESULT_STALE: made with ${stale.join(', ')}; segment again`), ...failed];
    const figures = figuresOf(item, threshold);
    if (figures === undefined) return failed.length > 0 ? failed : [without('RESULT_MISSING: not segmented')];
    const line = (slice: string, infected: number, pixels: number, seconds: number, made: Provenance): string[] => [
      path,
      slice,
      String(width),
      String(height),
      String(infected),
      (infected / pixels).toFixed(6),
      millilitresPerVoxel === undefined ? '' : (infected * millilitresPerVoxel).toFixed(3),
      seconds.toFixed(3),
      '',
      ...provenanceFields({ ...made, threshold: threshold / 100 }),
      made.time ?? '',
    ];
    const done = results.filter((result) => result !== undefined);
    const lines = done.map(({ slice, counts, pixels, seconds, made }) =>
      line(isVolume ? String(slice) : '', counts[threshold] ?? 0, pixels, seconds, made),
    );
    const last = done.at(-1);
    if (!isVolume || last === undefined) return [...lines, ...failed];
    const { infected, pixels, seconds, depth } = figures;
    const which = figures.done === depth ? 'all' : `${figures.done} of ${depth}`;
    return [...lines, line(which, infected, pixels, seconds, last.made), ...failed];
  });
  const header = [...FIGURES, ...PROVENANCE_COLUMNS, 'time'];
  return [header, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
