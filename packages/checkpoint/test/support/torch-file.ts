/** Checkpoints made in the test, in both formats of torch.save. */
import { type PickledTensor, PickleWriter, writeTensor } from './pickle-writer.js';
import { writeZip, type ZipOptions } from './zip-writer.js';

export { type PickledTensor, PickleWriter, writeTensor } from './pickle-writer.js';

/** Bytes of float32 values. */
export function floats(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** A pickle that consists of what `write` writes. */
export function pickled(write: (pickle: PickleWriter) => void): Uint8Array {
  const pickle = new PickleWriter().proto();
  write(pickle);
  return pickle.stop();
}

/** A zip `.pth` with this object and these storages. */
export function zipFile(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  options?: ZipOptions,
): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => [`a/data/${key}`, bytes] as const);
  return writeZip([['a/data.pkl', pickle], ...data, ['a/version', Uint8Array.of(0x33, 10)]], options);
}

/** A `.pth` stream with this object and these storages, whose element counts are given. */
export function streamFile(
  pickle: Uint8Array,
  storages: readonly (readonly [key: string, count: number, bytes: Uint8Array])[] = [],
): Uint8Array {
  const magic = new PickleWriter()
    .proto()
    .op(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)
    .stop();
  const version = pickled((p) => p.op('M', 0xe9, 0x03));
  const machine = pickled((p) => p.dict([['little_endian', () => p.op(0x88)]]));
  const keys = pickled((p) => {
    p.op(']', '(');
    for (const [key] of storages) p.text(key);
    p.op('e');
  });
  const parts = [magic, version, machine, pickle, keys];
  for (const [, count, bytes] of storages) {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setUint32(0, count, true);
    parts.push(length, bytes);
  }
  const all: number[] = [];
  for (const part of parts) all.push(...part);
  return Uint8Array.from(all);
}

/** A vector of float32 that fills storage `key`. */
export function vector(key: string, count: number): PickledTensor {
  return { storage: 'FloatStorage', key, count, shape: [count], strides: [1] };
}

/** A zip `.pth` whose object is `{name: vector, ...}` with values 1, 2, ... in each. */
export function vectorsFile(names: readonly string[], count = 3): Uint8Array {
  const pickle = pickled((p) =>
    p.dict(names.map((name, i) => [name, () => writeTensor(p, vector(String(i), count))] as const)),
  );
  const values = floats(...Array.from({ length: count }, (_, i) => i + 1));
  return zipFile(pickle, Object.fromEntries(names.map((_, i) => [String(i), values])));
}
