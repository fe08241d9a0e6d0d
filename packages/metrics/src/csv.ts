/**
 * A table as CSV (RFC 4180): fields with commas, quotes or line breaks are quoted.
 *
 * @param end of every line; RFC 4180 has CR LF
 */
export function toCsv(rows: readonly (readonly string[])[], end: '\n' | '\r\n' = '\n'): string {
  return rows.map((fields) => `${fields.map(quoted).join(',')}${end}`).join('');
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
