import { type Axis, drawable, makeAxis } from './axis.js';
import { chartFigure, longest } from './chart.js';
import { checkList, checkNumber, checkObject, checkText } from './check.js';
import { reportError } from './errors.js';
import { escapeHtml, type Place } from './html.js';
import { formatNumber } from './numbers.js';
import { curve, frame, type Look, lookOf, marker, percent, stretched, swatch } from './svg.js';
import { renderGrid } from './table.js';
import { type Point, type Step, thin } from './thin.js';
import type { ChartAxis, LineChart } from './types.js';

interface Curve {
  readonly name: string;
  readonly look: Look;
  readonly steps: readonly Step[];
  readonly points: readonly Point[];
  readonly missing: number;
}

/** Markers on a curve: enough to follow it, too few to hide it. */
const MARKERS_ON_CURVE = 7;

export function renderLineChart(chart: LineChart, { where, ids }: Place): string {
  const title = checkText(chart.title, `${where}.title`);
  checkAxis(chart.x, `${where}.x`);
  checkAxis(chart.y, `${where}.y`);
  const curves = checkList(chart.series, `${where}.series`).map((_, i) => readSeries(chart, i, where));
  const marks = checkList(chart.marks ?? [], `${where}.marks`).map((mark, i) => {
    checkObject(mark, `${where}.marks[${i}]`);
    const label = checkText(mark.label, `${where}.marks[${i}].label`);
    return { label, x: checkNumber(mark.x, `${where}.marks[${i}].x`) };
  });
  const shownMarks = marks.filter((mark) => drawable(mark.x, chart.x.scale));
  const points = curves.flatMap((one) => one.points);
  const xs = points.length > 0 ? [...points.map((p) => p[0]), ...shownMarks.map((m) => m.x)] : [];
  const x = makeAxis(xs, { ...chart.x, count: 6, nice: false });
  const y = makeAxis(inside(points, chart.x), { ...chart.y, count: 5, nice: true });
  const some = points.length > 0;
  const placed = some ? placeMarks(shownMarks, x) : { drawing: '', rows: 0 };
  const clip = [chart.x.min, chart.x.max, chart.y.min, chart.y.max].some((end) => end !== undefined);
  const drawing = [
    frame(some ? x : { ...x, ticks: [] }, some ? y : { ...y, ticks: [] }),
    placed.drawing,
    stretched(curves.map((one) => curve(one.steps, x, y, one.look)).join(''), clip),
    curves.length > 1 ? curves.map((one, i) => markersOf(one, x, y, i, curves.length)).join('') : '',
  ].join('');
  const missing = curves.filter((one) => one.missing > 0);
  return chartFigure(
    {
      kind: 'lines',
      title,
      description: describe(chart, curves, marks),
      legend: curves
        .map((one) => `<li>${swatch(one.look, curves.length > 1)}<span>${escapeHtml(one.name)}</span></li>`)
        .join(''),
      xLabel: chart.x.label,
      yLabel: chart.y.label + (chart.y.scale === 'log' ? ' (logarithmic)' : ''),
      drawing,
      rowsAbove: placed.rows,
      yWidth: some ? longest(y.ticks) : 0,
      empty: some ? undefined : 'no values yet',
      notes: missing.map(
        (one) =>
          `${one.name}: ${one.missing} ${one.missing === 1 ? 'value is' : 'values are'} not drawn, being not finite${chart.y.scale === 'log' || chart.x.scale === 'log' ? ' or not above zero' : ''}.`,
      ),
      numbers: some ? numbers(chart, curves, marks) : undefined,
      data: some ? readout(curves, x, y, chart) : undefined,
      where,
    },
    ids,
  );
}

function checkAxis(axis: ChartAxis, where: string): void {
  checkObject(axis, where);
  checkText(axis.label, `${where}.label`);
  const { min, max, scale = 'linear' } = axis;
  if (scale !== 'linear' && scale !== 'log') {
    throw reportError('REPORT_VALUE', `the scale is ${String(scale)}`, `${where}.scale`, "Give 'linear' or 'log'.");
  }
  for (const [end, value] of Object.entries({ min, max })) {
    if (value === undefined || drawable(checkNumber(value, `${where}.${end}`), scale)) continue;
    const needed = scale === 'log' ? 'a finite number above 0' : 'a finite number';
    throw reportError(
      'REPORT_VALUE',
      `the axis ends at ${value}`,
      `${where}.${end}`,
      `Give ${needed}, or leave it out.`,
    );
  }
  if (min !== undefined && max !== undefined && !(min < max)) {
    throw reportError('REPORT_VALUE', `the axis goes from ${min} to ${max}`, where, 'Give a min below the max.');
  }
}

function readSeries(chart: LineChart, index: number, where: string): Curve {
  const series = chart.series[index]!;
  const at = `${where}.series[${index}]`;
  checkObject(series, at);
  const all = checkList(series.points, `${at}.points`).map((point, i): Step => {
    if (!Array.isArray(point) || point.length !== 2) {
      throw reportError('REPORT_VALUE', 'the point is not a pair of numbers', `${at}.points[${i}]`, 'Give [x, y].');
    }
    const px = checkNumber(point[0], `${at}.points[${i}][0]`);
    const py = checkNumber(point[1], `${at}.points[${i}][1]`);
    return drawable(px, chart.x.scale) && drawable(py, chart.y.scale) ? [px, py] : null;
  });
  const points = all.filter((step) => step !== null);
  return {
    name: checkText(series.name, `${at}.name`),
    look: lookOf(index, series.colour, series.dashed),
    steps: thin(all),
    points,
    missing: all.length - points.length,
  };
}

