/** A line chart, drawn as SVG: one or two series over the steps. */
import type { VNode } from 'preact';

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 420;
const HEIGHT = 190;
const LEFT = 38;
const BOTTOM = 20;
const TOP = 8;
/** More points than pixels only cost time. */
const MOST = 400;

export function Chart(props: {
  title: string;
  series: readonly Series[];
  /** Where rounds began. */
  marks?: readonly number[];
  /** Largest value of y; default: that of the data. */
  top?: number;
}): VNode {
  const thinned = props.series.map(({ name, points }) => ({ name, points: thin(points) }));
  const all = thinned.flatMap(({ points }) => points);
  const right = Math.max(1, ...all.map(([x]) => x));
  const isEmpty = all.length === 0;
  const high = props.top ?? (isEmpty ? 1 : nice(Math.max(1e-6, ...all.map(([, y]) => y))));
  const x = (value: number): number => LEFT + ((WIDTH - LEFT - 6) * value) / right;
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / high);
  const last = thinned.map(({ name, points }) => {
    const value = points.at(-1)?.[1];
    return value === undefined ? '' : `${name} ${value.toFixed(3)}`;
  });
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${props.title}: ${last.filter(Boolean).join(', ') || 'no values yet'}`}
    >
      {[0, 0.5, 1].map((part) => (
        <g key={part}>
          <line class="grid" x1={LEFT} x2={WIDTH - 6} y1={y(part * high)} y2={y(part * high)} />
          <text x={LEFT - 5} y={y(part * high) + 4} text-anchor="end">
            {label(part * high)}
          </text>
        </g>
      ))}
      <text x={WIDTH - 6} y={HEIGHT - 4} text-anchor="end">
        {isEmpty ? 'no values yet' : right === 1 ? '1 step' : `${right} steps`}
      </text>
      {props.marks?.map((step) => (
        <line key={step} class="round" x1={x(step)} x2={x(step)} y1={TOP} y2={HEIGHT - BOTTOM} />
      ))}
      {thinned.map(({ name, points }, i) => (
        <path
          key={name}
          class={`series-${i + 1}`}
          d={points
            .map(([px, py], k) => `${k === 0 ? 'M' : 'L'}${x(px).toFixed(1)} ${y(Math.min(py, high)).toFixed(1)}`)
            .join('')}
        />
      ))}
    </svg>
  );
}

/** Means of neighbours, the last point as it is. */
function thin(points: Series['points']): Series['points'] {
  const each = Math.ceil(points.length / MOST);
  if (each <= 1) return points;
  const out: (readonly [number, number])[] = [];
  for (let first = 0; first < points.length; first += each) {
    const part = points.slice(first, first + each);
    const mean = part.reduce((sum, [, value]) => sum + value, 0) / part.length;
    out.push([part.at(-1)?.[0] ?? 0, mean]);
  }
  return out;
}

function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (([1, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) as number) ?? 10) * power;
}

function label(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(2)));
}
