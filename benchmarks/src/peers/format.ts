/** The figures as text for a terminal. */
import { formatTable } from '../table.js';
import { type CaseResult, type Cell, cellsOf, errorsOf, meanRatio } from './figures.js';
import { PEER_TITLES, type PeerName } from './protocol.js';
import type { StartUp } from './startup.js';

/** One line per case, one column per peer: median, spread, ratio to the reference. */
export function formatCases(results: readonly CaseResult[], peers: readonly PeerName[], reference: PeerName): string[] {
  if (results.length === 0) return [];
  const rates = results.some(({ flops }) => flops > 0);
  const header = [
    'ms (range), times as long as infnet',
    ...(rates ? ['GFLOP/s'] : []),
    ...peers.map((p) => PEER_TITLES[p]),
  ];
  const rows = results.map((result) => {
    const cells = cellsOf(result, reference);
    const rate = cells.find(({ peer }) => peer === reference)?.rate;
    const each = peers.map((peer) =>
      cellText(
        cells.find((cell) => cell.peer === peer),
        peer === reference,
      ),
    );
    return [result.title, ...(rates ? [rate === undefined ? '' : (rate / 1e9).toFixed(2)] : []), ...each];
  });
  return [...formatTable(header, rows), ...summary(results, peers, reference)];
}

export function cellText(cell: Cell | undefined, isReference: boolean): string {
  if (cell === undefined) return '';
  const { timing, ratio, wrong } = cell;
  if (timing === undefined) return cell.cannot === undefined ? '' : 'cannot';
  const [median, low, high] = [timing.median, timing.smallest, timing.largest].map(milliseconds);
  const times = isReference || ratio === undefined ? '' : ` ${formatRatio(ratio)}`;
  return `${median} (${low}..${high})${times}${wrong ? ' DIFFERS' : ''}`;
}

/** Three figures, whatever the size. */
export function milliseconds(seconds: number): string {
  const value = seconds * 1e3;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function formatRatio(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(2)}x`;
}

function summary(results: readonly CaseResult[], peers: readonly PeerName[], reference: PeerName): string[] {
  if (results.length < 2) return [];
  return peers.flatMap((peer) => {
    const over = peer === reference ? undefined : meanRatio(results, peer, reference);
    if (over === undefined || over.cases < 2) return [];
    const range = `${formatRatio(over.smallest)} to ${formatRatio(over.largest)}`;
    return [`  ${PEER_TITLES[peer]}: ${formatRatio(over.mean)} as long, geometric mean of ${over.cases} (${range})`];
  });
}

/** How far results are from infnet's, per peer the largest. */
export function formatDifferences(results: readonly CaseResult[], peers: readonly PeerName[]): string {
  const parts = peers.flatMap((peer) => {
    const found = results.flatMap(({ outcomes }) => outcomes.find((o) => o.peer === peer)?.difference ?? []);
    return found.length === 0 ? [] : [`${PEER_TITLES[peer]} ${Math.max(...found).toExponential(1)}`];
  });
  return `Largest relative L2 difference from infnet: ${parts.join(', ')}`;
}

export function formatErrors(results: readonly CaseResult[]): string[] {
  return errorsOf(results).map(({ peer, title, error, cases }) => {
    const where = cases === 1 ? title : `${title} and ${cases - 1} more`;
    return `  ${PEER_TITLES[peer]} cannot (${where}): ${error.split('\n')[0]}`;
  });
}

/** Seconds of cold and warm starts. */
export function formatStartUp(startUp: readonly StartUp[]): string[] {
  if (startUp.length === 0) return [];
  const header = ['Start-up, s', 'cold: library', 'first result', 'warm: library', 'first result'];
  const rows = startUp.map(({ peer, cold, warm }) => [
    PEER_TITLES[peer],
    ...[cold?.load, cold?.first, warm?.load, warm?.first].map((value) => value?.toFixed(2) ?? 'cannot'),
  ]);
  return ['', ...formatTable(header, rows)];
}
