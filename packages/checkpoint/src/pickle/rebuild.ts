import { checkpointError, corrupt, quote } from '../errors.js';
import { type Dtype, dtypeLayout } from '../tensors/dtype.js';
import { checkGeometry, MAX_AXES } from '../tensors/geometry.js';
import { describe, PyGlobal, PyTuple, type PyValue, StorageRef, TensorRef } from './values.js';

/** `torch._utils._rebuild_tensor(_v2)(storage, storage_offset, size, stride, ...)`: the rest concerns autograd. */
export function rebuildTensor(args: readonly PyValue[]): TensorRef {
  const storage = storageOf(args);
  if (storage.dtype === 'bytes') throw corrupt('A tensor of an untyped storage does not say what its elements are.');
  return makeTensor(args, storage, storage.dtype, storage.window.count);
}

/** `torch._utils._rebuild_tensor_v3(storage, storage_offset, size, stride, requires_grad, hooks, dtype, metadata)`. */
export function rebuildTensorV3(args: readonly PyValue[]): TensorRef {
  const storage = storageOf(args);
  const dtype = args[6] instanceof PyGlobal ? args[6].means.dtype : undefined;
  if (dtype === undefined) throw corrupt(`A tensor's dtype is ${describe(args[6])}.`);
  const size = storage.dtype === 'bytes' ? 1 : dtypeLayout(storage.dtype).size;
  return makeTensor(args, storage, dtype, Math.floor((storage.window.count * size) / dtypeLayout(dtype).size));
}

/** `torch._utils._rebuild_parameter(data, requires_grad, hooks)`: here a parameter is its data. */
export function rebuildParameter(args: readonly PyValue[]): TensorRef {
  const data = args[0];
  if (!(data instanceof TensorRef)) throw corrupt(`A parameter is made from ${describe(data)}, not from a tensor.`);
  return data;
}

/**
 * The persistent id of a storage: `('storage', class, key, location, count)`, to which the stream format adds a window
 * `(key, offset, count)` or None. Where it lay (`cpu`, `cuda:0`) does not matter here.
 */
export function parseStorageId(id: PyValue): StorageRef {
  const parts = id instanceof PyTuple ? id.items : [];
  const [kind, type, key, , count, view] = parts;
  if (kind !== 'storage') {
    throw checkpointError(
      'CHECKPOINT_UNSUPPORTED',
      `The pickle refers to ${typeof kind === 'string' ? quote(kind) : describe(id)}; only storages are read.`,
      'Save the state dict alone: torch.save(model.state_dict(), "weights.pth").',
    );
  }
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
