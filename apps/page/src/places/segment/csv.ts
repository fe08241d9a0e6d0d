/**
 * The table of results, with the columns of `infnet segment`'s summary.csv: RFC 4180.
 *
 * Only what was made the way the page is set now has figures. What is stale, or was not segmented, has its line all the
 * same, with the reason in place of figures.
 */
import { type Provenance, type ResultsRow, resultsTable } from '@infnet/data';
import { toCsv } from '@infnet/metrics';
import type { TaskReport } from '../../worker/task-protocol.js';
import { figuresOf, type Share, sharesOf } from './figures.js';
import type { Item } from './state.js';

/**
 * @param task that of the weights that are loaded: what is not stale is of it
 * @param threshold in hundredths
 * @param staleBy in what an item's results differ from how the page is set; empty where they do not
 */
export function summaryCsv(
  items: readonly Item[],
  task: Pick<TaskReport, 'classes' | 'isCut'>,
  threshold: number,
  staleBy: (item: Item) => readonly string[],
): string {
  const rows = items.flatMap((item): ResultsRow[] => {
    const { report, path: file, results, error } = item;
    const { width, height, isVolume, millilitresPerVoxel } = report;
    const failed = error === undefined ? [] : [{ file, error: `${error.code}: ${error.message}` }];
    const stale = staleBy(item);
    if (stale.length > 0) {
      return [{ file, error: `RESULT_STALE: made with ${stale.join(', ')}; segment again` }, ...failed];
    }
    const figures = figuresOf(item, threshold);
    if (figures === undefined) return failed.length > 0 ? failed : [{ file, error: 'RESULT_MISSING: not segmented' }];
    const of = { file, size: { width, height }, millilitres: millilitresPerVoxel };
    const line = (made: Provenance, shares: readonly Share[]): Pick<ResultsRow, 'counts' | 'provenance'> => ({
      counts: [0, ...shares.map(({ count }) => count)],
      provenance: { ...made, threshold: threshold / 100 },
    });
    const done = results.filter((result) => result !== undefined);
    const lines = done.map(({ slice, seconds, made, ...counted }) => ({
      ...of,
      ...line(made, sharesOf(task, counted, threshold)),
      slice: isVolume ? slice : '',
      pixels: counted.pixels,
      seconds,
    }));
    const last = done.at(-1);
    if (!isVolume || last === undefined) return [...lines, ...failed];
    const { shares, pixels, seconds, depth } = figures;
    const slice = figures.done === depth ? 'all' : `${figures.done} of ${depth}`;
    return [...lines, { ...of, ...line(last.made, shares), slice, pixels, seconds }, ...failed];
  });
  return toCsv(resultsTable(rows, { classes: task.classes, time: true, volumes: true }), '\r\n');
}
