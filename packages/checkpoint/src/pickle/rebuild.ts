import { checkpointError, corrupt, quote } from '../errors.js';
import { type Dtype, dtypeLayout } from '../tensors/dtype.js';
import { checkGeometry, MAX_AXES } from '../tensors/geometry.js';
import type { PickleMeter } from './limits.js';
import { describe, PyGlobal, PyInert, PyTuple, type PyValue, StorageRef, TensorRef } from './values.js';

/** `torch._utils._rebuild_tensor(_v2)(storage, storage_offset, size, stride, ...)`: the rest concerns autograd. */
export function rebuildTensor(args: readonly PyValue[]): TensorRef | PyInert {
  const foreign = dependsOn(args.slice(0, 4));
  if (foreign !== undefined) return new PyInert(foreign, args, true);
  const storage = storageOf(args);
  if (typeof storage.dtype === 'object') return new PyInert(storage.dtype.name, args, true);
  if (storage.dtype === 'bytes') throw corrupt('A tensor of an untyped storage does not say what its elements are.');
  return makeTensor(args, storage, storage.dtype, storage.window.count);
}

/** `torch._utils._rebuild_tensor_v3(storage, storage_offset, size, stride, requires_grad, hooks, dtype, metadata)`. */
export function rebuildTensorV3(args: readonly PyValue[]): TensorRef | PyInert {
  const foreign = dependsOn([...args.slice(0, 4), args[6] ?? null]);
  if (foreign !== undefined) return new PyInert(foreign, args, true);
  const storage = storageOf(args);
  const dtype = args[6] instanceof PyGlobal ? args[6].means.dtype : undefined;
  if (dtype === undefined) throw corrupt(`A tensor's dtype is ${describe(args[6])}.`);
  const size = elementSize(storage);
  return makeTensor(args, storage, dtype, Math.floor((storage.window.count * size) / dtypeLayout(dtype).size));
}

/** `torch._utils._rebuild_parameter(data, requires_grad, hooks)`: here a parameter is its data. */
export function rebuildParameter(args: readonly PyValue[]): TensorRef | PyInert {
  const data = args[0];
  if (data instanceof PyInert) return data;
  if (!(data instanceof TensorRef)) throw corrupt(`A parameter is made from ${describe(data)}, not from a tensor.`);
  return data;
}

/** Tensors whose class adds nothing to their values. */
const PLAIN_TENSORS: ReadonlySet<string> = new Set([
  'torch.Tensor',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
]);

/**
 * `torch._tensor._rebuild_from_type_v2(function, type, args, state)`: a tensor with attributes, or of a class of its
 * own.
 */
export function rebuildFromType(args: readonly PyValue[], meter: PickleMeter): PyValue {
  const [rebuild, type, inner] = args;
  const call = rebuild instanceof PyGlobal ? rebuild.means.call : undefined;
  // Torch never wraps it twice, and whoever does may do so deeper than the stack is.
  if (call === rebuildFromType) throw corrupt('A tensor with attributes is made from another such.');
  const plain = type instanceof PyInert && PLAIN_TENSORS.has(type.name);
  if (call !== undefined && plain && inner instanceof PyTuple) return call(inner.items, meter);
  const name = rebuild instanceof PyInert ? rebuild.name : describe(type);
  return new PyInert(type instanceof PyInert && !plain ? type.name : name, args, true);
}

/** Protocol 0 has no persistent ids but texts, so that torch.save writes Python's description of the tuple. */
const DESCRIBED_ID = /^\('storage', <class 'torch\.(?:storage\.)?(\w+)'>, '([^']*)', '[^']*', (\d{1,16})(?:, None)?\)$/;

/** The name of the first of `values` that is inert, in tuples too. */
function dependsOn(values: readonly PyValue[]): string | undefined {
  for (const value of values) {
    const items = value instanceof PyTuple && value.items.length <= MAX_AXES ? value.items : [value];
    const foreign = items.find((item): item is PyInert => item instanceof PyInert);
    if (foreign !== undefined) return foreign.name;
  }
  return undefined;
}

