/**
 * Where in a pickled object the state dict is.
 *
 * People save `model.state_dict()` itself, or a dictionary with epoch, optimizer and the state dict under one of many
 * names, or that dictionary in another. The rule, applied from the outside in:
 *
 *   1. If a dictionary has an entry with one of the usual names ({@link USUAL_NAMES}, tried in this order) that is a
 *      dictionary with a state dict in it, go there.
 *   2. Else, if the dictionary has a tensor under a text key, it is the state dict.
 *   3. Else, if exactly one other entry, optimizer and the like left aside ({@link NEVER}), is a dictionary with a
 *      state dict in it, go there. With several, refuse to guess: `CHECKPOINT_AMBIGUOUS` lists them.
 *
 * The usual names come before the tensors, because a training dictionary may well have a tensor of its own
 * (`best_loss`), but the values of a state dict are tensors and not dictionaries. Where the entry that the rule takes
 * has a twin with the same keys (`model` and `ema`, `student` and `teacher`), either fits the net, and that is
 * ambiguous too.
 */
import { checkpointError, FIX, printable, quote } from '../errors.js';
import { forbidden } from '../pickle/globals.js';
import { asDict, describe, type PyDict, PyInert, type PyValue, TensorFinder, TensorRef } from '../pickle/values.js';
import { unwrappedKeys } from '../prefix.js';
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
  /** Entries on the way that are neither plain values nor led to the state dict. */
  readonly skipped: string[];
}

/** Finds the state dict in `root` by the rule above, or at `path` if one is given. */
export function findStateDict(root: PyValue, path?: readonly string[]): FoundStateDict {
  const search = new Search();
  const taken: string[] = [];
  const skipped: string[] = [];
  const metadata = new Map<string, MetadataValue>();
  const top = asDict(root);
  if (top === undefined) throw noDictionary(root);
  let dict = top;
  for (;;) {
    collectMetadata(dict, metadata);
    const name = path === undefined ? search.nextName(dict, taken) : path[taken.length];
    if (name === undefined) return { dict, path: taken, metadata, skipped };
    const next = asDict(dict.get(name));
    if (next === undefined) {
      throw none(`There is ${describe(dict.get(name))} at ${at([...taken, name])}, not a dictionary. ${keysOf(dict)}`);
    }
    for (const [key, value] of dict.entries()) if (key !== name && !isPlain(value)) skipped.push(keyText(key));
    taken.push(name);
    dict = next;
  }
}

class Search {
  #visits = 0;

  /** The entry to go to from `dict`; undefined if `dict` is the state dict itself. */
  nextName(dict: PyDict, path: readonly string[]): string | undefined {
    const depth = path.length + 1;
    const candidates = this.#candidates(dict, depth);
    if (candidates.length === 0) throw this.#noTensor(dict, path);
    const [chosen] = candidates;
    const others =
      chosen === undefined || USUAL_NAMES.includes(chosen) ? this.#twins(dict, candidates, depth) : candidates;
    if (others.length <= 1) return chosen;
    const places = others.slice(0, 10).map((name) => [...path, ...(name === undefined ? [] : [name])]);
    throw checkpointError(
      'CHECKPOINT_AMBIGUOUS',
      `The file has ${others.length} state dicts${others === candidates ? '' : ' with the same keys'}: ${places.map(at).join(', ')}.`,
      `Choose one by the option stateDict, e.g. stateDict: ${JSON.stringify(places.find(({ length }) => length > 0))}.`,
      { candidates: others, paths: places },
    );
  }

