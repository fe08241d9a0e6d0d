/**
 * Class maps: a picture whose pixels name a class. In memory a grey picture of 0, 1, 2 (`ClassMap`); in files one of the forms
 * that are about: a palette PNG whose indices are the classes (the published one), its colours (black, red, green), the
 * greys 0, 1, 2, or 0, 38, 75, which is what the palette's colours become when the released code reads them as grey.
 */
import { dataError } from '../errors.js';
import { type AnyImage, checkSize, type DecodedImage, type GreyImage } from '../image.js';
import { encodeIndexedPng, encodePng } from '../png.js';

/** 0 background, 1 ground-glass opacity, 2 consolidation, one byte per pixel, row-major. */
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

/** Classes of a picture's pixels; `foreign` tells what was found when it is no class map. Never throws. */
export function readClassMap(picture: AnyImage): ReadClassMap {
  const { width, height } = picture;
  const keys = keysOf(picture);
  const meaning = new Map<number, number>();
  const foreign: string[] = [];
  for (const key of [...new Set(keys.values)].sort((a, b) => a - b)) {
    const found = keys.classOf(key);
    if (found === undefined) foreign.push(keys.spell(key));
    else meaning.set(key, found);
  }
  // The greys 0, 1, 2 and 0, 38, 75 exclude each other.
  const mixed = keys.kind === 'grey' && [1, 2].some((v) => meaning.has(v)) && [38, 75].some((v) => meaning.has(v));
  if (mixed) foreign.push(...[...meaning.keys()].map(keys.spell));
  if (foreign.length > 0) {
    const more = foreign.length > LISTED ? `, and ${foreign.length - LISTED} more` : '';
    return { foreign: `${keys.what} ${foreign.slice(0, LISTED).join(', ')}${more}` };
  }
  const data = Uint8Array.from(keys.values, (key) => meaning.get(key) as number);
  const classes: ClassMap = { width, height, channels: 1, data };
  return { classes, counts: countClasses(classes) };
}

interface Keys {
  readonly kind: 'index' | 'colour' | 'grey';
  /** One number per pixel, equal for equal pixels. */
  readonly values: ArrayLike<number> & Iterable<number>;
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
  const count = picture.width * picture.height;
  const colour = channels >= 3;
  const values = new Float64Array(count);
  let grey = true;
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    const r = data[at] as number;
    const [g, b] = colour ? [data[at + 1] as number, data[at + 2] as number] : [r, r];
    values[i] = (r * 65536 + g) * 65536 + b;
    grey &&= r === g && g === b;
  }
  return grey ? greyKeys(values) : colourKeys(values);
}

const GREY_CLASSES: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 1],
  [2, 2],
  [RELEASED_GREYS[1], 1],
  [RELEASED_GREYS[2], 2],
]);

function greyKeys(colours: Float64Array): Keys {
  const values = Float64Array.from(colours, (v) => v % 65536);
  return { kind: 'grey', values, what: 'greys', classOf: (v) => GREY_CLASSES.get(v), spell: String };
}

function colourKeys(values: Float64Array): Keys {
  const split = (key: number): [number, number, number] => [
    Math.floor(key / 65536 ** 2),
    Math.floor(key / 65536) % 65536,
    key % 65536,
  ];
  return {
    kind: 'colour',
    values,
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
    values,
    what: 'palette indices',
    classOf: (key) => (key <= 2 && !ambiguous(key) ? key : undefined),
    spell: (key) => `${key} (${palette[key]?.slice(0, 3).join(', ')})`,
  };
}

/** Pixels of each class. */
export function countClasses({ data }: ClassMap): ClassCounts {
  const counts: [number, number, number] = [0, 0, 0];
  for (const value of data) counts[value as 0 | 1 | 2]++;
  return counts;
}

/**
 * A class map as a PNG file that keeps the classes.
 *
 * @param format `palette` (default): indices with the published palette, seen in colour; `grey`: values 0, 1, 2; `released`: 0, 38, 75
 * @throws `DATA_ARGUMENT` for values other than 0, 1, 2
 */
export function encodeClassMap(map: ClassMap, format: 'palette' | 'grey' | 'released' = 'palette'): Uint8Array {
  checkClassMap(map);
  if (format === 'palette') return encodeIndexedPng(map, CLASS_PALETTE);
  if (format === 'grey') return encodePng(map);
  return encodePng({ ...map, data: map.data.map((v) => RELEASED_GREYS[v] as number) });
}

/** Throws `DATA_ARGUMENT` unless the map holds classes only. */
export function checkClassMap(map: ClassMap): void {
  checkSize(map, 'class map');
  const wrong = map.data.find((v) => v > 2);
  if (wrong === undefined) return;
  throw dataError({
    code: 'DATA_ARGUMENT',
    message: `A class map holds 0, 1 and 2; a pixel is ${wrong}.`,
    fix: 'Read it with readClassMap, which also takes colours and the released greys.',
  });
}
