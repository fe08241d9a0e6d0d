/** Tables of figures: of one case with a line per peer, of many cases with a column per peer. */
import type { Table } from '@infnet/report';
import type { Ratio } from '../statistics.js';
import { left, right } from '../text.js';
import { type CaseResult, type Cell, cellOf, oursOf } from './figures.js';
import { NO_TIME } from './measure-part.js';
import { PEER_TITLES } from './peer-table.js';
import type { PeerName } from './protocol.js';
import type { StartUp } from './startup.js';

/**
 * One line per case, one column per peer: median, range where there are several runs, ratio to ours on the same
 * adapter.
 */
export function wideTable(results: readonly CaseResult[], peers: readonly PeerName[]): Table {
  const ours = oursOf(peers);
  const rated = ours !== undefined && results.some(({ flops }) => flops > 0);
  return {
    kind: 'table',
    columns: [
      left('ms (range), times as long as infnet'),
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

/**
 * One line per peer that was asked, and what it could not do. Where the device's own time was taken, that too, with the
 * memory held and the ratios of single rounds.
 */
export function caseTable(result: CaseResult, peers: readonly PeerName[]): Table {
  const isOnDevice = result.outcomes.some(({ device }) => device?.['run'] !== undefined);
  const onDevice = isOnDevice ? ['by round', 'device ms', 'times as long', 'GiB'] : [];
  const titles = ['ms', 'range', 'times as long', ...onDevice, 'GFLOP/s', 'differs by'];
  const asked = peers.filter((peer) => result.only?.includes(peer) ?? true);
  return {
    kind: 'table',
    title: result.title,
    columns: [left(''), ...titles.map(right), left('')],
    rows: asked.map((peer) => {
      const cell = cellOf(result, peer);
      const name = PEER_TITLES[peer];
      if (cell?.timing === undefined) return [name, ...titles.map(() => ''), cannotText(cell)];
      const { timing, device, ratio, deviceRatio, heldBytes, difference, wrong, note } = cell;
      const [median, low, high] = [timing.median, timing.smallest, timing.largest].map(milliseconds);
      const own = [
        ratio === undefined ? '' : `${formatRatio(ratio.smallest)} to ${formatRatio(ratio.largest)}`,
        device === undefined ? '' : milliseconds(device.median),
        formatMedian(deviceRatio),
        heldBytes === undefined ? '' : (heldBytes / 2 ** 30).toFixed(2),
      ];
      return [
        ...[name, median as string, timing.runs > 1 ? `${low} to ${high}` : '', formatMedian(ratio)],
        ...(isOnDevice ? own : []),
        ...[rateText(cell), formatDifference(difference), [wrong ? 'DIFFERS' : '', note ?? ''].join(' ').trim()],
      ];
    }),
  };
}

function cannotText(cell: Cell | undefined): string {
  return cell?.cannot === undefined ? '' : `cannot: ${cell.cannot.split('\n')[0]}`;
}

/** GFLOP/s, or nothing. */
function rateText(cell: Cell | undefined): string {
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
  const times = ratio === undefined ? '' : ` ${formatMedian(ratio)}`;
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

function formatMedian(ratio: Ratio | undefined): string {
  return ratio === undefined ? '' : formatRatio(ratio.median);
}

/** `0` is the same bits. */
function formatDifference(difference: number | undefined): string {
  return difference === undefined ? '' : difference === 0 ? '0' : difference.toExponential(1);
}

/** How far results are from infnet's, per peer the largest. */
export function largestDifferences(results: readonly CaseResult[], peers: readonly PeerName[]): string {
  const parts = peers.flatMap((peer) => {
    const found = results.flatMap(({ outcomes }) => outcomes.find((o) => o.peer === peer)?.difference ?? []);
    return found.length === 0 ? [] : [`${PEER_TITLES[peer]} ${formatDifference(Math.max(...found))}`];
  });
  return parts.join(', ') || 'nothing was compared';
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
