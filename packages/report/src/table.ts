import { checkList, checkObject, checkText, checkWidth } from './check.js';
import { reportError } from './errors.js';
import { escapeHtml, type Place } from './html.js';
import { alignDecimals, formatNumber } from './numbers.js';
import type { Table } from './types.js';

export interface Grid {
  readonly caption?: string;
  readonly columns: readonly { readonly title: string; readonly right: boolean }[];
  readonly rows: readonly (readonly string[])[];
  readonly emphasise?: ReadonlySet<number>;
}

/** A table in a box that scrolls by itself. The first cell of a row is its heading. */
export function renderGrid({ caption, columns, rows, emphasise }: Grid): string {
  const side = (i: number) => (columns[i]!.right ? ' class="right"' : '');
  const head = columns.map((column, i) => `<th scope="col"${side(i)}>${escapeHtml(column.title)}</th>`).join('');
  const body = rows.map((row, r) => {
    const cells = row.map((cell, i) =>
      i === 0 ? `<th scope="row"${side(i)}>${escapeHtml(cell)}</th>` : `<td${side(i)}>${escapeHtml(cell)}</td>`,
    );
    return `<tr${emphasise?.has(r) ? ' class="emphasised"' : ''}>${cells.join('')}</tr>`;
  });
  const label = escapeHtml(caption ?? 'Table');
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>`,
    caption === undefined ? '' : `<caption>${label}</caption>`,
    `<thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`,
  ].join('');
}

export function renderTable(table: Table, { where }: Place): string {
  const columns = checkList(table.columns, `${where}.columns`);
  for (const [i, column] of columns.entries()) {
    checkObject(column, `${where}.columns[${i}]`);
    checkText(column.title, `${where}.columns[${i}].title`);
  }
  const rows = checkList(table.rows, `${where}.rows`);
  for (const [r, row] of rows.entries()) {
    checkWidth(checkList(row, `${where}.rows[${r}]`).length, columns.length, `${where}.rows[${r}]`);
    for (const [c, cell] of row.entries()) {
      if (typeof cell !== 'string' && typeof cell !== 'number') {
        throw reportError(
          'REPORT_VALUE',
          `the cell is a value of type ${cell === null ? 'null' : typeof cell}`,
          `${where}.rows[${r}][${c}]`,
          'Give a text or a number; an empty string leaves the cell empty.',
        );
      }
    }
  }
  const emphasise = checkList(table.emphasise ?? [], `${where}.emphasise`);
  for (const [i, row] of emphasise.entries()) {
    if (Number.isInteger(row) && row >= 0 && row < rows.length) continue;
    throw reportError(
      'REPORT_VALUE',
      `row ${String(row)} is to be emphasised, but there are ${rows.length} rows`,
      `${where}.emphasise[${i}]`,
      'Give indexes of rows, counted from 0.',
    );
  }
  const numeric = (c: number) => rows.length > 0 && rows.every((row) => typeof row[c] === 'number');
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? formatNumber(cell, 5) : cell)));
  for (const c of columns.keys()) {
    if (!numeric(c)) continue;
    for (const [r, text] of alignDecimals(texts.map((row) => row[c]!)).entries()) texts[r]![c] = text;
  }
  const grid = renderGrid({
    caption: table.title === undefined ? undefined : checkText(table.title, `${where}.title`),
    columns: columns.map(({ title, align }, c) => ({ title, right: align ? align === 'right' : numeric(c) })),
    rows: texts,
    emphasise: new Set(emphasise),
  });
  return `<div class="wide">${grid}${rows.length === 0 ? '<p class="chart-note">no rows yet</p>' : ''}</div>`;
}
