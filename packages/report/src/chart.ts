/** What all charts share: the figure with its title, legend, plot, axis labels and numbers. */
import { embedJson, escapeHtml, type Ids } from './html.js';

export interface ChartParts {
  readonly kind: string;
  readonly title: string;
  /** Says in words what the drawing shows. */
  readonly description: string;
  readonly legend?: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Content of the SVG. */
  readonly drawing: string;
  /** Rows of labels above the plot. */
  readonly rowsAbove?: number;
  /** The longest label of the y axis, in characters: room to its left. */
  readonly yWidth: number;
  /** Said instead of curves. */
  readonly empty?: string;
  /** Below the plot. */
  readonly notes?: readonly string[];
  /** Table of the numbers, folded away unless `open`. */
  readonly numbers?: string;
  /** Markup at the end of the figure. */
  readonly after?: string;
  /** For the read-out of the page's script. */
  readonly data?: unknown;
  readonly where: string;
}

/** A figure. The description stands in the SVG for screen readers; the numbers are a table for everybody. */
export function chartFigure(parts: ChartParts, ids: Ids): string {
  const id = ids.next('chart');
  const room = Math.max(2.2, 0.9 + 0.52 * parts.yWidth).toFixed(2);
  const above = (1.3 * (parts.rowsAbove ?? 0) + 0.5).toFixed(2);
  const svg = [
    `<svg class="drawing" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc">`,
    `<title id="${id}-title">${escapeHtml(parts.title)}</title>`,
    `<desc id="${id}-desc">${escapeHtml(parts.description)}</desc>`,
    parts.drawing,
    '</svg>',
  ].join('');
  return [
    `<figure class="chart ${parts.kind}" id="${id}">`,
    `<figcaption>${escapeHtml(parts.title)}</figcaption>`,
    parts.legend ? `<ul class="legend">${parts.legend}</ul>` : '',
    `<div class="y-label">${escapeHtml(parts.yLabel)}</div>`,
    `<div class="plot-box" style="padding:${above}rem 0.9rem 1.9rem ${room}rem"><div class="plot">${svg}`,
    parts.empty ? `<p class="empty">${escapeHtml(parts.empty)}</p>` : '',
    '</div></div>',
    `<div class="x-label">${escapeHtml(parts.xLabel)}</div>`,
    ...(parts.notes ?? []).map((note) => `<p class="chart-note">${escapeHtml(note)}</p>`),
    parts.numbers ? `<details><summary>Numbers</summary>${parts.numbers}</details>` : '',
    parts.after ?? '',
    parts.data === undefined
      ? ''
      : `<script type="application/json" class="chart-data">${embedJson(parts.data, parts.where)}</script>`,
    '</figure>',
  ].join('');
}

export function longest(labels: Iterable<{ readonly label: string }>): number {
  let length = 0;
  for (const { label } of labels) length = Math.max(length, label.length);
  return length;
}
