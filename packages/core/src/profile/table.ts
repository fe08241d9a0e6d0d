/** Entries of one group, summed. */
export interface ProfileRow {
  readonly name: string;
  readonly calls: number;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
}

/** Billions per second; 0 where the clock was too coarse to see any time pass (browsers round to 0.1 ms). */
export function gigaPerSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds / 1e9 : 0;
}

/** Columns padded for a terminal. */
export function formatProfileTable(rows: readonly ProfileRow[], totalSeconds: number): string {
  const header = ['name', 'calls', 'ms', 'share', 'GFLOP/s', 'GB/s'];
  const body = rows.map(({ name, calls, seconds, flops, bytes }) => [
    name === '' ? '(net)' : name,
    String(calls),
    (seconds * 1e3).toFixed(3),
    `${(totalSeconds > 0 ? (100 * seconds) / totalSeconds : 0).toFixed(1)} %`,
    gigaPerSecond(flops, seconds).toFixed(2),
    gigaPerSecond(bytes, seconds).toFixed(2),
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
