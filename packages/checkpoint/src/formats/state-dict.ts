/**
 * Where in a pickled object the state dict is.
 *
 * People save `model.state_dict()` itself, or a dictionary with epoch, optimizer and the state dict under one of many
 * names, or that dictionary in another. The rule, applied from the outside in:
 *
 *   1. If a dictionary has an entry with one of the usual names ({@link USUAL_NAMES}, tried in this order) that is a
 *      dictionary with a state dict in it, go there.
 *   2. Else, if the dictionary has a tensor under a text key, it is the state dict.
 *   3. Else, if exactly one other entry, optimizer and the like left aside ({@link NEVER}), is a dictionary with a state
 *      dict in it, go there. With several, refuse to guess: `CHECKPOINT_AMBIGUOUS` lists them.
 *
 * The usual names come before the tensors, because a training dictionary may well have a tensor of its own
 * (`best_loss`), but the values of a state dict are tensors and not dictionaries.
 */
import { checkpointError, FIX, quote } from '../errors.js';
import { describe, PyDict, type PyValue, TensorRef } from '../pickle/values.js';
import type { MetadataValue } from '../types.js';

/** Names under which state dicts are usually saved, most explicit first. */
export const USUAL_NAMES: readonly string[] = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model_dict',
  'net_state_dict',
  'network_state_dict',
  'model',
  'net',
  'network',
  'module',
  'params',
  'weights',
];

/** Entries that hold tensors but are no net. */
const NEVER = /^(optim|sched|lr_sched|scaler|amp$|rng)/i;

/** How deep a state dict is looked for. */
const MAX_DEPTH = 8;

/** How many entries are looked at, over the whole search; a hostile file can make dictionaries share one another. */
const MAX_VISITS = 10_000_000;

/** A state dict and what stood around it. */
export interface FoundStateDict {
  readonly dict: PyDict;
  readonly path: readonly string[];
  readonly metadata: Map<string, MetadataValue>;
}

/** Finds the state dict in `root` by the rule above, or at `path` if one is given. */
export function findStateDict(root: PyValue, path?: readonly string[]): FoundStateDict {
  const search = new Search();
  const taken: string[] = [];
  const metadata = new Map<string, MetadataValue>();
  if (!(root instanceof PyDict)) throw none(`The file holds ${describe(root)}, not a dictionary of tensors.`);
  let dict = root;
  for (;;) {
    collectMetadata(dict, metadata);
    const name = path === undefined ? search.nextName(dict, taken) : path[taken.length];
    if (name === undefined) return { dict, path: taken, metadata };
    const next = dict.get(name);
    if (!(next instanceof PyDict)) {
      throw none(`There is ${describe(next)} at ${at([...taken, name])}, not a dictionary. ${keysOf(dict)}`);
    }
    taken.push(name);
    dict = next;
  }
}

class Search {
  #visits = 0;

  /** The entry to go to from `dict`; undefined if `dict` is the state dict itself. */
  nextName(dict: PyDict, path: readonly string[]): string | undefined {
    const depth = path.length + 1;
    const usual = USUAL_NAMES.find((name) => this.#holdsStateDict(dict.get(name), depth));
    if (usual !== undefined) return usual;
    if (this.#hasTensor(dict)) return undefined;
    const others: string[] = [];
    for (const [key, value] of dict.entries()) {
      if (typeof key === 'string' && !NEVER.test(key) && this.#holdsStateDict(value, depth)) others.push(key);
    }
    if (others.length === 1) return others[0];
    if (others.length === 0) throw none(`There is no tensor in the dictionary at ${at(path)}. ${keysOf(dict)}`);
    const candidates = others.slice(0, 10);
    throw checkpointError(
      'CHECKPOINT_AMBIGUOUS',
      `The file has ${others.length} state dicts: ${candidates.map((name) => at([...path, name])).join(', ')}.`,
      `Choose one by the option stateDict, e.g. stateDict: ${JSON.stringify([...path, others[0]])}.`,
      { candidates },
    );
  }

  /** Whether `value` is a dictionary with a tensor under a text key, in itself or in a dictionary within. */
  #holdsStateDict(value: PyValue | undefined, depth: number): boolean {
    if (!(value instanceof PyDict)) return false;
    // Dictionaries may share and even contain each other, so each is visited once.
    const seen = new Set<PyDict>([value]);
    let level = [value];
    for (let d = depth; d <= MAX_DEPTH && level.length > 0; d++) {
      const next: PyDict[] = [];
      for (const dict of level) {
        if (this.#hasTensor(dict)) return true;
        for (const [key, inner] of dict.entries()) {
          this.#visit();
          if (typeof key !== 'string' || NEVER.test(key) || !(inner instanceof PyDict) || seen.has(inner)) continue;
          seen.add(inner);
          next.push(inner);
        }
      }
      level = next;
    }
    return false;
  }

  #hasTensor(dict: PyDict): boolean {
    for (const [key, value] of dict.entries()) {
      this.#visit();
      if (typeof key === 'string' && value instanceof TensorRef) return true;
    }
    return false;
  }

  #visit(): void {
    if (++this.#visits <= MAX_VISITS) return;
    throw checkpointError(
      'CHECKPOINT_LIMIT',
      `No state dict was found in the file after ${MAX_VISITS} entries of its dictionaries.`,
      'Give its place by the option stateDict, or save it alone.',
    );
  }
}

/** Adds the plain values of `dict`; those of an outer dictionary stay. */
function collectMetadata(dict: PyDict, metadata: Map<string, MetadataValue>): void {
  for (const [key, value] of dict.entries()) {
    if (typeof key === 'string' && isPlain(value) && !metadata.has(key)) metadata.set(key, value);
  }
}

/** Whether a value is kept as metadata. */
export function isPlain(value: PyValue): value is MetadataValue {
  return value === null || typeof value !== 'object';
}

function none(message: string): Error {
  return checkpointError(
    'CHECKPOINT_NO_STATE_DICT',
    message,
    `Give the place of the state dict by the option stateDict, or save it alone. ${FIX.resave}`,
  );
}

function keysOf(dict: PyDict): string {
  const names: string[] = [];
  for (const [key] of dict.entries()) {
    names.push(typeof key === 'string' ? quote(key) : describe(key));
    if (names.length === 10) break;
  }
  return names.length === 0 ? 'It is empty.' : `Its keys are ${names.join(', ')}${dict.size > 10 ? ', ...' : ''}.`;
}

function at(path: readonly string[]): string {
  return path.length === 0 ? 'the top' : path.map((name) => `[${quote(name)}]`).join('');
}
