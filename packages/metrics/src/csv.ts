/**
 * A table as CSV (RFC 4180): fields with commas, quotes or line breaks are quoted.
 *
 * Spreadsheets compute a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return, also one that they find
 * behind a semicolon or a tab within a field, which some of them take for separators. Such a cell gets an apostrophe in
 * front, which says to them that it is a text; numbers stay numbers.
 *
 * @param end of every line; RFC 4180 has CR LF
 */
export function toCsv(rows: readonly (readonly string[])[], end: '\n' | '\r\n' = '\n'): string {
  return rows.map((fields) => `${fields.map((field) => quoted(harmless(field))).join(',')}${end}`).join('');
}

const NUMBER = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|-?Infinity`;
/** A number, or two with `to` between them. */
const FIGURES = new RegExp(`^(?:${NUMBER})(?: to (?:${NUMBER}))?$`, 'i');
/** Where a spreadsheet may see the beginning of a formula, full-width signs included. */
const FORMULA = /^(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])|(?<=[;\t\r\n])(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

function harmless(field: string): string {
  return FIGURES.test(field) ? field : field.replace(FORMULA, "'");
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
