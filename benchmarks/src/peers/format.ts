/** The figures as text for a terminal, and the tables that the page has too. */
import type { Table } from '@infnet/report';
import { type Ratio, ratioOf, summary } from '../statistics.js';
import { formatTable } from '../table.js';
import { type CaseResult, type Cell, cellOf, errorsOf, meanRatio, oursOf } from './figures.js';
import { NO_TIME } from './measure-part.js';
import { PEER_TITLES, type PeerName, referenceOf } from './protocol.js';
import type { StartUp } from './startup.js';

/** A table of the page as lines for a terminal. */
function textTable({ columns, rows }: Table): string[] {
  return formatTable(
    columns.map(({ title }) => title),
    rows.map((row) => row.map(String)),
    columns.flatMap(({ align }, i) => (align === 'left' ? [i] : [])),
  );
}

/** One line per case, one column per peer; below it the means. */
export function formatCases(results: readonly CaseResult[], peers: readonly PeerName[]): string[] {
  if (results.length === 0) return [];
  const table = wideTable(results, peers, 'ms (range), times as long as infnet');
  return [...textTable(table), ...meanRatios(results, peers).map((line) => `  ${line}`)];
}

/**
 * One line per case, one column per peer: median, range where there are several runs, ratio to ours on the same
 * adapter.
 */
export function wideTable(results: readonly CaseResult[], peers: readonly PeerName[], title = ''): Table {
  const ours = oursOf(peers);
  const rated = ours !== undefined && results.some(({ flops }) => flops > 0);
  return {
    kind: 'table',
    columns: [
      left(title),
      ...(rated ? [`GFLOP/s of ${PEER_TITLES[ours]}`] : []).map(right),
      ...peers.map((peer) => right(PEER_TITLES[peer])),
    ],
    rows: results.map((result) => [
      result.title,
      ...(rated ? [rateText(cellOf(result, ours))] : []),
      ...peers.map((peer) => cellText(cellOf(result, peer))),
    ]),
  };
}

export const left = (title: string): Table['columns'][number] => ({ title, align: 'left' });
export const right = (title: string): Table['columns'][number] => ({ title, align: 'right' });

/**
 * One line per case and peer, with the device's own time: ms from host memory to host memory, median and range; x, how
 * many times as long as infnet, median and range of single rounds; GFLOP/s by the device's time where it was taken.
 */
export function comparisonTable(results: readonly CaseResult[]): string[] {
  const header = ['case', 'peer', 'ms (range)', 'x', 'device ms', 'x', 'GFLOP/s', 'GiB', 'differs by'];
  const rows = results.flatMap((result) =>
    result.outcomes.map((outcome) => {
      const { peer, cannot, device, heldBytes, difference } = outcome;
      const head = [result.title, peer];
      const [wall, own] = [summary(outcome.seconds), summary(device)];
      if (wall === undefined) return [...head, `cannot: ${(cannot ?? 'not measured').split('\n')[0]}`];
      const base = result.outcomes.find((other) => other.peer === referenceOf(peer) && other !== outcome);
      return [
        ...[...head, `${precise(wall.median)} (${precise(wall.smallest)} to ${precise(wall.largest)})`],
        ...[ratioText(ratioOf(outcome.seconds, base?.seconds)), own === undefined ? '-' : precise(own.median)],
        ...[ratioText(ratioOf(device, base?.device)), (result.flops / (own ?? wall).median / 1e9).toFixed(1)],
        heldBytes === undefined ? '-' : (heldBytes / 2 ** 30).toFixed(2),
        difference === undefined ? '-' : difference.toExponential(1),
      ];
    }),
  );
  return formatTable(header, rows, [1]);
}

const precise = (seconds: number): string => (1e3 * seconds).toPrecision(4);

function ratioText(ratio: Ratio | undefined): string {
  if (ratio === undefined) return '-';
  return `${ratio.median.toFixed(2)} (${ratio.smallest.toFixed(2)} to ${ratio.largest.toFixed(2)})`;
}

/** GFLOP/s, or nothing. */
export function rateText(cell: Cell | undefined): string {
  return cell?.rate === undefined ? '' : (cell.rate / 1e9).toFixed(2);
}

export function cellText(cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const { timing, ratio, wrong } = cell;
  if (timing === undefined) {
    if (cell.cannot === undefined) return '';
    return cell.cannot.startsWith(NO_TIME) ? 'cannot (time)' : 'cannot';
  }
  const [median, low, high] = [timing.median, timing.smallest, timing.largest].map(milliseconds);
  const times = ratio === undefined ? '' : ` ${formatRatio(ratio)}`;
  const range = timing.runs > 1 ? ` (${low}..${high})` : '';
  return `${median}${range}${times}${wrong ? ' DIFFERS' : ''}`;
}

/** Three figures, whatever the size. */
export function milliseconds(seconds: number): string {
  const value = seconds * 1e3;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function formatRatio(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(2)}x`;
}

/** One line per peer: how many times as long as ours, over all cases that both could do. */
export function meanRatios(results: readonly CaseResult[], peers: readonly PeerName[]): string[] {
  return peers.flatMap((peer) => {
    const over = meanRatio(results, peer);
    if (over === undefined || over.cases < 2) return [];
    const range = `${formatRatio(over.smallest)} to ${formatRatio(over.largest)}`;
    return [`${PEER_TITLES[peer]}: ${formatRatio(over.mean)} as long, geometric mean of ${over.cases} (${range})`];
  });
}

/** `0` is the same bits. */
export function formatDifference(difference: number | undefined): string {
  return difference === undefined ? '' : difference === 0 ? '0' : difference.toExponential(1);
}

/** How far results are from infnet's, per peer the largest. */
export function formatDifferences(results: readonly CaseResult[], peers: readonly PeerName[]): string {
  const parts = peers.flatMap((peer) => {
    const found = results.flatMap(({ outcomes }) => outcomes.find((o) => o.peer === peer)?.difference ?? []);
    return found.length === 0 ? [] : [`${PEER_TITLES[peer]} ${formatDifference(Math.max(...found))}`];
  });
  return `Largest relative L2 difference from infnet: ${parts.join(', ') || 'nothing was compared'}`;
}

export function formatErrors(results: readonly CaseResult[]): string[] {
  return errorsOf(results).map(({ peer, title, error, cases }) => {
    const where = cases === 1 ? title : `${title} and ${cases - 1} more`;
    return `  ${PEER_TITLES[peer]} cannot (${where}): ${error.split('\n')[0]}`;
  });
}

/** Seconds of cold and warm starts. */
export function startUpTable(startUp: readonly StartUp[]): Table {
  const columns = ['cold: library', 'cold: first result', 'warm: library', 'warm: first result'].map(right);
  return {
    kind: 'table',
    columns: [left('Start-up, s'), ...columns, left('')],
    rows: startUp.map(({ peer, cold, warm, cannot }) => [
      PEER_TITLES[peer],
      ...[cold?.load, cold?.first, warm?.load, warm?.first].map((value) => value?.toFixed(2) ?? ''),
      cannot === undefined ? '' : `cannot: ${cannot}`,
    ]),
  };
}

export function formatStartUp(startUp: readonly StartUp[]): string[] {
  return startUp.length === 0 ? [] : ['', ...textTable(startUpTable(startUp))];
}
