/**
 * The list of globals: the whole of what a pickle may name and get.
 *
 * A pickle is a program. `GLOBAL` imports any function of Python, `REDUCE` calls it, and with `os.system` on the stack
 * the file owns the machine. Here a global is looked up in this table, and in nothing else. Every entry is a function
 * of this package that makes plain data. What is not in the table becomes a {@link PyInert}: a name, which is never
 * called. People keep their command line (`argparse.Namespace`), the best score (a NumPy scalar) or a path beside their
 * weights, and none of it is needed to read a tensor. A tensor that does need one is refused where the state dict is
 * read.
 *
 * Names of functions that start programs or change files end the reading, though inert like any other: no training
 * writes them, so that whoever got such a file should know.
 *
 * What is needed, and by whom: `OrderedDict` and `_rebuild_tensor_v2` by every state dict; `_rebuild_tensor` by files
 * of torch 0.3; `_rebuild_tensor_v3` with `UntypedStorage` by unsigned 16 to 64 bit integers; `_rebuild_parameter` by
 * dictionaries of parameters; `_rebuild_from_type_v2` by tensors with attributes; `Counter` and `defaultdict` by many a
 * training dictionary; `_reconstructor` by instances in protocols 0 and 1; `Size`, `device` and the dtypes are plain
 * values that people put beside their weights.
 */
import { checkpointError, corrupt, FIX, quote } from '../errors.js';
import { DTYPES, type Dtype } from '../tensors/dtype.js';
import { COST, type PickleMeter } from './limits.js';
import { rebuildFromType, rebuildParameter, rebuildTensor, rebuildTensorV3 } from './rebuild.js';
import {
  describe,
  type GlobalMeaning,
  PyDict,
  PyGlobal,
  PyInert,
  PyTuple,
  type PyValue,
  sequenceItems,
} from './values.js';

const STORAGES: Readonly<Record<string, Dtype>> = {
  DoubleStorage: 'float64',
  FloatStorage: 'float32',
  HalfStorage: 'float16',
  BFloat16Storage: 'bfloat16',
  LongStorage: 'int64',
  IntStorage: 'int32',
  ShortStorage: 'int16',
  CharStorage: 'int8',
  ByteStorage: 'uint8',
  BoolStorage: 'bool',
};

/** Storages of types that are not read, with the bytes of an element, by which the stream format skips them. */
const UNREAD_STORAGES: Readonly<Record<string, number>> = {
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
};

const ALLOWED: ReadonlyMap<string, PyGlobal> = new Map(
  (
    [
      ['collections.OrderedDict', { call: makeDict }],
      ['collections.Counter', { call: makeDict }],
      // Its first argument makes missing values, which nothing here asks for.
      ['collections.defaultdict', { call: (args, meter) => makeDict(args.slice(1), meter) }],
      ['copyreg._reconstructor', { call: reconstruct }],
      ['copy_reg._reconstructor', { call: reconstruct }],
      ['torch.Size', { call: makeSize }],
      ['torch.device', { call: makeDevice }],
      ['torch._utils._rebuild_tensor', { call: rebuildTensor }],
      ['torch._utils._rebuild_tensor_v2', { call: rebuildTensor }],
      ['torch._utils._rebuild_tensor_v3', { call: rebuildTensorV3 }],
      ['torch._utils._rebuild_parameter', { call: rebuildParameter }],
      ['torch._utils._rebuild_parameter_with_state', { call: rebuildParameter }],
      ['torch._tensor._rebuild_from_type_v2', { call: rebuildFromType }],
      ['torch.storage.UntypedStorage', { storage: 'bytes' }],
      ...Object.entries(STORAGES).map(([name, dtype]) => [`torch.${name}`, { storage: dtype }] as const),
      ...Object.entries(UNREAD_STORAGES).map(
        ([name, size]) => [`torch.${name}`, { storage: { name: `torch.${name}`, size } }] as const,
      ),
      ...DTYPES.map((dtype) => [`torch.${dtype}`, { dtype }] as const),
    ] satisfies (readonly [string, GlobalMeaning])[]
  ).map(([name, means]) => [name, new PyGlobal(name, means)]),
);

