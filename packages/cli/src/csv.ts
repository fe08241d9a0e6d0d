/**
 * A table as CSV (RFC 4180, with line feeds alone). Line breaks (also a carriage return alone) within a field become
 * spaces.
 */
export function csv(rows: readonly (readonly string[])[]): string {
  return rows.map((fields) => `${fields.map(quoted).join(',')}\n`).join('');
}

function quoted(field: string): string {
  const plain = field.replace(/\s*[\r\n]\s*/g, ' ');
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
