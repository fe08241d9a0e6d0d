import type { ProfileRow } from './profile.js';

/** Columns padded for a terminal. */
export function formatProfileTable(rows: readonly ProfileRow[], totalSeconds: number): string {
  const header = ['name', 'calls', 'ms', 'share', 'GFLOP/s', 'GB/s'];
  const body = rows.map(({ name, calls, seconds, flops, bytes }) => [
    name === '' ? '(net)' : name,
    String(calls),
    (seconds * 1e3).toFixed(3),
    `${((100 * seconds) / totalSeconds).toFixed(1)} %`,
    (flops / seconds / 1e9).toFixed(2),
    (bytes / seconds / 1e9).toFixed(2),
  ]);
  const total = [
    'total',
    String(rows.reduce((sum, { calls }) => sum + calls, 0)),
    (totalSeconds * 1e3).toFixed(3),
    '',
    '',
    '',
  ];
  const lines = [header, ...body, total];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}