/** What weights never name, whatever the module's path before it. Nothing is run without this list either. */
const HARMFUL: readonly RegExp[] = [
  /(^|\.)(os|posix|nt)\.(system|popen\w*|exec\w*|spawn\w*|posix_spawn\w*|fork\w*|kill\w*|remove\w*|unlink|rmdir|rename\w*|replace|chmod|chown|truncate|symlink|link|open|putenv|startfile)$/,
  /^(builtins|__builtin__)\.(eval|exec|execfile|compile|__import__|open|input|breakpoint)$/,
  /^(subprocess|pty|runpy|_?ctypes|_?socket|webbrowser|pdb|bdb|importlib|marshal|shutil)\./,
  /^(code\.(interact|Interactive\w+)|imp\.load_\w+|pip\.main)$/,
  /^(pickle|_pickle|cPickle|dill\.\w+|cloudpickle\.\w+)\.(loads?|Unpickler)$/,
  /^(torch\.load|torch\.(hub|jit|ops|package|utils\.cpp_extension)\..*)$/,
  /^(sys|types)\.(modules|settrace|setprofile|breakpointhook)$/,
];

/**
 * Looks a global up; what is not on the list is inert.
 * @throws InfnetError `CHECKPOINT_FORBIDDEN_GLOBAL` for harmful ones
 */
export function resolveGlobal(module: string, name: string): PyGlobal | PyInert {
  const whole = `${module}.${name}`;
  // The list has no dots inside `name`: a dotted name (protocol 4 allows `a.b.c`) is an attribute walk.
  const found = name.includes('.') ? undefined : ALLOWED.get(whole);
  if (found !== undefined) return found;
  if (whole.length < 1000 && HARMFUL.some((pattern) => pattern.test(whole))) throw forbidden(whole);
  return new PyInert(whole);
}

/** The refusal of `name`; `what` says what depends on it. */
export function forbidden(name: string, what = 'The file asks for'): Error {
  return checkpointError(
    'CHECKPOINT_FORBIDDEN_GLOBAL',
    `${what} ${quote(name)}, which weights do not need. It was refused, and nothing was run.`,
    `Use the file only if you trust its source. ${FIX.resave}`,
    { global: name },
  );
}

/** `OrderedDict()`, `Counter(dict)`, and `OrderedDict([[key, value], ...])` as Python 2 pickled it. */
function makeDict(args: readonly PyValue[], meter: PickleMeter): PyValue {
  const source = args[0];
  // Values are never changed after the pickle has been read, so the same dictionary will do.
  if (source instanceof PyDict || source instanceof PyInert) return source;
  const dict = new PyDict();
  if (source === undefined) return dict;
  const pairs = sequenceItems(source);
  if (pairs === undefined) throw corrupt(`A dictionary is made from ${describe(source)}.`);
  for (const pair of pairs) {
    meter.opcode();
    meter.spend(COST.entry);
    const items = sequenceItems(pair);
    if (items?.length !== 2) throw corrupt(`A dictionary is made from pairs, one of which is ${describe(pair)}.`);
    const [key, value] = [items[0] as PyValue, items[1] as PyValue];
    if (typeof key === 'string' && dict.has(key))
      throw corrupt(`A dictionary is made with the key ${quote(key)} twice.`);
    dict.set(key, value);
  }
  return dict;
}

/** `_reconstructor(class, base, state)`: an instance; of a subclass of dict the state is what it holds. */
function reconstruct(args: readonly PyValue[]): PyValue {
  const [type, , state] = args;
  if (type instanceof PyGlobal && state instanceof PyDict) return state;
  const made = new PyInert(type instanceof PyInert ? type.name : describe(type));
  if (state instanceof PyDict) made.entries = state;
  else if (state !== undefined) made.give([state]);
  return made;
}

function makeSize(args: readonly PyValue[]): PyValue {
  const sizes = args[0];
  if (sizes instanceof PyInert) return sizes;
  if (!(sizes instanceof PyTuple)) throw corrupt(`torch.Size is made from ${describe(sizes)}.`);
  return sizes;
}

/** A device is kept as its name: `cpu`, `cuda:0`. */
function makeDevice(args: readonly PyValue[]): PyValue {
  const [type, index] = args;
  if (type instanceof PyInert) return type;
  if (typeof type !== 'string') throw corrupt(`torch.device is made from ${describe(type)}.`);
  return typeof index === 'number' ? `${type}:${index}` : type;
}
