/**
 * What the value of an option is, as plain data. Its type, how text becomes it, what is checked of it (also in a file
 * of settings), and what is said of a wrong one follow from the kind.
 */
import { type DepthOptions, isSliceOrientation, type SliceOrientation, type VolumeWindow } from '@infnet/data';
import * as v from 'valibot';

export type Kind =
  | { readonly kind: 'flag' }
  | { readonly kind: 'text' }
  /** Of a file or folder: kept absolute. */
  | { readonly kind: 'path' }
  /** Texts, one for each time that the option is given. */
  | { readonly kind: 'texts' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** From 0, where nothing else is said. */
  | { readonly kind: 'whole'; readonly least?: number; readonly most?: number }
  /** From 0, where nothing else is said; of float32 where nothing is said of how large it may be. */
  | {
      readonly kind: 'number';
      readonly above?: number;
      readonly least?: number;
      readonly below?: number;
      readonly most?: number;
    }
  /** Numbers above 0, separated by commas. */
  | { readonly kind: 'numbers' }
  /** What becomes black and white in 16-bit pictures. */
  | { readonly kind: 'range' }
  /** What becomes black and white in volumes. */
  | { readonly kind: 'window' }
  /** How slices of volumes lie. */
  | { readonly kind: 'orient' };

interface Values {
  readonly flag: boolean;
  readonly text: string;
  readonly path: string;
  readonly texts: readonly string[];
  readonly whole: number;
  readonly number: number;
  readonly numbers: readonly number[];
  readonly range: NonNullable<DepthOptions['range']>;
  readonly window: VolumeWindow;
  readonly orient: SliceOrientation;
}

/** The type of the values of a kind. */
export type ValueOf<K> = K extends { readonly kind: 'choice'; readonly values: readonly (infer V)[] }
  ? V
  : K extends { readonly kind: infer N extends keyof Values }
    ? Values[N]
    : never;

/** What stands for a value in help where a row does not say. */
export const VALUE_NAMES: Readonly<Record<Exclude<Kind['kind'], 'flag'>, string>> = {
  whole: 'n',
  number: 'number',
  numbers: 'list',
  choice: 'kind',
  text: 'file',
  texts: 'name',
  path: 'file',
  range: 'range',
  window: 'window',
  orient: 'how',
};

/** What a device computes with: float32. Beyond it a number would be Infinity there, and below it 0. */
const [LARGEST, SMALLEST] = [3.4028234e38, 2 ** -126];

/** How a value is checked, and how text becomes one; the check also tells whether the text was one. */
interface Reading {
  readonly schema: v.GenericSchema<unknown>;
  readonly fromText: (text: string, before: unknown) => unknown;
}

export function schemaOf(kind: Kind): v.GenericSchema<unknown> {
  return readingOf(kind).schema;
}

/** A value from its text, or what is wrong with it, as advice. */
export type Read<K> = { readonly value: ValueOf<K> } | { readonly problem: string };

/** @param before the value so far, of an option that may be given several times */
export function readText<K extends Kind>(kind: K, text: string, before?: unknown): Read<K> {
  const { schema, fromText } = readingOf(kind);
  const value = fromText(text, before);
  if (isOf(kind, value)) return { value };
  return { problem: v.safeParse(schema, value).issues?.[0].message ?? '' };
}

function isOf<K extends Kind>(kind: K, value: unknown): value is ValueOf<K> {
  return v.is(schemaOf(kind), value);
}

function readingOf(kind: Kind): Reading {
  switch (kind.kind) {
    case 'flag':
      return { schema: v.boolean('Give true or false.'), fromText: (text) => text === 'true' };
    case 'text':
    case 'path':
      return { schema: v.string('Give a text.'), fromText: (text) => text };
    case 'texts':
      return {
        schema: v.array(v.string('Give texts.'), 'Give texts.'),
        fromText: (text, before) => [...(Array.isArray(before) ? before : []), text],
      };
    case 'choice':
      return { schema: v.picklist(kind.values, `Give ${kind.values.join(', ')}.`), fromText: (text) => text };
    case 'whole':
      return whole(kind);
    case 'number':
      return number(kind);
    case 'numbers':
      return numbers();
    case 'range':
      return range();
    case 'window':
      return window();
    case 'orient':
      return orient();
  }
}

function whole({ least = 0, most = Number.MAX_SAFE_INTEGER }: Kind & { readonly kind: 'whole' }): Reading {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  const advice = `Give a whole number ${range}.`;
  const schema = v.pipe(v.number(advice), v.integer(advice), v.minValue(least, advice), v.maxValue(most, advice));
  return { schema, fromText: (text) => (/^\d+$/.test(text) ? Number(text) : undefined) };
}

function number({ above, least, below, most }: Kind & { readonly kind: 'number' }): Reading {
  const highest = below ?? most;
  const low = above ?? least ?? 0;
  const isHeld = (value: number): boolean => value <= LARGEST && (value === 0 || Math.abs(value) >= SMALLEST);
  const fits = (value: number): boolean =>
    (above === undefined ? value >= low : value > low) &&
    (highest === undefined ? isHeld(value) : below === undefined ? value <= highest : value < highest);
  const from = above === undefined ? 'of at least' : 'above';
  const advice =
    highest === undefined
      ? `Give a number ${from} ${low}, up to ${LARGEST}.`
      : `Give a number between ${low} and ${highest}.`;
  return { schema: v.pipe(v.number(advice), v.check(fits, advice)), fromText: numberFrom };
}

function numbers(): Reading {
  const advice = 'Give numbers above 0, separated by commas.';
  const one = v.pipe(v.number(advice), v.minValue(SMALLEST, advice), v.maxValue(LARGEST, advice));
  return {
    schema: v.pipe(v.array(one, advice), v.minLength(1, advice)),
    fromText: (text) => text.split(',').map(Number),
  };
}

function range(): Reading {
  const advice = 'Give full, minmax, or two whole numbers LOW,HIGH up to 65535.';
  const bound = v.pipe(v.number(advice), v.integer(advice), v.minValue(0, advice), v.maxValue(65535, advice));
  return {
    schema: v.union([v.picklist(['full', 'minmax']), pair(bound, advice)], advice),
    fromText: (text) => (/^\d+,\d+$/.test(text) ? text.split(',').map(Number) : text),
  };
}

function window(): Reading {
  const advice = 'Give lung, minmax, or two numbers LOW,HIGH with LOW below HIGH.';
  return {
    schema: v.union([v.picklist(['lung', 'minmax']), pair(v.pipe(v.number(), v.finite()), advice)], advice),
    fromText: (text) => (text.includes(',') ? text.split(',').map(numberFrom) : text),
  };
}

/** Two numbers, the lower first. */
function pair(one: v.GenericSchema<number>, advice: string): v.GenericSchema<unknown> {
  return v.pipe(
    v.strictTuple([one, one], advice),
    v.check(([low, high]) => low < high, advice),
  );
}

function orient(): Reading {
  const advice =
    'Give released, upright, transposed, as-stored, or where right and down lead in the patient, two of R L A P S I, e.g. PL.';
  return {
    schema: v.pipe(v.string(advice), v.check(isSliceOrientation, advice)),
    fromText: (text) => (/^[rlapsi]{2}$/i.test(text) ? text.toUpperCase() : text),
  };
}

/** NaN for what is not a number, an empty text included. */
function numberFrom(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
