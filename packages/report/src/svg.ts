/**
 * Drawing that keeps its text size on every screen.
 *
 * An SVG that is scaled as a whole has unreadable labels on a phone and huge ones on a wall. So these SVGs have no
 * viewBox: places are percentages of the plot, which is as wide as the page gives it; offsets of labels are in em; and
 * only the curves lie in an inner, stretched SVG of {@link GRID} units each way, with strokes that do not scale. Labels
 * of axes stand outside the plot, in the padding of its box.
 */
import type { Axis } from './axis.js';
import { escapeHtml } from './html.js';
import type { Step } from './thin.js';

/** Units of the stretched SVG. A tenth of a pixel on a plot of 1000. */
const GRID = 10_000;

/** Colours in style.ts: `.k0` and so on. */
export const COLOURS = 8;

/** Shapes of markers, around 0 0, about 8 pixels wide. The first seven can be hollow. */
const SHAPES: readonly string[] = [
  '<circle r="3.6"/>',
  '<path d="M-3.3-3.3h6.6v6.6h-6.6z"/>',
  '<path d="M0-4.6 4.3 3.2H-4.3z"/>',
  '<path d="M0-5 4.4 0 0 5-4.4 0z"/>',
  '<path d="M0 4.6 4.3-3.2H-4.3z"/>',
  '<path d="M-1.6-4.4h3.2v2.8h2.8v3.2H1.6v2.8h-3.2V1.6h-2.8v-3.2h2.8z"/>',
  '<path d="M0-4.8 4.6-1.4 2.8 4H-2.8L-4.6-1.4z"/>',
];
export const MARKERS: number = SHAPES.length;

/** Once in the page: what {@link marker} uses. */
export const MARKER_DEFINITIONS: string = `<svg width="0" height="0" class="definitions" aria-hidden="true" focusable="false"><defs>${SHAPES.map(
  (shape, i) => `<g id="marker-${i}">${shape}</g>`,
).join('')}</defs></svg>`;

/** Per cent with two decimals; y counts from the top. */
export function percent(fraction: number): string {
  return `${Number((100 * fraction).toFixed(2))}%`;
}

/** How a series looks: its colour from the palette, its marker, its dash. */
export interface Look {
  readonly colour: number;
  readonly marker: number;
  readonly dashed: boolean;
}

export function lookOf(index: number, colour: number = index, dashed = false): Look {
  return { colour: ((colour % COLOURS) + COLOURS) % COLOURS, marker: index % MARKERS, dashed };
}

export function marker(look: Look, x: string, y: string): string {
  const fill = look.dashed ? 'hollow' : 'solid';
  return `<use href="#marker-${look.marker}" x="${x}" y="${y}" class="k${look.colour} ${fill}"/>`;
}

/** The sign of a series in the legend. */
export function swatch(look: Look, marked: boolean): string {
  return `<svg class="swatch" width="34" height="14" aria-hidden="true" focusable="false"><line x1="1" x2="33" y1="7" y2="7" class="curve k${look.colour}${look.dashed ? ' dashed' : ''}"/>${marked ? marker(look, '17', '7') : ''}</svg>`;
}

/** The inner, stretched SVG. */
export function stretched(content: string, clip: boolean): string {
  return `<svg class="curves" viewBox="0 0 ${GRID} ${GRID}" preserveAspectRatio="none" width="100%" height="100%" overflow="${clip ? 'hidden' : 'visible'}">${content}</svg>`;
}

/** A curve for {@link stretched}. `null` lifts the pen; a point alone between gaps becomes a dot by its round cap. */
export function curve(steps: readonly Step[], x: Axis, y: Axis, look: Look): string {
  let path = '';
  let pen = false;
  for (const [i, step] of steps.entries()) {
    if (step === null) {
      pen = false;
      continue;
    }
    const place = `${grid(x.position(step[0]))} ${grid(1 - y.position(step[1]))}`;
    const alone = !pen && (steps[i + 1] ?? null) === null;
    path += `${pen ? 'L' : 'M'}${place}${alone ? 'h0' : ''}`;
    pen = true;
  }
  return path && `<path class="curve k${look.colour}${look.dashed ? ' dashed' : ''}" d="${path}"/>`;
}

/** Far outside is as good as just outside, and keeps the numbers within what renderers can hold. */
function grid(fraction: number): number {
  return Math.round(GRID * Math.min(20, Math.max(-20, fraction)));
}

/** Grid lines and labels of both axes. */
export function frame(x: Axis, y: Axis): string {
  const parts: string[] = [];
  for (const { value, label } of y.ticks) {
    const at = percent(1 - y.position(value));
    parts.push(`<line class="grid" x1="0" x2="100%" y1="${at}" y2="${at}"/>`);
    parts.push(`<text class="tick" x="-8" y="${at}" dy="0.34em" text-anchor="end">${escapeHtml(label)}</text>`);
  }
  const skip = x.ticks.length > 6 ? 2 : 1;
  for (const [i, { value, label }] of x.ticks.entries()) {
    const at = percent(x.position(value));
    const optional = i % skip === 0 ? '' : ' optional';
    parts.push(`<line class="grid" x1="${at}" x2="${at}" y1="0" y2="100%"/>`);
    parts.push(
      `<text class="tick${optional}" x="${at}" y="100%" dy="1.5em" text-anchor="middle">${escapeHtml(label)}</text>`,
    );
  }
  parts.push('<line class="base" x1="0" x2="100%" y1="100%" y2="100%"/>');
  return parts.join('');
}
