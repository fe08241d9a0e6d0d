/**
 * Class maps: a picture whose pixels name a class. In memory a grey picture of 0, 1, 2 (`ClassMap`); in files one of
 * the forms that are about: a palette PNG whose indices are the classes (the published one), its colours (black, red,
 * green), the greys 0, 1, 2, or 0, 38, 75, which is what the palette's colours become when the released code reads them
 * as grey.
 */
import { dataError } from '../errors.js';
import { type AnyImage, checkSize, type DecodedImage, type GreyImage } from '../image.js';
import { encodeIndexedPng, encodePng } from '../png.js';

/**
 * 0 background, 1 ground-glass opacity, 2 consolidation, one byte per pixel, row-major; and, of a data set that was
 * opened with `ignoreIndex`, that number where pixels are not to count.
 */
export type ClassMap = GreyImage;

/** Names of the classes, by number. */
export const CLASS_NAMES: readonly ['background', 'ground-glass opacity', 'consolidation'] = [
  'background',
  'ground-glass opacity',
  'consolidation',
];

/** Colours of the published class maps. */
export const CLASS_PALETTE: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [128, 0, 0],
  [0, 128, 0],
];

/** Greys that the palette's colours become, by class (ITU-R 601 of the palette). */
export const RELEASED_GREYS: readonly [number, number, number] = [0, 38, 75];

/** Which classes a map has, and how many pixels of each. */
export type ClassCounts = readonly [number, number, number];

export type ReadClassMap = { readonly classes: ClassMap; readonly counts: ClassCounts } | { readonly foreign: string };

const LISTED = 8;
/** Different values that are looked at: no class map has more, and a photograph's would fill the memory. */
const MOST_VALUES = 1024;

export interface ReadClassMapOptions {
  /**
   * A grey or a palette index, 3 to 255, of pixels that are not to count: they keep it, and no class counts them.
   * Default: none.
   */
  readonly ignoreIndex?: number | undefined;
}

/**
 * Classes of a picture's pixels; `foreign` tells what was found when it is not a class map, and on how many pixels.
 * Never throws for what is wrong with the picture.
 *
 * @throws `DATA_ARGUMENT` for an `ignoreIndex` that is a class, or no byte
 */
export function readClassMap(picture: AnyImage, { ignoreIndex }: ReadClassMapOptions = {}): ReadClassMap {
  checkIgnoreIndex(ignoreIndex);
  const { width, height } = picture;
  const keys = keysOf(picture);
  const seen = new Map<number, Seen>();
  const data = new Uint8Array(width * height);
  const small = new Array<Seen | undefined>(256).fill(undefined);
  // Most pixels are like the one before.
  let [last, value] = [Number.NaN, undefined as Seen | undefined];
  for (let i = 0; i < data.length; i++) {
    const key = keys.at(i);
    if (key !== last) value = key < small.length ? small[key] : seen.get(key);
    last = key;
    if (value === undefined) {
      if (seen.size === MOST_VALUES) return { foreign: `more than ${MOST_VALUES} different ${keys.what}` };
      const ignored = keys.kind !== 'colour' && key === ignoreIndex;
      value = { found: ignored ? key : keys.classOf(key), pixels: 0 };
      seen.set(key, value);
      if (key < small.length) small[key] = value;
    }
    value.pixels++;
    data[i] = value.found ?? 0;
  }
  const sorted = [...seen].sort(([a], [b]) => a - b);
  // The greys 0, 1, 2 and 0, 38, 75 exclude each other.
  const mixed = keys.kind === 'grey' && [1, 2].some((v) => seen.has(v)) && [38, 75].some((v) => seen.has(v));
  const foreign = sorted.filter(([, { found }]) => found === undefined || mixed);
  if (foreign.length > 0) {
    const shown = foreign.slice(0, LISTED).map(([key, { pixels }]) => `${keys.spell(key)} on ${pixels}`);
    const more = foreign.length > LISTED ? `, and ${foreign.length - LISTED} more` : '';
    return { foreign: `${keys.what} ${shown.join(', ')}${more} of ${data.length} pixels` };
  }
  const classes: ClassMap = { width, height, channels: 1, data };
  return { classes, counts: countClasses(classes) };
}

/** What a value is as a class, and on how many pixels it is. */
interface Seen {
  readonly found: number | undefined;
  pixels: number;
}

interface Keys {
  readonly kind: 'index' | 'colour' | 'grey';
  /** A number for a pixel, equal for equal pixels. */
  at(pixel: number): number;
  readonly what: string;
  classOf(key: number): number | undefined;
  spell(key: number): string;
}

