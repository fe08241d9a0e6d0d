/**
 * Where a result comes from: which weights, shown what, through which window, cut at which threshold, computed by what.
 *
 * A mask without that is a picture of which nobody can say a week later how it was made. So every result carries it, in
 * one form for the command line and the page: JSON in a text chunk of a PNG and in a header extension of a NIfTI
 * volume, a line in the volume's `descrip`, and columns in tables. The time is in tables alone: the same slice and
 * weights give the same file, byte for byte.
 */
import { dataError } from './errors.js';
import type { SliceOrientation } from './nifti/orient.js';

export interface Provenance {
  /** Of infnet. */
  readonly version: string;
  /** Name of the file of weights, without its folder. */
  readonly weights: string;
  /** SHA-256 of that file, 64 hexadecimal digits: what `sha256sum` says. */
  readonly weightsSha256: string;
  /** What the file says it was trained on. */
  readonly trainedOn?: string;
  /** For people, e.g. `res2net50, width 1, 32 channels`. */
  readonly net: string;
  /** Pixels per side of the net's input. */
  readonly size: number;
  /** Of a volume: the values that were black and white. */
  readonly window?: readonly [number, number];
  /** Of a volume: how its slices lay when the net saw them. */
  readonly orient?: SliceOrientation;
  /** Of a 16-bit picture, where it was not the full range: which values were black and white. */
  readonly range?: string;
  /** Of a mask, an overlay or figures: where the probability is at least this. */
  readonly threshold?: number;
  /** Each slice's probabilities were stretched to 0..1. */
  readonly stretched?: boolean;
  /** What it was computed with, e.g. `exact`. */
  readonly precision: string;
  readonly adapter: string;
  /** When, as ISO 8601. In tables only. */
  readonly time?: string;
}

/** Under this name the text stands in a PNG file. */
export const PROVENANCE_KEYWORD = 'infnet';

/** Digits of a hash that are enough to tell files apart by eye. */
const SHORT = 12;

/** SHA-256 of bytes, 64 hexadecimal digits. Needs a secure context in a browser, as WebGPU does. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // A view of shared memory is refused by WebCrypto.
  const whole = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The first digits of a hash, for people. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT);
}

/** The name that a text or column has of each field, in the order in which they are written. */
const NAMES: readonly (readonly [field: keyof Provenance, name: string])[] = [
  ['version', 'infnet'],
  ['weights', 'weights'],
  ['weightsSha256', 'weights_sha256'],
  ['trainedOn', 'trained_on'],
  ['net', 'net'],
  ['size', 'size'],
  ['window', 'window'],
  ['orient', 'orientation'],
  ['range', 'range'],
  ['threshold', 'threshold'],
  ['stretched', 'stretched'],
  ['precision', 'precision'],
  ['adapter', 'adapter'],
];

/** As JSON in one line, without the time: what files carry. */
export function encodeProvenance(provenance: Provenance): string {
  return JSON.stringify(Object.fromEntries(NAMES.map(([field, name]) => [name, provenance[field]])));
}

/** Undefined for a text that {@link encodeProvenance} did not write. */
export function decodeProvenance(text: string): Provenance | undefined {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof values !== 'object' || values === null) return undefined;
  const named = values as Readonly<Record<string, unknown>>;
  const known = NAMES.flatMap(([field, name]) => (Object.hasOwn(named, name) ? [[field, named[name]] as const] : []));
  const provenance = Object.fromEntries(known) as unknown as Provenance;
  const texts = [provenance.version, provenance.weights, provenance.net, provenance.precision, provenance.adapter];
  const isWhole =
    texts.every((value) => typeof value === 'string') &&
    /^[0-9a-f]{64}$/.test(provenance.weightsSha256 ?? '') &&
    Number.isInteger(provenance.size);
  return isWhole ? provenance : undefined;
}

/** Names of the columns that {@link provenanceFields} fills, but for the last, which is `time`. */
export const PROVENANCE_COLUMNS: readonly string[] = [
  'infnet_version',
  ...NAMES.slice(1).map(([, name]) => (name === 'size' ? 'input_size' : name)),
];

/**
 * The fields of a table's row, as text, in the order of {@link PROVENANCE_COLUMNS}; empty where there is nothing to
 * say.
 */
export function provenanceFields(provenance: Partial<Provenance> | undefined): string[] {
  return NAMES.map(([field]) => {
    const value = provenance?.[field];
    if (value === undefined) return '';
    return typeof value === 'object' ? value.join(' to ') : String(value);
  });
}

/**
 * One line of at most 79 ASCII characters for a volume's `descrip`, what matters most first; the adapter's name is cut
 * where it does not fit. The whole text is in the volume's header extension.
 */
export function provenanceLine({ version, threshold, weightsSha256, size, window, adapter }: Provenance): string {
  const parts = [
    `infnet ${version}`,
    threshold === undefined ? 'probability' : `p>=${threshold}`,
    `weights ${shortHash(weightsSha256)}`,
    `${size}px`,
    ...(window === undefined ? [] : [window.map((value) => Number(value.toPrecision(5))).join('..')]),
    adapter,
  ];
  return parts
    .join(' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 79)
    .trimEnd();
}

/** What `NiftiEncoder` writes of it: the line in `descrip`, and all of it in a header extension. */
export function niftiProvenance(provenance: Provenance): { readonly description: string; readonly comment: string } {
  return { description: provenanceLine(provenance), comment: encodeProvenance(provenance) };
}

/**
 * Where all of several results come from, e.g. the slices of a volume: their common provenance, with every adapter that
 * took part (a lost device may have been replaced by another).
 *
 * @throws InfnetError `DATA_ARGUMENT` for results of different weights or settings: together they are no result
 */
export function commonProvenance(all: readonly Provenance[]): Provenance {
  const [first] = all;
  const without = (one: Provenance): string => encodeProvenance({ ...one, adapter: '' });
  const other = all.find((one) => first === undefined || without(one) !== without(first));
  if (first === undefined || other !== undefined) {
    const message =
      first === undefined || other === undefined
        ? 'There is no result.'
        : `The results were made in different ways: ${without(first)} and ${without(other)}.`;
    throw dataError({ code: 'DATA_ARGUMENT', message, fix: 'Segment all of it again, with the same settings.' });
  }
  return { ...first, adapter: [...new Set(all.map(({ adapter }) => adapter))].join(' and ') };
}
