/**
 * What the values of a mask mean: one reader for training, evaluation and pseudo labels, of pictures and of volumes.
 *
 * A mask that does not hold what its mode promises is not guessed at. It is refused with the values found, and with the
 * modes that make something of them: a mask of 0 and 1 has nothing above 128, so `threshold` would leave it empty; the
 * grey seams of a JPEG would all be infected with `nonzero`.
 */
import type { DecodedImage, GreyImage } from '../image.js';

/**
 * - `binary` (default): 0 and 255; anything else is a problem, so that a class map or a JPEG's grey seam is not taken
 *   for a mask unnoticed. In a volume 0 and 1 are binary too.
 * - `soft`: every value v means a probability of v / 255, e.g. the released pseudo labels.
 * - `nonzero`: infected where above 0 or coloured, e.g. masks of 0 and 1, palette masks, or class maps whose classes
 *   are joined.
 * - `threshold`: infected where above 128, as the released `binary2edge` cuts (quirk 21); e.g. masks stored as JPEG.
 */
export type MaskMode = 'binary' | 'soft' | 'nonzero' | 'threshold';

/** Which classes a mask has. */
export type MaskContent = 'empty' | 'full' | 'mixed';

/** Why a mask cannot be taken as its mode has it. */
export interface ForeignMask {
  /** The values found. */
  readonly note: string;
  /** What makes something of them. */
  readonly fix: string;
}

export interface ReadMask {
  readonly mask: GreyImage;
  readonly content: MaskContent;
  /** Present when the values are not what the mode promises; `mask` is then of no use. */
  readonly foreign?: ForeignMask;
  /** Something odd that is taken all the same. */
  readonly odd?: string;
}

const LISTED = 8;
/** Chroma noise of a grey JPEG stays below this; a colour that means something does not. */
const COLOURED = 64;
/** Of an 8-bit mask; a deeper one is cut at the same share of its white. */
const ABOVE = 128;
const WHITE = 255;
/** Traces that a JPEG leaves around what is white. */
const FAINT = 32;

/** A decoded picture as a mask; its values in `mask` are 0 and 255, with `soft` all bytes. */
export function readMask(picture: DecodedImage, mode: MaskMode): ReadMask {
  const { width, height, depth, channels } = picture;
  const white = depth === 16 ? 65535 : WHITE;
  const { levels, lit, colours, spread } = levelsOf(picture);
  const values = distinct(levels);
  const coloured = spread > (mode === 'binary' || mode === 'nonzero' ? 0 : COLOURED);
  const cut = (ABOVE / WHITE) * white;
  const data = Uint8Array.from(levels, (v, i) =>
    mode === 'nonzero' ? lit(i) : mode === 'threshold' ? (v > cut ? WHITE : 0) : narrow(v, white),
  );
  const content = contentOf(data);
  const foreign =
    hiddenMask(picture, content) ??
    (coloured && mode !== 'nonzero' ? foreignColours(colours, mode) : foreignValues(values, white, mode));
  const odd = foreign === undefined && mode === 'nonzero' && channels < 3 ? faint(values, white) : undefined;
  return {
    mask: { width, height, channels: 1, data },
    content,
    ...(foreign === undefined ? {} : { foreign }),
    ...(odd === undefined ? {} : { odd }),
  };
}

export function contentOf(data: Uint8Array): MaskContent {
  let [black, white] = [false, false];
  for (let i = 0; i < data.length && !(black && white); i++) {
    black ||= data[i] !== WHITE;
    white ||= data[i] !== 0;
  }
  return !white ? 'empty' : !black ? 'full' : 'mixed';
}

/**
 * What is wrong with grey values under a mode.
 *
 * @param values different ones, rising
 * @param white what is fully infected
 * @param binary the values that `binary` takes. Default 0 and `white`
 */
export function foreignValues(
  values: readonly number[],
  white: number,
  mode: MaskMode,
  binary: readonly number[] = [0, white],
): ForeignMask | undefined {
  const cut = (ABOVE / WHITE) * white;
  const above = values.some((v) => v > cut);
  const labels = values.length <= LISTED;
  const wrong =
    mode === 'binary'
      ? values.some((v) => !binary.includes(v))
      : // Few values, none of them light: labels, which the threshold would drop. Many are a lesion's faint rim.
        mode === 'threshold' && labels && !above && values.some((v) => v > 0);
  if (!wrong) return undefined;
  return { note: spell(values, white), fix: adviceFor(values, cut) };
}

/** Only modes after which the mask has both classes. */
function adviceFor(values: readonly number[], cut: number): string {
  const zero = values.includes(0);
  const above = values.some((v) => v > cut);
  const below = values.some((v) => v <= cut);
  const binary = 'Masks hold 0 and 255.';
  if (above && values.length > LISTED) {
    return `${binary} These have grey in between: if it is the seam of a JPEG or of a smooth outline, say so with { masks: 'threshold' } (above 128 is infected); if it is probabilities, with { masks: 'soft' }.`;
  }
  if (zero && above && below && values.some((v) => v > 0 && v <= cut)) {
    return `${binary} Otherwise say what they mean with { masks: 'nonzero' } (all above 0 is infected) or { masks: 'threshold' } (only what is above 128).`;
  }
  if (zero) return `${binary} Otherwise say what they mean with { masks: 'nonzero' }: all above 0 is infected.`;
  if (above && below) {
    return `${binary} These have no 0; if what is above 128 is infected, say so with { masks: 'threshold' }.`;
  }
  return `${binary} These have no background of 0: export them again with 0 where nothing is infected.`;
}

