import { drawable, makeAxis } from './axis.js';
import { checkList, checkNumber, checkObject, checkText } from './check.js';
import { reportError } from './errors.js';
import { escapeHtml, type Place } from './html.js';
import { formatNumber } from './numbers.js';
import { percent } from './svg.js';
import type { BarChart } from './types.js';

/** A table with a drawn column: what the bars say stands beside them. */
export function renderBars(chart: BarChart, { where, ids }: Place): string {
  const title = checkText(chart.title, `${where}.title`);
  const unit = checkText(chart.unit, `${where}.unit`);
  const bars = checkList(chart.bars, `${where}.bars`);
  const ends: number[] = [0];
  for (const [i, bar] of bars.entries()) {
    const at = `${where}.bars[${i}]`;
    checkObject(bar, at);
    checkText(bar.label, `${at}.label`);
    if (bar.note !== undefined) checkText(bar.note, `${at}.note`);
    checkNumber(bar.value, `${at}.value`);
    if ((bar.low === undefined) !== (bar.high === undefined) || (bar.low ?? 0) > (bar.high ?? 0)) {
      throw reportError('REPORT_VALUE', `the interval is ${bar.low}..${bar.high}`, at, 'Give low and high, low first.');
    }
    for (const value of [bar.value, bar.low, bar.high]) if (value !== undefined && drawable(value)) ends.push(value);
  }
  const axis = makeAxis(ends, { count: 4, nice: true });
  const at = (value: number) => percent(axis.position(value));
  const lines = axis.ticks
    .map(
      ({ value }) =>
        `<line class="${value === 0 ? 'base' : 'grid'}" x1="${at(value)}" x2="${at(value)}" y1="0" y2="100%"/>`,
    )
    .join('');
  const rows = bars.map((bar) => {
    const { value, low, high, note } = bar;
    const drawing: string[] = [lines];
    if (drawable(value)) {
      drawing.push(`<line class="bar" x1="${at(0)}" x2="${at(value)}" y1="50%" y2="50%"/>`);
    }
    if (low !== undefined && high !== undefined && drawable(low) && drawable(high)) {
      drawing.push(`<line class="whisker" x1="${at(low)}" x2="${at(high)}" y1="50%" y2="50%"/>`);
      for (const end of [low, high]) {
        drawing.push(`<line class="whisker" x1="${at(end)}" x2="${at(end)}" y1="34%" y2="66%"/>`);
      }
    }
    const interval =
      low === undefined || high === undefined
        ? ''
        : `<span class="interval">${escapeHtml(`${formatNumber(low)} to ${formatNumber(high)}`)}</span>`;
    const about = note === undefined ? '' : `<span class="note">${escapeHtml(note)}</span>`;
    return [
      `<tr><th scope="row">${escapeHtml(bar.label)}${about}</th>`,
      `<td class="bar-cell"><svg aria-hidden="true" focusable="false">${drawing.join('')}</svg></td>`,
      `<td class="right">${escapeHtml(`${formatNumber(value)} ${unit}`.trim())}${interval}</td></tr>`,
    ].join('');
  });
  const ticks = axis.ticks
    .map(({ value, label }) => {
      const place = axis.position(value);
      const anchor = place < 0.02 ? 'start' : place > 0.98 ? 'end' : 'middle';
      return `<text class="tick" x="${at(value)}" y="1.1em" text-anchor="${anchor}">${escapeHtml(label)}</text>`;
    })
    .join('');
  const id = ids.next('chart');
  return [
    `<figure class="chart bars" id="${id}"><figcaption id="${id}-title">${escapeHtml(title)}</figcaption>`,
    rows.length === 0
      ? '<p class="empty">no values yet</p>'
      : `<table class="bar-table" aria-labelledby="${id}-title"><tbody>${rows.join('')}</tbody><tfoot aria-hidden="true"><tr><td></td><td class="bar-cell"><svg focusable="false">${ticks}</svg></td><td class="right">${escapeHtml(unit)}</td></tr></tfoot></table>`,
    '</figure>',
  ].join('');
}
