import { corrupt, quote } from '../errors.js';
import { elementSize } from '../pickle/rebuild.js';
import type { PyValue, TensorRef } from '../pickle/values.js';
import type { TensorData } from '../tensors/dtype.js';
import { type MaterializeContext, materialize } from '../tensors/materialize.js';

/** The bytes of the storage with this key; throws if the file has none. */
export type StorageSource = (key: string) => Uint8Array;

/** The object of a `.pth` file, with the way to the bytes of its tensors. */
export interface PickledFile {
  readonly root: PyValue;
  readonly storages: StorageSource;
}

/** Reads a tensor that a pickle named. */
export function readTensor(tensor: TensorRef, source: StorageSource, context: MaterializeContext): TensorData {
  const { storage } = tensor;
  const bytes = source(storage.key);
  const size = elementSize(storage);
  if (bytes.length !== storage.count * size) {
    throw corrupt(
      `Storage ${quote(storage.key)} has ${bytes.length} bytes; its ${storage.count} elements need ` +
        `${storage.count * size}.`,
    );
  }
  const { offset, count } = storage.window;
  return materialize(bytes.subarray(offset * size, (offset + count) * size), tensor.dtype, tensor.geometry, context);
}
