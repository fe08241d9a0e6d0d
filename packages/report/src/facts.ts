import { checkList, checkText, checkWidth } from './check.js';
import { escapeHtml, type Place } from './html.js';
import type { Facts, Text } from './types.js';

export function renderFacts(facts: Facts, { where }: Place): string {
  const rows = checkList(facts.rows, `${where}.rows`).map((row, i) => {
    checkWidth(checkList<string>(row, `${where}.rows[${i}]`).length, 2, `${where}.rows[${i}]`);
    const label = checkText(row[0], `${where}.rows[${i}][0]`);
    const value = checkText(row[1], `${where}.rows[${i}][1]`);
    return `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`;
  });
  return rows.length === 0 ? '' : `<dl class="facts wide">${rows.join('')}</dl>`;
}

export function renderText({ text, preformatted }: Text, { where }: Place): string {
  checkText(text, `${where}.text`);
  if (preformatted) return `<pre class="wide scroll" tabindex="0">${escapeHtml(text)}</pre>`;
  const paragraphs = text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '');
  return `<div class="text wide">${paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('')}</div>`;
}