/**
 * The persistent id of a storage: `('storage', class, key, location, count)`, to which the stream format adds a window
 * `(key, offset, count)` or None. Where it lay (`cpu`, `cuda:0`) does not matter here.
 */
export function parseStorageId(id: PyValue, resolve: ResolveGlobal): StorageRef | PyInert {
  const parts = id instanceof PyTuple ? id.items : describedId(id, resolve);
  const [kind, type, key, , count, view] = parts;
  // The stream format refers so to the class of a module, with its source.
  if (kind === 'module' && type instanceof PyInert) return type;
  if (kind !== 'storage') {
    throw checkpointError(
      'CHECKPOINT_UNSUPPORTED',
      `The pickle refers to ${typeof kind === 'string' ? quote(kind) : describe(id)}; only storages are read.`,
      'Save the state dict alone: torch.save(model.state_dict(), "weights.pth").',
    );
  }
  if (type instanceof PyInert) return new PyInert(type.name, [], true);
  const dtype = type instanceof PyGlobal ? type.means.storage : undefined;
  if (dtype === undefined) throw corrupt(`A storage is of type ${describe(type)}.`);
  if (typeof key !== 'string') throw corrupt(`A storage is called ${describe(key)}.`);
  if (!isSize(count)) throw corrupt(`Storage ${quote(key)} has ${describe(count)} as its length.`);
  if (view === undefined || view === null) return new StorageRef(key, dtype, count, { offset: 0, count });
  const [, offset, length] = view instanceof PyTuple ? view.items : [];
  if (!isSize(offset) || !isSize(length) || offset + length > count) {
    throw corrupt(`A window of storage ${quote(key)} lies outside its ${count} elements.`);
  }
  return new StorageRef(key, dtype, count, { offset, count: length });
}

/** How a name becomes a global; handed in, since the list of globals names the functions of this file. */
type ResolveGlobal = (module: string, name: string) => PyGlobal | PyInert;

function describedId(id: PyValue, resolve: ResolveGlobal): readonly PyValue[] {
  const [, type, key, count] = (typeof id === 'string' && id.length < 1000 && DESCRIBED_ID.exec(id)) || [];
  if (type === undefined || key === undefined) return [];
  return ['storage', resolve(type === 'UntypedStorage' ? 'torch.storage' : 'torch', type), key, 'cpu', Number(count)];
}

/** Bytes of one element of the storage. */
export function elementSize({ dtype }: StorageRef): number {
  if (typeof dtype === 'object') return dtype.size;
  return dtype === 'bytes' ? 1 : dtypeLayout(dtype).size;
}

function storageOf(args: readonly PyValue[]): StorageRef {
  const storage = args[0];
  if (!(storage instanceof StorageRef))
    throw corrupt(`A tensor is made from ${describe(storage)}, not from a storage.`);
  return storage;
}

/** `stored` is the number of elements of type `dtype` in the storage's window. */
function makeTensor(args: readonly PyValue[], storage: StorageRef, dtype: Dtype, stored: number): TensorRef {
  const [, offset, shape, strides] = args;
  if (typeof offset !== 'number' || !isNumbers(shape) || !isNumbers(strides)) {
    throw corrupt(
      `A tensor has ${describe(offset)}, ${describe(shape)} and ${describe(strides)} as offset, size and stride.`,
    );
  }
  const geometry = { offset, shape: shape.items, strides: strides.items };
  checkGeometry(geometry, stored);
  return new TensorRef(storage, dtype, geometry);
}

function isSize(value: PyValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isNumbers(value: PyValue | undefined): value is PyTuple & { readonly items: readonly number[] } {
  if (!(value instanceof PyTuple)) return false;
  // Too many axes are for checkGeometry to refuse; here they are only not to be walked again and again.
  return value.items.length > MAX_AXES || value.items.every((item) => typeof item === 'number');
}