  /** What the rule would take, in its order; undefined stands for the dictionary itself. */
  #candidates(dict: PyDict, depth: number): (string | undefined)[] {
    const usual: (string | undefined)[] = USUAL_NAMES.filter((name) => this.#holdsStateDict(dict.get(name), depth));
    const others: string[] = [];
    for (const [key, value] of dict.entries()) {
      if (typeof key !== 'string' || NEVER.test(key) || usual.includes(key)) continue;
      if (this.#holdsStateDict(value, depth)) others.push(key);
    }
    return [...usual, ...(this.#hasTensor(dict) ? [undefined] : []), ...others];
  }

  /** Of the candidates those whose state dicts have the keys of the first one's, with other values. */
  #twins(dict: PyDict, candidates: readonly (string | undefined)[], depth: number): (string | undefined)[] {
    if (candidates.length === 1) return [...candidates];
    const found = candidates.map((name) =>
      this.#contents(name === undefined ? dict : this.#innermost(dict.get(name), depth)),
    );
    const [first] = found;
    const isTwin = (i: number): boolean => found[i]?.keys === first?.keys && found[i]?.values !== first?.values;
    return candidates.filter((_, i) => i === 0 || (first !== undefined && isTwin(i)));
  }

  /** The state dict to which the rule leads from `value`; undefined where it is ambiguous. */
  #innermost(value: PyValue | undefined, depth: number): PyDict | undefined {
    let dict = asDict(value);
    for (let d = depth + 1; dict !== undefined && d <= MAX_DEPTH + 1; d++) {
      const candidates = this.#candidates(dict, d);
      const [chosen] = candidates;
      if (candidates.length === 0 || (chosen !== undefined && !USUAL_NAMES.includes(chosen) && candidates.length > 1)) {
        return undefined;
      }
      if (chosen === undefined) return dict;
      dict = asDict(dict.get(chosen));
    }
    return undefined;
  }

  /** The keys of the tensors, without wrappers and in order, and where their values lie. */
  #contents(dict: PyDict | undefined): { readonly keys: string; readonly values: string } | undefined {
    if (dict === undefined) return undefined;
    const places = new Map<string, string>();
    for (const [key, value] of dict.entries()) {
      this.#visit();
      if (typeof key !== 'string' || !(value instanceof TensorRef)) continue;
      places.set(key, `${value.storage.key}+${value.geometry.offset}`);
    }
    const sorted = [...unwrappedKeys([...places.keys()])].sort(([, a], [, b]) => (a < b ? -1 : 1));
    return {
      keys: JSON.stringify(sorted.map(([, name]) => name)),
      values: JSON.stringify(sorted.map(([key]) => places.get(key))),
    };
  }

  /** Whether `value` is a dictionary with a tensor under a text key, in itself or in a dictionary within. */
  #holdsStateDict(value: PyValue | undefined, depth: number): boolean {
    const top = asDict(value);
    if (top === undefined) return false;
    // Dictionaries may share and even contain each other, so each is visited once.
    const seen = new Set<PyDict>([top]);
    let level = [top];
    for (let d = depth; d <= MAX_DEPTH && level.length > 0; d++) {
      const next: PyDict[] = [];
      for (const dict of level) {
        if (this.#hasTensor(dict)) return true;
        for (const [key, entry] of dict.entries()) {
          this.#visit();
          const inner = asDict(entry);
          if (typeof key !== 'string' || NEVER.test(key) || inner === undefined || seen.has(inner)) continue;
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

  /** There is none; if that is because the weights are in an object that only Python could make, its class is named. */
  #noTensor(dict: PyDict, path: readonly string[]): Error {
    const finder = new TensorFinder();
    for (const [key, value] of dict.entries()) {
      this.#visit();
      if (value instanceof PyInert && !(typeof key === 'string' && NEVER.test(key)) && finder.isIn([value])) {
        return refusedEntry(key, value);
      }
    }
    return none(`There is no tensor in the dictionary at ${at(path)}. ${keysOf(dict)}`);
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

/**
 * Whether an entry of a state dict is a tensor that only Python could make: the result of a call with tensors. An
 * object that has tensors among its attributes (an optimizer) is none.
 */
export function isRefused(key: PyValue, value: PyValue, finder: TensorFinder): value is PyInert {
  if (!(value instanceof PyInert) || (typeof key === 'string' && NEVER.test(key))) return false;
  return value.isTensor || finder.isIn(value.args);
}

/** Element types and storages of torch that are not read; everything else is a class or a function. */
const TYPE = /^torch\.(float|complex|q?u?int|bits|\w+Storage$)/;

/** The refusal of an entry that depends on something that is not made here. */
export function refusedEntry(key: PyValue, { name }: PyInert): Error {
  if (!TYPE.test(name)) return forbidden(name, `The entry ${quote(keyText(key))} depends on`);
  return checkpointError(
    'CHECKPOINT_UNSUPPORTED',
    `The tensor ${quote(keyText(key))} is of the type ${quote(name)}, which is not read.`,
    'In Python, convert it before saving, e.g. to torch.float32.',
    { tensor: keyText(key), type: name },
  );
}

function noDictionary(root: PyValue): Error {
  if (root instanceof PyInert) return forbidden(root.name, 'The file holds an object of');
  return none(`The file holds ${describe(root)}, not a dictionary of tensors.`);
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

/** A key as text: names of entries are mostly text, and classes in some files. */
export function keyText(key: PyValue): string {
  if (typeof key === 'string') return key;
  return typeof key === 'number' || typeof key === 'bigint' ? String(key) : describe(key);
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
    names.push(typeof key === 'string' ? quote(key) : printable(keyText(key)));
    if (names.length === 10) break;
  }
  return names.length === 0 ? 'It is empty.' : `Its keys are ${names.join(', ')}${dict.size > 10 ? ', ...' : ''}.`;
}

function at(path: readonly string[]): string {
  return path.length === 0 ? 'the top' : path.map((name) => `[${quote(name)}]`).join('');
}