/** The y of points that the x axis shows: only these decide the y axis. */
function* inside(points: readonly Point[], { min = -Infinity, max = Infinity }: ChartAxis): Generator<number> {
  for (const [px, py] of points) if (px >= min && px <= max) yield py;
}

/** Markers at spots that differ from curve to curve, so that they do not cover each other where curves meet. */
function markersOf(one: Curve, x: Axis, y: Axis, index: number, count: number): string {
  const drawn = one.steps.filter((step) => step !== null);
  const spots = Math.min(MARKERS_ON_CURVE, drawn.length);
  const chosen = new Set<number>();
  for (let i = 0; i < spots; i++) {
    const spot = ((i + (index + 0.5) / count) / spots) * drawn.length;
    chosen.add(Math.min(drawn.length - 1, Math.floor(spot)));
  }
  return [...chosen]
    .map((i) => [x.position(drawn[i]![0]), y.position(drawn[i]![1])] as const)
    .filter((at) => at.every((fraction) => fraction >= -1e-9 && fraction <= 1 + 1e-9))
    .map(([px, py]) => marker(one.look, percent(px), percent(1 - py)))
    .join('');
}

/** Vertical lines, their labels above the plot in as many rows as they need, at most three. */
function placeMarks(marks: readonly { x: number; label: string }[], x: Axis): { drawing: string; rows: number } {
  const parts: string[] = [];
  const ends: number[] = [];
  const inOrder = marks
    .map((mark) => ({ ...mark, at: x.position(mark.x) }))
    .filter(({ at }) => at >= -1e-9 && at <= 1 + 1e-9)
    .sort((a, b) => a.at - b.at);
  const spots = inOrder.map(({ at, label }) => {
    // As wide as on a small screen: some 45 characters across the plot.
    const width = Math.min(1, (label.length + 2) / 45);
    const anchor = at < width / 2 ? 'start' : at > 1 - width / 2 ? 'end' : 'middle';
    const from = anchor === 'start' ? at : anchor === 'end' ? at - width : at - width / 2;
    let row = ends.findIndex((end) => end <= from);
    if (row < 0) row = ends.length;
    if (row < 3) ends[row] = from + width;
    return { at, label, anchor, row };
  });
  for (const { at, label, anchor, row } of spots) {
    const place = percent(at);
    parts.push(`<line class="mark" x1="${place}" x2="${place}" y1="0" y2="100%"/>`);
    if (row >= 3) continue;
    const dy = (-0.5 - 1.45 * row).toFixed(2);
    parts.push(
      `<text class="mark-label" x="${place}" y="0" dy="${dy}em" text-anchor="${anchor}">${escapeHtml(label)}</text>`,
    );
  }
  return { drawing: parts.join(''), rows: ends.length };
}

interface Summary {
  readonly first: Point;
  readonly last: Point;
  readonly low: Point;
  readonly high: Point;
}

function summarise(points: readonly Point[]): Summary | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return undefined;
  let low = first;
  let high = first;
  for (const point of points) {
    if (point[1] < low[1]) low = point;
    if (point[1] > high[1]) high = point;
  }
  return { first, last, low, high };
}

function describe(chart: LineChart, curves: readonly Curve[], marks: readonly { x: number; label: string }[]): string {
  const axes = `${chart.y.label} over ${chart.x.label}.`;
  const each = curves.map((one) => {
    const s = summarise(one.points);
    if (!s) return `${one.name}: no values yet.`;
    const n = (value: number) => formatNumber(value);
    return `${one.name}: from ${n(s.first[1])} at ${n(s.first[0])} to ${n(s.last[1])} at ${n(s.last[0])}, lowest ${n(s.low[1])} at ${n(s.low[0])}, highest ${n(s.high[1])} at ${n(s.high[0])}.`;
  });
  const lines = marks.map((mark) => `${mark.label} at ${formatNumber(mark.x)}.`);
  return [axes, ...each, ...lines].join(' ');
}

function numbers(chart: LineChart, curves: readonly Curve[], marks: readonly { x: number; label: string }[]): string {
  const at = (point: Point) => `${formatNumber(point[1])} at ${formatNumber(point[0])}`;
  const rows = curves.map((one) => {
    const s = summarise(one.points);
    const count = String(one.points.length);
    return s ? [one.name, count, at(s.first), at(s.last), at(s.low), at(s.high)] : [one.name, count, '', '', '', ''];
  });
  const table = renderGrid({
    caption: `${chart.title}: ${chart.y.label} at ${chart.x.label}`,
    columns: ['Series', 'Values', 'First', 'Last', 'Lowest', 'Highest'].map((title, i) => ({ title, right: i > 0 })),
    rows,
  });
  const listed = marks.map((mark) => `${mark.label}: ${formatNumber(mark.x)}`).join('; ');
  return table + (listed && `<p class="chart-note">${escapeHtml(listed)}</p>`);
}

/** What the script needs to read values under the pointer. */
function readout(curves: readonly Curve[], x: Axis, y: Axis, chart: LineChart): unknown {
  const axis = ({ min, max, scale }: Axis, label: string) => ({ min, max, log: scale === 'log', label });
  const short = (value: number) => Number(value.toPrecision(7));
  return {
    x: axis(x, chart.x.label),
    y: axis(y, chart.y.label),
    series: curves.map((one) => ({
      name: one.name,
      colour: one.look.colour,
      points: one.steps.filter((step) => step !== null).map(([px, py]) => [short(px), short(py)]),
    })),
  };
}
