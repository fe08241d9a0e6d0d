/**
 * The table of results, with the columns of `infnet segment`'s summary.csv: RFC 4180.
 *
 * Only what was made the way the page is set now has figures. What is stale, or was not segmented, has its line all the
 * same, with the reason in place of figures.
 */
import { PROVENANCE_COLUMNS, type Provenance, provenanceFields } from '@infnet/data';
import { toCsv } from '@infnet/metrics';
import type { TaskClass } from '@infnet/segmentation';
import type { TaskReport } from '../../worker/task-protocol.js';
import { figuresOf, type Share, sharesOf } from './figures.js';
import type { Item } from './state.js';

/** `groundGlass` as `ground_glass_pixels`, and so on. */
function classColumns({ key }: TaskClass): string[] {
  const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [`${name}_pixels`, `${name}_fraction`, `${name}_ml`];
}

function classFields({ count, fraction, millilitres }: Share): string[] {
  return [String(count), fraction.toFixed(6), millilitres === undefined ? '' : millilitres.toFixed(3)];
}

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
  const columns = task.classes.slice(1).flatMap(classColumns);
  const rows = items.flatMap((item): string[][] => {
    const { report, path, results, error } = item;
    const { width, height, isVolume, millilitresPerVoxel } = report;
    const without = (reason: string): string[] => [
      ...[path, '', '', '', ...columns.map(() => ''), '', reason],
      ...provenanceFields(undefined),
      '',
    ];
    const failed = error === undefined ? [] : [without(`${error.code}: ${error.message}`)];
    const stale = staleBy(item);
    if (stale.length > 0) return [without(`RESULT_STALE: made with ${stale.join(', ')}; segment again`), ...failed];
    const figures = figuresOf(item, threshold);
    if (figures === undefined) return failed.length > 0 ? failed : [without('RESULT_MISSING: not segmented')];
    const line = (slice: string, shares: readonly Share[], seconds: number, made: Provenance): string[] => [
      path,
      slice,
      String(width),
      String(height),
      ...shares.flatMap(classFields),
      seconds.toFixed(3),
      '',
      ...provenanceFields({ ...made, threshold: threshold / 100 }),
      made.time ?? '',
    ];
    const done = results.filter((result) => result !== undefined);
    const lines = done.map(({ slice, seconds, made, ...counted }) =>
      line(isVolume ? String(slice) : '', sharesOf(task, counted, threshold, millilitresPerVoxel), seconds, made),
    );
    const last = done.at(-1);
    if (!isVolume || last === undefined) return [...lines, ...failed];
    const { shares, seconds, depth } = figures;
    const which = figures.done === depth ? 'all' : `${figures.done} of ${depth}`;
    return [...lines, line(which, shares, seconds, last.made), ...failed];
  });
  const places = ['file', 'slice', 'width', 'height'];
  const header = [...places, ...columns, 'seconds', 'error', ...PROVENANCE_COLUMNS, 'time'];
  return toCsv([header, ...rows], '\r\n');
}
