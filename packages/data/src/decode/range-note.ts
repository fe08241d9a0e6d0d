/**
 * 16-bit pictures that use a part of their range.
 *
 * Scanners have 12 bits, so a slice of 0 to 4095 in a 16-bit file is common, and so are Hounsfield units plus 32768
 * (DeepLesion). The usual conversion, the high byte of each sample, leaves a dozen greys of such a picture. That is
 * told, with the range that it uses.
 */
import type { AnyImage, DepthOptions } from '../image.js';
import { LUNG_WINDOW } from '../nifti/slice.js';
import type { DataNote } from '../notes.js';

/** Fewer greys than this for nearly all pixels are a picture that lost its contrast. */
const FEW_GREYS = 64;

/** Share of the pixels whose greys are counted; the rest may be padding or burnt-in text. */
const MOST = 0.98;

/** A range with this many times the greys is worth a word. */
const WORTH = 1.5;

/** Added to Hounsfield units to store them without a sign. */
const UNSIGNED = 32768;

/**
 * What is odd about a picture's samples when they are brought to 8 bit by `range`; `undefined` for 8-bit pictures and
 * where all is well.
 *
 * @param options as for `toGrey8`
 */
export function rangeNote(image: AnyImage, { range = 'full' }: DepthOptions = {}): DataNote | undefined {
  const { data, channels } = image;
  if (!(data instanceof Uint16Array) || range === 'minmax') return undefined;
  const counts = colourCounts(data, channels);
  const used = counts.flatMap((count, value) => (count > 0 ? [value] : []));
  const [low, high] = [used[0] as number, used.at(-1) as number];
  if (low === high) return undefined;
  const [black, white] = range === 'full' ? [0, 65535] : range;
  const grey = range === 'full' ? (value: number): number => value >> 8 : greyBy(black, white);
  const greys = greysOfMost(counts, grey);
  // A picture of few values loses nothing, be it a mask or one of 8 bits that was stored in 16.
  const values = greysOfMost(counts, (value) => value);
  const isDark = grey(high) < 128;
  const isBright = grey(low) > 127;
  if ((greys >= FEW_GREYS || values < 2 * greys) && !(values > 2 && (isDark || isBright))) return undefined;
  const [from, to] = withoutOutlier(used);
  const isHounsfield = from >= UNSIGNED - 2048 && to <= UNSIGNED + 8192;
  // What begins near 0 is meant from 0 on: the least value of a slice is not air everywhere.
  const wide = [from <= to / 4 ? 0 : from, to] as const;
  const lung = LUNG_WINDOW.map((value) => value + UNSIGNED).join();
  const suggested = [...(isHounsfield ? [lung] : []), wide.join(), ...(to === high && from === low ? ['minmax'] : [])];
  // Who took the advice hears it no more, nor who took a range that is as good.
  if (range !== 'full' && suggested.includes(range.join())) return undefined;
  if (!isDark && !isBright && greysOfMost(counts, greyBy(...wide)) < WORTH * greys) return undefined;
  const hint = isHounsfield
    ? `; they look like Hounsfield units + ${UNSIGNED}, of which ${lung} is the lung window`
    : '';
  const scale = range === 'full' ? 'of 65535' : `and the range is ${black} to ${white}`;
  return {
    code: 'RANGE_UNUSED',
    message: `its samples are ${low} to ${high} ${scale}, so nearly all of it becomes ${greys} greys${hint}`,
    suggest: { option: 'range', values: suggested },
  };
}

/** As `toGrey8` has it. */
function greyBy(black: number, white: number): (value: number) => number {
  return (value) => Math.round((255 * Math.min(white - black, Math.max(0, value - black))) / (white - black));
}

/** How often each value occurs, alpha left out. */
function colourCounts(data: Uint16Array, channels: number): number[] {
  const counts = new Uint32Array(65536);
  const colours = channels % 2 === 0 ? channels - 1 : channels;
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < colours; c++) counts[data[i + c]!]!++;
  }
  return Array.from(counts);
}

/** The least number of greys that cover most of the pixels. */
function greysOfMost(counts: readonly number[], grey: (value: number) => number): number {
  const byGrey = new Map<number, number>();
  let total = 0;
  for (const [value, count] of counts.entries()) {
    if (count === 0) continue;
    byGrey.set(grey(value), (byGrey.get(grey(value)) ?? 0) + count);
    total += count;
  }
  let [sum, greys] = [0, 0];
  for (const count of [...byGrey.values()].sort((a, b) => b - a)) {
    if (sum >= MOST * total) break;
    sum += count;
    greys++;
  }
  return greys;
}

/** Least and largest value; a padding far below or above all others does not count. */
function withoutOutlier(used: readonly number[]): readonly [number, number] {
  let [first, last] = [0, used.length - 1];
  const value = (at: number): number => used[at] as number;
  if (used.length > 3 && value(1) - value(0) > value(last) - value(1)) first = 1;
  if (used.length > 3 && value(last) - value(last - 1) > value(last - 1) - value(first)) last--;
  return [value(first), value(last)];
}
