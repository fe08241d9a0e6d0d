/**
 * What a pickle can become here: plain data, and nothing else.
 *
 * Dictionaries are Maps, so that a key called `__proto__` is a key like any other. Tuples and lists are classes of their
 * own, because a rebuild function must be able to tell them from one another and from bytes.
 */
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

/** What stands behind a global. `call` is one of this package's own functions; nothing of Python's ever runs. */
export interface GlobalMeaning {
  /** For functions and classes: makes the value from the arguments. */
  readonly call?: (args: readonly PyValue[], meter: PickleMeter) => PyValue;
  /** For storage classes: the type of the elements, or `bytes` for an untyped storage. */
  readonly storage?: Dtype | 'bytes';
  /** For `torch.float32` and so on. */
  readonly dtype?: Dtype;
}

/** A storage named by the pickle; its bytes lie elsewhere in the file. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: Dtype | 'bytes',
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
  | StorageRef
  | TensorRef;

/** The items of a tuple or list. */
export function sequenceItems(value: PyValue | undefined): readonly PyValue[] | undefined {
  return value instanceof PyTuple || value instanceof PyList ? value.items : undefined;
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
  return value instanceof StorageRef ? 'a storage' : 'a tensor';
}
