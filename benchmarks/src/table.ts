/** Lines of a table for a terminal: the first column and those numbered in `left` begin flush, the others end flush. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [],
): string[] {
  const table = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const align = (cell: string, column: number): string => {
    const width = widths[column] as number;
    return column === 0 || left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
  };
  return table.map((row) => `  ${row.map(align).join('  ')}`.trimEnd());
}
