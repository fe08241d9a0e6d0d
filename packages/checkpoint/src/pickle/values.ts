/**
 * What a pickle can become here: plain data, and nothing else.
 *
 * Dictionaries are Maps, so that a key called `__proto__` is a key like any other. Tuples and lists are classes of
 * their own, because a rebuild function must be able to tell them from one another and from bytes.
 */
import { printable } from '../errors.js';
import type { Dtype } from '../tensors/dtype.js';
import type { Geometry } from '../tensors/geometry.js';
import type { PickleMeter } from './limits.js';

export class PyTuple {
  constructor(readonly items: readonly PyValue[]) {}
}

export class PyList {
  readonly items: PyValue[] = [];
}

/** dict, OrderedDict and Counter. The Map is made with the first entry: a checkpoint has thousands of empty ones. */
export class PyDict {
  #entries: Map<PyValue, PyValue> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(key: PyValue): PyValue | undefined {
    return this.#entries?.get(key);
  }

  has(key: PyValue): boolean {
    return this.#entries?.has(key) === true;
  }

  set(key: PyValue, value: PyValue): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  entries(): Iterable<readonly [PyValue, PyValue]> {
    return this.#entries ?? [];
  }
}

/** set and frozenset, never looked into. */
export class PySet {
  readonly items: PyValue[] = [];
}

/** A function or constant of Python that is on the list of `globals.ts`. */
export class PyGlobal {
  constructor(
    /** `module.name`. */
    readonly name: string,
    readonly means: GlobalMeaning,
  ) {}
}

/**
 * What only Python's own code could make: a class or function that is not on the list, an instance of one, its result.
 * It is never made. What it would have been made of is kept, so that it can be told whether a tensor is in it.
 */
export class PyInert {
  /** What a subclass of dict was filled with. */
  entries: PyDict | undefined;
  #given: PyValue[] | undefined;

  /**
   * @param name the global that it depends on, `module.name`
   * @param args with what it would have been called
   * @param isTensor it stands for a tensor or a storage
   */
  constructor(
    readonly name: string,
    readonly args: readonly PyValue[] = NOTHING,
    readonly isTensor = false,
  ) {}

  /** Attributes and items that it would have been given. */
  get given(): readonly PyValue[] {
    return this.#given ?? NOTHING;
  }

  give(values: readonly PyValue[]): void {
    this.#given ??= [];
    for (const value of values) this.#given.push(value);
  }

  has(key: PyValue): boolean {
    return this.entries?.has(key) === true;
  }

  set(key: PyValue, value: PyValue): void {
    this.entries ??= new PyDict();
    this.entries.set(key, value);
  }
}

const NOTHING: readonly PyValue[] = [];

/** What stands behind a global. `call` is one of this package's own functions; nothing of Python's ever runs. */
export interface GlobalMeaning {
  /** For functions and classes: makes the value from the arguments. */
  readonly call?: (args: readonly PyValue[], meter: PickleMeter) => PyValue;
  /** For storage classes: the type of the elements. */
  readonly storage?: StorageType;
  /** For `torch.float32` and so on. */
  readonly dtype?: Dtype;
}

/**
 * Type of a storage's elements; `bytes` for an untyped one, name and bytes of an element for a type that is not read.
 */
export type StorageType = Dtype | 'bytes' | { readonly name: string; readonly size: number };

/** A storage named by the pickle; its bytes lie elsewhere in the file. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: StorageType,
    /** Elements of the whole storage that `key` names; bytes if it is untyped. */
    readonly count: number,
    /** In files before torch 0.4 a storage may be a window of another one; elements. */
    readonly window: { readonly offset: number; readonly count: number },
  ) {}
}

/** A tensor named by the pickle: which elements of which storage. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly dtype: Dtype,
    readonly geometry: Geometry,
  ) {}
}

export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PyTuple
  | PyList
  | PyDict
  | PySet
  | PyGlobal
  | PyInert
  | StorageRef
  | TensorRef;

/** The items of a tuple or list. */
export function sequenceItems(value: PyValue | undefined): readonly PyValue[] | undefined {
  return value instanceof PyTuple || value instanceof PyList ? value.items : undefined;
}

/** The dictionary that a value is, or that a subclass of dict was filled with. */
export function asDict(value: PyValue | undefined): PyDict | undefined {
  if (value instanceof PyDict) return value;
  return value instanceof PyInert ? value.entries : undefined;
}

/**
 * Looks for tensors in values. What was found to have none is not looked into again, so that all looks together are
 * linear.
 */
export class TensorFinder {
  readonly #without = new Set<PyValue | readonly PyValue[]>();

  /** Whether a tensor or storage is in one of the values, however deep. */
  isIn(values: readonly PyValue[]): boolean {
    // Many objects may have been made with one long tuple.
    if (this.#without.has(values)) return false;
    const seen = new Set<PyValue>(values);
    // A set is walked in the order of insertion, also while it grows.
    for (const next of seen) {
      if (next instanceof TensorRef || next instanceof StorageRef) return true;
      if (next instanceof PyInert && next.isTensor) return true;
      if (this.#without.has(next)) continue;
      for (const part of partsOf(next)) if (part !== null && typeof part === 'object') seen.add(part);
    }
    this.#without.add(values);
    for (const value of seen) if (value !== null && typeof value === 'object') this.#without.add(value);
    return false;
  }
}

function* partsOf(value: PyValue): Iterable<PyValue> {
  if (value instanceof PyTuple || value instanceof PyList || value instanceof PySet) yield* value.items;
  else if (value instanceof PyInert) {
    yield* value.args;
    yield* value.given;
  }
  const dict = asDict(value);
  if (dict !== undefined) for (const [, item] of dict.entries()) yield item;
}

/** What a value is, in Python's words, for messages. */
export function describe(value: PyValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'a bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  if (typeof value === 'string') return 'a str';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof PyTuple) return 'a tuple';
  if (value instanceof PyList) return 'a list';
  if (value instanceof PyDict) return 'a dict';
  if (value instanceof PySet) return 'a set';
  if (value instanceof PyGlobal) return value.name;
  if (value instanceof PyInert) return printable(value.name);
  return value instanceof StorageRef ? 'a storage' : 'a tensor';
}
