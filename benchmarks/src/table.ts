/**
 * Lines of a table for a terminal: the first column and those numbered in `left` begin flush, the others end flush. A
 * row that is shorter than the header runs on behind its last cell, e.g. with an error.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [],
): string[] {
  const table = [header, ...rows];
  const runsOn = (row: readonly string[], column: number): boolean =>
    row.length < header.length && column === row.length - 1;
  const widths = header.map((_, column) =>
    Math.max(...table.map((row) => (runsOn(row, column) ? 0 : (row[column] ?? '').length))),
  );
  return table.map((row) => {
    const cells = row.map((cell, column) => {
      if (runsOn(row, column)) return cell;
      const width = widths[column] as number;
      return column === 0 || left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