function keysOf(picture: AnyImage): Keys {
  const indexed = picture as Partial<Pick<DecodedImage, 'indices' | 'palette'>>;
  if (indexed.indices !== undefined && indexed.palette !== undefined) {
    return indexKeys(indexed.indices, indexed.palette);
  }
  const { data, channels } = picture;
  const colour = channels >= 3;
  let grey = true;
  for (let at = 0; grey && colour && at < data.length; at += channels) {
    grey = data[at] === data[at + 1] && data[at] === data[at + 2];
  }
  if (grey) {
    const at = (pixel: number): number => data[pixel * channels] as number;
    return { kind: 'grey', at, what: 'greys', classOf: (v) => GREY_CLASSES.get(v), spell: String };
  }
  const at = (pixel: number): number => {
    const from = pixel * channels;
    return ((data[from] as number) * 65536 + (data[from + 1] as number)) * 65536 + (data[from + 2] as number);
  };
  return colourKeys(at);
}

const GREY_CLASSES: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 1],
  [2, 2],
  [RELEASED_GREYS[1], 1],
  [RELEASED_GREYS[2], 2],
]);

function colourKeys(at: Keys['at']): Keys {
  const split = (key: number): [number, number, number] => [
    Math.floor(key / 65536 ** 2),
    Math.floor(key / 65536) % 65536,
    key % 65536,
  ];
  return {
    kind: 'colour',
    at,
    what: 'colours',
    classOf: (key) => classOfColour(split(key)),
    spell: (key) => `(${split(key).join(', ')})`,
  };
}

/** Pure red and pure green of any strength that cannot be mistaken for black. */
function classOfColour([r, g, b]: readonly number[]): number | undefined {
  if (r === undefined || g === undefined || b !== 0) return undefined;
  if (r === 0 && g === 0) return 0;
  if (g === 0 && r >= 64) return 1;
  return r === 0 && g >= 64 ? 2 : undefined;
}

/** An index is its class, whatever its colour; unless the colour says another class. */
function indexKeys(values: Uint8Array, palette: readonly (readonly number[])[]): Keys {
  const ambiguous = (key: number): boolean => {
    const said = classOfColour(palette[key]?.slice(0, 3) ?? []);
    return said !== undefined && said !== 0 && said !== key;
  };
  return {
    kind: 'index',
    at: (pixel) => values[pixel] as number,
    what: 'palette indices',
    classOf: (key) => (key <= 2 && !ambiguous(key) ? key : undefined),
    spell: (key) => `${key} (${palette[key]?.slice(0, 3).join(', ')})`,
  };
}

/** @throws `DATA_ARGUMENT` unless it is a byte that is not a class. */
export function checkIgnoreIndex(ignoreIndex: number | undefined): void {
  if (ignoreIndex === undefined || (Number.isInteger(ignoreIndex) && ignoreIndex >= 3 && ignoreIndex <= 255)) return;
  throw dataError({
    code: 'DATA_ARGUMENT',
    message: `ignoreIndex is ${ignoreIndex}; a byte that is no class is needed, 3 to 255.`,
    fix: 'Give the grey or palette index of the pixels that are not to count, usually 255.',
  });
}

/** Pixels of each class; those that are not to count are left out. */
export function countClasses({ data }: ClassMap): ClassCounts {
  const counts: [number, number, number] = [0, 0, 0];
  for (const value of data) if (value <= 2) counts[value as 0 | 1 | 2]++;
  return counts;
}

/**
 * A class map as a PNG file that keeps the classes.
 *
 * @param format `palette` (default): indices with the published palette, seen in colour; `grey`: values 0, 1, 2;
 *   `released`: 0, 38, 75
 * @throws `DATA_ARGUMENT` for values other than 0, 1, 2
 */
export function encodeClassMap(map: ClassMap, format: 'palette' | 'grey' | 'released' = 'palette'): Uint8Array {
  checkClassMap(map);
  if (format === 'palette') return encodeIndexedPng(map, CLASS_PALETTE);
  if (format === 'grey') return encodePng(map);
  return encodePng({ ...map, data: map.data.map((v) => RELEASED_GREYS[v] as number) });
}

/** Throws `DATA_ARGUMENT` unless the map holds classes only, and `ignoreIndex` if that is given. */
export function checkClassMap(map: ClassMap, ignoreIndex?: number): void {
  checkSize(map, 'class map');
  const wrong = map.data.find((v) => v > 2 && v !== ignoreIndex);
  if (wrong === undefined) return;
  throw dataError({
    code: 'DATA_ARGUMENT',
    message: `A class map holds 0, 1 and 2; ${map.data.filter((v) => v > 2).length} of ${map.data.length} pixels do not, one is ${wrong}.`,
    fix: 'Read it with readClassMap, which also takes colours and the released greys.',
  });
}
