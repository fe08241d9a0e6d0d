import { type Axis, drawable, makeAxis } from './axis.js';
import { chartFigure, longest } from './chart.js';
import { checkList, checkNumber, checkObject, checkPositive, checkText } from './check.js';
import { escapeHtml, type Place } from './html.js';
import { formatNumber, si } from './numbers.js';
import { curve, frame, lookOf, percent, stretched } from './svg.js';
import { renderGrid } from './table.js';
import type { Ceiling, Roofline, RooflinePoint } from './types.js';

/**
 * A roofline: y = min(bandwidth * x, compute) on logarithmic axes. Points carry numbers and the table below their
 * names, so that neighbours can be told apart; the share is of the highest roof above the point.
 */
export function renderRoofline(chart: Roofline, { where, ids }: Place): string {
  const title = checkText(chart.title, `${where}.title`);
  const points = checkList(chart.points, `${where}.points`);
  const ceilings = checkList(chart.ceilings, `${where}.ceilings`);
  points.forEach((point, i) => {
    checkObject(point, `${where}.points[${i}]`);
    checkText(point.label, `${where}.points[${i}].label`);
    checkNumber(point.intensity, `${where}.points[${i}].intensity`);
    checkNumber(point.performance, `${where}.points[${i}].performance`);
    if (point.note !== undefined) checkText(point.note, `${where}.points[${i}].note`);
  });
  ceilings.forEach((ceiling, i) => {
    checkObject(ceiling, `${where}.ceilings[${i}]`);
    checkText(ceiling.label, `${where}.ceilings[${i}].label`);
    if ('bandwidth' in ceiling) checkPositive(ceiling.bandwidth, `${where}.ceilings[${i}].bandwidth`);
    else checkPositive(ceiling.compute, `${where}.ceilings[${i}].compute`);
  });
  const slopes = ceilings.filter((ceiling) => 'bandwidth' in ceiling);
  const flats = ceilings.filter((ceiling) => 'compute' in ceiling);
  const bandwidth = slopes.length > 0 ? Math.max(...slopes.map((c) => c.bandwidth)) : Number.POSITIVE_INFINITY;
  const compute = flats.length > 0 ? Math.max(...flats.map((c) => c.compute)) : Number.POSITIVE_INFINITY;
  const roof = (intensity: number) => Math.min(bandwidth * intensity, compute);
  const shown = points.map((p) => drawable(p.intensity, 'log') && drawable(p.performance, 'log'));
  const drawn = points.filter((_, i) => shown[i]);
  const some = drawn.length > 0;

  const ridges = slopes.flatMap((slope) => flats.map((flat) => flat.compute / slope.bandwidth));
  const x = makeAxis(
    [...drawn.map((p) => p.intensity), ...ridges].flatMap((v) => [v / 2, v * 2]),
    {
      scale: 'log',
      count: 6,
      nice: false,
    },
  );
  const heights = [...drawn.map((p) => p.performance / 2), ...flats.map((c) => c.compute * 1.6)];
  if (flats.length === 0) heights.push(...slopes.map((c) => c.bandwidth * x.max));
  const y = makeAxis(heights, { scale: 'log', count: 6, nice: true, format: (value) => si(value, '') });
  const missing = points.length - drawn.length;

  const taken = drawn.map((p) => [x.position(p.intensity), y.position(p.performance)] as const);

  const numbered = points.map((point, i) => [point, i + 1] as const).filter((_, i) => shown[i]);
  return chartFigure(
    {
      kind: 'roofline',
      title,
      description: describe(points, ceilings, roof),
      xLabel: 'Arithmetic intensity, FLOP/byte (logarithmic)',
      yLabel: 'Performance, FLOP/s (logarithmic)',
      drawing: [
        frame(x, y),
        stretched(ceilings.map((c) => ceilingLine(c, x, y, bandwidth, compute)).join(''), true),
        ceilings.map((c) => ceilingLabel(c, ceilings, taken, x, y)).join(''),
        numbered.map(([point, number]) => spot(point, number, x, y)).join(''),
      ].join(''),
      yWidth: longest(y.ticks),
      empty: some ? undefined : 'no values yet',
      after: some ? key(points, roof) : undefined,
      notes:
        missing > 0 ? [`${missing} of ${points.length} points are not drawn, being not finite or not above zero.`] : [],
      where,
    },
    ids,
  );
}

/** A slope ends at the highest compute ceiling, a flat begins at the highest slope: beyond, the other one limits. */
function ceilingLine(ceiling: Ceiling, x: Axis, y: Axis, bandwidth: number, compute: number): string {
  const look = lookOf(7);
  const line =
    'bandwidth' in ceiling
      ? ([x.min, Math.min(x.max, compute / ceiling.bandwidth)] as const).map((v) => [v, v * ceiling.bandwidth] as const)
      : ([Math.max(x.min, ceiling.compute / bandwidth), x.max] as const).map((v) => [v, ceiling.compute] as const);
  return curve(line, x, y, look).replace('class="curve', 'class="ceiling curve');
}

