/**
 * What the slices of a training are, by their bytes: a training that goes on with other pixels under the same names
 * would be another one without a word. Every file is hashed once, when it is read to be checked.
 */

import { InfnetError } from '@infnet/core';
import { type DataSource, sha256 } from '@infnet/data';
import type { TaskData } from '../task.js';

/** Name and hash of each slice, in the order of the data set. */
export type PartContent = readonly (readonly [name: string, hash: string])[];

/** Of each part of the data: slices to train on, to validate on, without masks. */
export type SlicesContent = Readonly<Record<string, PartContent>>;

/** Digits of a hash that are kept: 64 bits. */
const DIGITS = 16;

export interface WatchedContent {
  readonly source: DataSource;
  /** Of a data set that was opened from the source. */
  of(data: Pick<TaskData, 'items' | 'names'>): PartContent;
}

export function watchContent(from: DataSource): WatchedContent {
  const hashes = new Map<string, string>();
  const read = async (path: string): Promise<Uint8Array> => {
    const bytes = await from.read(path);
    if (!hashes.has(path)) hashes.set(path, (await sha256(bytes)).slice(0, DIGITS));
    return bytes;
  };
  return {
    source: { name: from.name, list: () => from.list(), read },
    of: ({ items, names }) =>
      items.map(({ image, mask, edge, prior }, index) => {
        const files = [image, mask, edge, prior].map((path) => (path === undefined ? '' : (hashes.get(path) ?? '')));
        return [names[index] ?? image, files.join(' ').trimEnd()];
      }),
  };
}

/** How a state's file remembers it. */
export function encodeContent(content: SlicesContent): string {
  return JSON.stringify(content);
}

const CALLED: Readonly<Record<string, string>> = {
  train: 'to train on',
  validation: 'to validate on',
  unlabelled: 'without masks',
};

/**
 * Which slices are others than those of a state, in words; undefined where none is.
 *
 * @param before what {@link encodeContent} gave when the state was written
 */
export function changedSlices(before: string, now: SlicesContent): string | undefined {
  const said = decoded(before);
  for (const [part, slices] of Object.entries(now)) {
    const what = said[part] === undefined ? undefined : difference(said[part], slices);
    if (what !== undefined) return `of the slices ${CALLED[part] ?? part}, ${what}`;
  }
  return undefined;
}

export function dataChanged(what: string): InfnetError {
  return new InfnetError({
    code: 'TRAIN_DATA_CHANGED',
    message: `The slices are not those that the run was trained on until now: ${what}.`,
    fix: 'Put the slices back as they were, or go on with them as they are: { acceptChangedData: true }.',
    details: { changedSlices: what },
  });
}

/** In words, the first one by its name; undefined where there is none. */
function difference(had: PartContent, has: PartContent): string | undefined {
  const [before, now] = [new Map(had), new Map(has)];
  const missing = had.filter(([name]) => !now.has(name));
  const added = has.filter(([name]) => !before.has(name));
  const changed = has.filter(([name, hash]) => before.has(name) && before.get(name) !== hash);
  const told = (what: string, [first, ...more]: PartContent): string[] => {
    if (first === undefined) return [];
    return [`${first[0]} ${what}${more.length > 0 ? ` (and ${more.length} more)` : ''}`];
  };
  const all = [...told('has other bytes', changed), ...told('is missing', missing), ...told('was not there', added)];
  if (all.length > 0) return all.join(', ');
  const moved = has.find(([name], i) => name !== had[i]?.[0]);
  return moved === undefined ? undefined : `their order is another one from ${moved[0]} on`;
}

/** A hand may have written it: what is none is not compared. */
function decoded(text: string): SlicesContent {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read !== 'object' || read === null) return {};
    return Object.fromEntries(Object.entries(read).filter((entry): entry is [string, PartContent] => isPart(entry[1])));
  } catch {
    return {};
  }
}

function isPart(value: unknown): value is PartContent {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string')
  );
}
