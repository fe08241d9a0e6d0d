/** The table of results, with the columns of `infnet segment`'s summary.csv: RFC 4180. */
import type { Item } from './state.js';

export function summaryCsv(items: readonly Item[], threshold: number): string {
  const header = 'file,slice,width,height,infected_pixels,infected_fraction,infected_ml,seconds,error'.split(',');
  const rows = items.flatMap(({ report, path, results, error, status }): string[][] => {
    const { width, height, isVolume, millilitresPerVoxel } = report;
    if (error !== undefined) return [[path, '', '', '', '', '', '', '', `${error.code}: ${error.message}`]];
    const line = (slice: string, infected: number, pixels: number, seconds: number): string[] => [
      path,
      slice,
      String(width),
      String(height),
      String(infected),
      (infected / pixels).toFixed(6),
      millilitresPerVoxel === undefined ? '' : (infected * millilitresPerVoxel).toFixed(3),
      seconds.toFixed(3),
      '',
    ];
    const done = results.filter((result) => result !== undefined);
    const lines = done.map(({ slice, counts, pixels, seconds }) =>
      line(isVolume ? String(slice) : '', counts[threshold] ?? 0, pixels, seconds),
    );
    if (!isVolume || status !== 'done') return lines;
    const sum = (of: (result: (typeof done)[number]) => number): number =>
      done.reduce((total, result) => total + of(result), 0);
    const infected = sum(({ counts }) => counts[threshold] ?? 0);
    return [
      ...lines,
      line(
        'all',
        infected,
        sum(({ pixels }) => pixels),
        sum(({ seconds }) => seconds),
      ),
    ];
  });
  return [header, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