function ceilingLabel(
  ceiling: Ceiling,
  all: readonly Ceiling[],
  taken: (readonly [number, number])[],
  x: Axis,
  y: Axis,
): string {
  if ('compute' in ceiling) {
    const text = `${ceiling.label}, ${si(ceiling.compute, 'FLOP/s')}`;
    return `<text class="ceiling-label" x="100%" y="${percent(1 - y.position(ceiling.compute))}" dy="-0.5em" text-anchor="end">${escapeHtml(text)}</text>`;
  }
  const text = `${ceiling.label}, ${si(ceiling.bandwidth, 'B/s')}`;
  const [px, py] = slopeSpot(ceiling.bandwidth, text.length, all, taken, x, y);
  return `<text class="ceiling-label" x="${percent(px)}" y="${percent(1 - py)}" dx="0.7em" dy="0.9em">${escapeHtml(text)}</text>`;
}

/**
 * Where on a slope its label, to the right of the line, is farthest from what is `taken` and crosses the fewest other
 * slopes. Takes it.
 */
function slopeSpot(
  bandwidth: number,
  characters: number,
  all: readonly Ceiling[],
  taken: (readonly [number, number])[],
  x: Axis,
  y: Axis,
): readonly [number, number] {
  // In parts of a plot some 400 pixels wide and high, which is about what there is.
  const [width, height] = [0.021 * characters, 0.05];
  const roof = Math.max(...all.map((other) => ('compute' in other ? other.compute : 0))) || Number.POSITIVE_INFINITY;
  let best: readonly [number, number] = [0, 0];
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let px = 0.02; px < 0.98 - width; px += 0.02) {
    const intensity = x.min * (x.max / x.min) ** px;
    const py = y.position(intensity * bandwidth);
    // Beyond the highest roof there is no line to stand beside.
    if (py < 0.08 || py > 0.9 || intensity * bandwidth > roof) continue;
    const [left, right, middle] = [px + 0.02, px + 0.02 + width, py - height / 2];
    let score = 0.15;
    for (const [qx, qy] of taken) {
      const far = Math.hypot(qx - Math.min(right, Math.max(left, qx)), qy - middle);
      score = Math.min(score, far);
    }
    for (const other of all) {
      if (!('bandwidth' in other) || other.bandwidth === bandwidth) continue;
      const crossing = x.position((intensity * bandwidth) / other.bandwidth);
      if (crossing > left && crossing < right) score -= 0.1;
    }
    if (score > bestScore) [best, bestScore] = [[px, py], score];
  }
  for (let part = 0; part <= 1; part += 0.25) taken.push([best[0] + 0.02 + part * width, best[1] - height / 2]);
  return best;
}

function spot(point: RooflinePoint, number: number, x: Axis, y: Axis): string {
  const [px, py] = [percent(x.position(point.intensity)), percent(1 - y.position(point.performance))];
  return `<circle class="spot" cx="${px}" cy="${py}" r="0.62em"/><text class="spot-number" x="${px}" y="${py}" dy="0.36em" text-anchor="middle">${number}</text>`;
}

function share(point: RooflinePoint, roof: (intensity: number) => number): string {
  const part = point.performance / roof(point.intensity);
  return Number.isFinite(part) && part > 0 ? `${formatNumber(100 * part, 2)} %` : '';
}

function key(points: readonly RooflinePoint[], roof: (intensity: number) => number): string {
  const notes = points.some((point) => point.note !== undefined);
  const titles = ['#', 'Point', 'FLOP/byte', 'FLOP/s', 'Of the roof', ...(notes ? ['Note'] : [])];
  return renderGrid({
    columns: titles.map((title, i) => ({ title, right: i >= 2 && i <= 4 })),
    rows: points.map((point, i) => [
      String(i + 1),
      point.label,
      formatNumber(point.intensity, 3),
      si(point.performance, ''),
      share(point, roof),
      ...(notes ? [point.note ?? ''] : []),
    ]),
  });
}

function describe(
  points: readonly RooflinePoint[],
  ceilings: readonly Ceiling[],
  roof: (intensity: number) => number,
): string {
  const roofs = ceilings.map((c) =>
    'bandwidth' in c ? `${c.label}: ${si(c.bandwidth, 'B/s')}.` : `${c.label}: ${si(c.compute, 'FLOP/s')}.`,
  );
  const each = points.map((point, i) => {
    const part = share(point, roof);
    return `${i + 1}, ${point.label}: ${si(point.performance, 'FLOP/s')} at ${formatNumber(point.intensity, 3)} FLOP/byte${part ? `, ${part} of the roof` : ''}.`;
  });
  return ['Performance over arithmetic intensity, both logarithmic.', ...roofs, ...each].join(' ');
}