function foreignColours(colours: readonly string[], mode: MaskMode): ForeignMask {
  const shown = colours.slice(0, LISTED).join(', ');
  const note = `colours ${shown}${colours.length > LISTED ? ', ...' : ''}`;
  const what = mode === 'binary' ? 'Masks hold 0 and 255' : 'Colours are no probabilities';
  const fix = colours.includes('(0, 0, 0)')
    ? `${what}; if all that is not black is infected, say so with { masks: 'nonzero' }.`
    : `${what}; these have no black: export them with black where nothing is infected, and not the slice with an overlay.`;
  return { note, fix };
}

/** A mask that lies where nobody looks: in the transparency, or in palette indices of one colour. */
function hiddenMask(picture: DecodedImage, content: MaskContent): ForeignMask | undefined {
  const { data, channels, indices } = picture;
  if (channels === 2 || channels === 4) {
    let [clear, opaque] = [false, false];
    for (let at = 0, last = channels - 1; at < data.length; at += channels) {
      const alpha = data[at + last];
      clear ||= alpha === 0;
      opaque ||= alpha !== 0;
      if (alpha !== 0 || (data[at] === 0 && data[at + last - 1] === 0 && data[at + (last >> 1)] === 0)) continue;
      return transparent(`transparent pixels of the colour (${data.subarray(at, at + last).join(', ')})`);
    }
    if (clear && opaque && content !== 'mixed') return transparent('one colour, of which a part is transparent');
  }
  if (indices === undefined || content === 'mixed') return undefined;
  const used = distinct(indices);
  if (used.length < 2 || picture.data.some((v, i) => v !== picture.data[i % channels])) return undefined;
  return {
    note: `palette indices ${used.slice(0, LISTED).join(', ')}, all of one colour`,
    fix: 'Export these masks as grey values, or with a palette of different colours.',
  };
}

function transparent(note: string): ForeignMask {
  return { note, fix: 'Export these masks without transparency: what is infected white, on black.' };
}

/** With `nonzero` the traces around what is white count as infected. */
function faint(values: readonly number[], white: number): string | undefined {
  const traces = values.filter((v) => v > 0 && v <= (FAINT / WHITE) * white);
  if (values.length <= LISTED || traces.length === 0 || (values.at(-1) as number) <= (ABOVE / WHITE) * white) {
    return undefined;
  }
  return `faint values ${traces.slice(0, LISTED).join(', ')} count as infected; the mode threshold would cut them`;
}

interface Levels {
  /** Grey of every pixel, at the file's depth (ITU-R 601 of colours, as Pillow has it). Alpha is dropped. */
  readonly levels: Uint8Array | Uint16Array;
  /** 255 where a pixel is not black. */
  readonly lit: (i: number) => number;
  /** Different colours, a few more than are listed. */
  readonly colours: readonly string[];
  /** Largest difference between the channels of a pixel, of 255. */
  readonly spread: number;
}

function levelsOf({ width, height, channels, depth, data }: DecodedImage): Levels {
  const count = width * height;
  if (channels === 1) return { levels: data, lit: (i) => (data[i] === 0 ? 0 : WHITE), colours: [], spread: 0 };
  const levels = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const lit = new Uint8Array(count);
  const colours = new Set<string>();
  let spread = 0;
  for (let i = 0, at = 0; i < count; i++, at += channels) {
    const r = data[at] as number;
    const [g, b] = channels > 2 ? [data[at + 1] as number, data[at + 2] as number] : [r, r];
    levels[i] = Math.floor((19595 * r + 38470 * g + 7471 * b + 32768) / 65536);
    lit[i] = r === 0 && g === 0 && b === 0 ? 0 : WHITE;
    spread = Math.max(spread, Math.max(r, g, b) - Math.min(r, g, b));
    if (channels > 2 && colours.size <= LISTED) colours.add(`(${r}, ${g}, ${b})`);
  }
  return {
    levels,
    lit: (i) => lit[i] as number,
    colours: [...colours],
    spread: depth === 16 ? spread / 257 : spread,
  };
}

/**
 * 16 bits to 8 such that only 0 becomes 0 and only 65535 becomes 255: a mask of 0 and 1 does not turn into an empty
 * one.
 */
function narrow(v: number, white: number): number {
  if (white === WHITE) return v;
  return v === 0 ? 0 : v === white ? WHITE : Math.min(254, Math.max(1, v >> 8));
}

function distinct(levels: Uint8Array | Uint16Array): number[] {
  const used = new Uint8Array(levels instanceof Uint16Array ? 65536 : 256);
  for (let i = 0; i < levels.length; i++) used[levels[i] as number] = 1;
  return Array.from(used.keys()).filter((value) => used[value] === 1);
}

function spell(values: readonly number[], white: number): string {
  const shown = values
    .slice(0, LISTED)
    .map((v) => Number(v.toPrecision(6)))
    .join(', ');
  const of = white === 65535 ? ' of 65535' : '';
  return values.length > LISTED ? `${values.length} values: ${shown}, ...${of}` : `values ${shown}${of}`;
}

/**
 * Whether a mask with both classes is infected all along its border: then it says the opposite, as no lesion does that.
 */
export function looksInverted({ width, height, data }: GreyImage): boolean {
  if (width < 3 || height < 3 || !data.includes(0)) return false;
  for (let x = 0; x < width; x++) if (data[x] !== WHITE || data[(height - 1) * width + x] !== WHITE) return false;
  for (let y = 0; y < height; y++) if (data[y * width] !== WHITE || data[y * width + width - 1] !== WHITE) return false;
  return true;
}
