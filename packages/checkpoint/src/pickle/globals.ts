/**
 * The list of globals: the whole of what a pickle may name.
 *
 * A pickle is a program. `GLOBAL` imports any function of Python, `REDUCE` calls it, and with `os.system` on the stack
 * the file owns the machine. Here a global is looked up in this table, and in nothing else; what is not in it ends the
 * reading with the name of what was asked for. Every entry is a function of this file that makes plain data.
 *
 * What is needed, and by whom: `OrderedDict` and `_rebuild_tensor_v2` by every state dict; `_rebuild_tensor` by files
 * of torch 0.3; `_rebuild_tensor_v3` with `UntypedStorage` by unsigned 16 to 64 bit integers; `_rebuild_parameter` by
 * dictionaries of parameters; `Counter` by the scheduler in many a training dictionary; `Size`, `device` and the
 * dtypes are plain values that people put beside their weights.
 */
import { checkpointError, corrupt, FIX, quote } from '../errors.js';
import { DTYPES, type Dtype } from '../tensors/dtype.js';
import type { PickleMeter } from './limits.js';
import { rebuildParameter, rebuildTensor, rebuildTensorV3 } from './rebuild.js';
import { describe, type GlobalMeaning, PyDict, PyGlobal, PyTuple, type PyValue, sequenceItems } from './values.js';

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

const ALLOWED: ReadonlyMap<string, PyGlobal> = new Map(
  (
    [
      ['collections.OrderedDict', { call: makeDict }],
      ['collections.Counter', { call: makeDict }],
      ['torch.Size', { call: makeSize }],
      ['torch.device', { call: makeDevice }],
      ['torch._utils._rebuild_tensor', { call: rebuildTensor }],
      ['torch._utils._rebuild_tensor_v2', { call: rebuildTensor }],
      ['torch._utils._rebuild_tensor_v3', { call: rebuildTensorV3 }],
      ['torch._utils._rebuild_parameter', { call: rebuildParameter }],
      ['torch._utils._rebuild_parameter_with_state', { call: rebuildParameter }],
      ['torch.storage.UntypedStorage', { storage: 'bytes' }],
      ...Object.entries(STORAGES).map(([name, dtype]) => [`torch.${name}`, { storage: dtype }] as const),
      ...DTYPES.map((dtype) => [`torch.${dtype}`, { dtype }] as const),
    ] satisfies (readonly [string, GlobalMeaning])[]
  ).map(([name, means]) => [name, new PyGlobal(name, means)]),
);

/** Looks a global up; anything that is not on the list is `CHECKPOINT_FORBIDDEN_GLOBAL`, with its name. */
export function resolveGlobal(module: string, name: string): PyGlobal {
  // The list has no dots inside `name`: a dotted name (protocol 4 allows `a.b.c`) is an attribute walk.
  const found = name.includes('.') ? undefined : ALLOWED.get(`${module}.${name}`);
  if (found === undefined) throw forbidden(`${module}.${name}`);
  return found;
}

/** The refusal of `name`. */
export function forbidden(name: string): Error {
  return checkpointError(
    'CHECKPOINT_FORBIDDEN_GLOBAL',
    `The file asks for ${quote(name)}, which weights do not need. It was refused, and nothing was run.`,
    `Use the file only if you trust its source. ${FIX.resave}`,
    { global: name },
  );
}

/** `OrderedDict()`, `Counter(dict)`, and `OrderedDict([[key, value], ...])` as Python 2 pickled it. */
function makeDict(args: readonly PyValue[], meter: PickleMeter): PyValue {
  const source = args[0];
  // Values are never changed after the pickle has been read, so the same dictionary will do.
  if (source instanceof PyDict) return source;
  const dict = new PyDict();
  if (source === undefined) return dict;
  const pairs = sequenceItems(source);
  if (pairs === undefined) throw corrupt(`A dictionary is made from ${describe(source)}.`);
  for (const pair of pairs) {
    meter.opcode();
    const items = sequenceItems(pair);
    if (items?.length !== 2) throw corrupt(`A dictionary is made from pairs, one of which is ${describe(pair)}.`);
    dict.set(items[0] as PyValue, items[1] as PyValue);
  }
  return dict;
}

function makeSize(args: readonly PyValue[]): PyValue {
  const sizes = args[0];
  if (!(sizes instanceof PyTuple)) throw corrupt(`torch.Size is made from ${describe(sizes)}.`);
  return sizes;
}

/** A device is kept as its name: `cpu`, `cuda:0`. */
function makeDevice(args: readonly PyValue[]): PyValue {
  const [type, index] = args;
  if (typeof type !== 'string') throw corrupt(`torch.device is made from ${describe(type)}.`);
  return typeof index === 'number' ? `${type}:${index}` : type;
}
