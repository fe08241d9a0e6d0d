/**
 * Work instead of time: how many elements a computation looks at. A test of growth compares the work of two sizes, and
 * says the same on a busy machine as on an idle one.
 *
 * While `body` runs, the methods by which lists, maps and sets are walked, copied and searched count the elements that
 * they touch: every step of `for ... of` and of `[...list]`, every call of a callback, every element that `slice`,
 * `includes` and their like may pass, every look-up in a map. Loops over indices and plain arithmetic are not seen.
 */
type Method = (this: unknown, ...given: readonly unknown[]) => unknown;

const WITH_CALLBACK = [
  ...['map', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'some', 'every', 'flatMap', 'forEach'],
  'reduce',
];
const WHOLE = ['includes', 'indexOf', 'lastIndexOf', 'slice', 'concat', 'flat', 'reverse', 'join', 'fill'];
const LOOK_UPS = ['get', 'set', 'has', 'add', 'delete'];

/** Elements that `body`, which must not wait for anything, looks at. */
export function workOf(body: () => void): number {
  let work = 0;
  const undo: (() => void)[] = [];
  const patch = (owner: object, key: PropertyKey, wrap: (original: Method) => Method): void => {
    const before = Object.getOwnPropertyDescriptor(owner, key);
    if (typeof before?.value !== 'function') return;
    undo.push(() => Object.defineProperty(owner, key, before));
    Object.defineProperty(owner, key, { ...before, value: wrap(before.value) });
  };
  const countCallbacks = (original: Method): Method =>
    function (callback, ...rest) {
      if (typeof callback !== 'function') return Reflect.apply(original, this, [callback, ...rest]);
      const counted = (...given: unknown[]): unknown => {
        work++;
        return Reflect.apply(callback, rest[0], given);
      };
      return Reflect.apply(original, this, [counted, ...rest]);
    };
  const countLength = (original: Method): Method =>
    function (...given) {
      work += (this as ArrayLike<unknown>).length;
      return Reflect.apply(original, this, given);
    };
  const countOne = (original: Method): Method =>
    function (...given) {
      work++;
      return Reflect.apply(original, this, given);
    };
  for (const key of WITH_CALLBACK) patch(Array.prototype, key, countCallbacks);
  for (const key of WHOLE) patch(Array.prototype, key, countLength);
  for (const owner of [Map.prototype, Set.prototype]) {
    for (const key of LOOK_UPS) patch(owner, key, countOne);
    patch(owner, 'forEach', countCallbacks);
  }
  // Last, because the loops above are walks too.
  const iterators = [[][Symbol.iterator](), new Map().entries(), new Set().values()];
  for (const iterator of iterators) patch(Object.getPrototypeOf(iterator), 'next', countOne);
  try {
    body();
  } finally {
    for (let i = undo.length - 1; i >= 0; i--) undo[i]?.();
  }
  return work;
}
