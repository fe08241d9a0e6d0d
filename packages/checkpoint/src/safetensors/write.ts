import { decodeUtf8 } from '../bytes/text.js';
import { checkpointError, quote } from '../errors.js';
import { DTYPES, type Dtype, dtypeLayout, type TensorData } from '../tensors/dtype.js';
import { countElements, MAX_AXES } from '../tensors/geometry.js';
import { MAX_FLOAT16, narrowFloat16 } from '../tensors/half.js';
import { CHECKSUM, contentChecksum, type StoredTensor } from './checksum.js';
import { METADATA_KEY } from './header.js';

/** A tensor to write; a {@link CheckpointTensor} is one, and so is an entry of a state dict. */
export interface WritableValue {
  readonly shape: readonly number[];
  /**
   * Row-major. Its class decides what is written, so a float16 tensor that was widened is written as F32, unless
   * `storeAs` is set.
   */
  readonly data: TensorData;
  /** Tells `bool` from `uint8`; otherwise that of the data, or float16 and bfloat16, as which they were read. */
  readonly dtype?: Dtype;
  /**
   * `float16`: a Float32Array is rounded to it (nearest, ties to even), for half the bytes and 11 bits of precision.
   */
  readonly storeAs?: 'float16';
}

/** A tensor with its name. */
export interface WritableTensor extends WritableValue {
  readonly name: string;
}

/**
 * Makes a safetensors file. The same input gives the same bytes: the header names the tensors in the given order, the
 * data lies by falling element size (so that every tensor is aligned and can be read without a copy) and in the given
 * order within a size, and the header is padded with spaces to a multiple of 8.
 *
 * Writing the bytes to disk, and doing so atomically, is the caller's business (`writeFileAtomic` of `@infnet/node`).
 *
 * @param tensors a list of tensors with their names, or a map or plain object of tensors by name (a state dict)
 * @param options.checksum whether the metadata get a checksum of the content, which every reader here then looks at; or
 *   names of metadata that it is not of (letters, digits, `_`, `.` and `-`)
 * @throws InfnetError `CHECKPOINT_TENSOR`: a name twice, a shape that does not fit the data, data that is not a typed
 *   array, or a value that float16 cannot hold
 */
export function writeSafetensors(
  tensors: Iterable<WritableTensor> | ReadonlyMap<string, WritableValue> | Readonly<Record<string, WritableValue>>,
  metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>> = {},
  { checksum = false }: { readonly checksum?: boolean | readonly string[] } = {},
): Uint8Array<ArrayBuffer> {
  const items = namedTensors(tensors).map(toItem);
  const bySize = [...items].sort((a, b) => dtypeLayout(b.dtype).size - dtypeLayout(a.dtype).size);
  let dataLength = 0;
  for (const item of bySize) {
    item.begin = dataLength;
    dataLength += item.data.byteLength;
  }
  const texts = textsOf(metadata);
  if (checksum !== false) {
    texts.push([CHECKSUM, contentChecksum(items.map(stored), texts, checksum === true ? [] : checksum)]);
  }
  const header = encodeHeader(items, texts);
  const start = 8 + header.length;
  const file = new Uint8Array(start + dataLength);
  // The upper half of the 64-bit length stays 0.
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, 8);
  for (const item of items) file.set(stored(item).bytes, start + item.begin);
  return file;
}

function stored({ name, shape, dtype, data: { buffer, byteOffset, byteLength } }: Item): StoredTensor {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return { name, shape, dtype: dtypeLayout(dtype).safetensors, bytes };
}

/** @throws InfnetError `CHECKPOINT_TENSOR` */
function textsOf(metadata: unknown): [string, string][] {
  if (typeof metadata !== 'object' || metadata === null) {
    throw bad(`The metadata is ${kindOf(metadata)}.`, 'Pass a Map or an object of texts.');
  }
  return isMap(metadata) ? ([...metadata] as [string, string][]) : Object.entries(metadata as Record<string, string>);
}

interface Item {
  readonly name: string;
  readonly shape: readonly number[];
  /** What is written: of float16 the bit patterns. */
  readonly data: TensorData;
  readonly dtype: Dtype;
  begin: number;
}

function toItem(tensor: WritableTensor): Item {
  const dtype = check(tensor);
  const { name, shape, data, storeAs } = tensor;
  if (storeAs === undefined) return { name, shape, data, dtype, begin: 0 };
  if (!(data instanceof Float32Array) || storeAs !== 'float16') {
    throw bad(`Tensor ${quote(name)} is ${dtype} and cannot be stored as ${storeAs}.`, 'Store float32 tensors so.');
  }
  const large = data.find((value) => Number.isFinite(value) && Math.abs(value) >= MAX_FLOAT16 + 16);
  if (large !== undefined) {
    throw bad(`Tensor ${quote(name)} has the value ${large}, beyond float16's ${MAX_FLOAT16}.`, 'Store it as float32.');
  }
  const bits = new Uint16Array(data.length);
  narrowFloat16(data, bits);
  return { name, shape, data: bits, dtype: 'float16', begin: 0 };
}

/** The tensors with their names, whatever holds them. */
function namedTensors(tensors: unknown): WritableTensor[] {
  const fix = 'Pass a list of tensors with name, shape and data, or a Map or object of tensors by name.';
  if (typeof tensors !== 'object' || tensors === null || ArrayBuffer.isView(tensors)) {
    throw bad(`Tensors are written from a list, a Map or an object, not from ${kindOf(tensors)}.`, fix);
  }
  const isList = Symbol.iterator in tensors && !isMap(tensors);
  const pairs: Iterable<readonly [unknown, unknown]> = isList
    ? Array.from(
        tensors as Iterable<unknown>,
        (tensor) => [(tensor as { name?: unknown } | null)?.name, tensor] as const,
      )
    : isMap(tensors)
      ? tensors
      : Object.entries(tensors);
  return Array.from(pairs, ([name, tensor]) => {
    if (typeof tensor !== 'object' || tensor === null) {
      throw bad(`${typeof name === 'string' ? `Tensor ${quote(name)}` : 'A tensor'} is ${kindOf(tensor)}.`, fix);
    }
    if (typeof name !== 'string') throw bad('A tensor has no name.', fix);
    return { ...(tensor as WritableValue), name };
  });
}

function isMap(value: object): value is ReadonlyMap<unknown, unknown> {
  return value instanceof Map || Object.prototype.toString.call(value) === '[object Map]';
}

/** What a value is, for messages: `null`, `a number`, `an ArrayBuffer`. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  const name = typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

/** The element type as which the tensor is written. */
function check({ name, shape, data, dtype }: WritableTensor): Dtype {
  const what = `Tensor ${quote(name)}`;
  if (!Array.isArray(shape)) throw bad(`${what} has the shape ${String(shape)}.`, 'Pass a list of sizes.');
  if (!isTensorData(data)) {
    throw bad(`${what} has ${kindOf(data)} as data.`, 'Pass a typed array, such as a Float32Array.');
  }
  const valid = shape.length <= MAX_AXES && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!valid || countElements(shape) !== data.length) {
    throw bad(`${what} has shape [${shape}] but ${data.length} elements.`, 'Pass the shape of the data.');
  }
  const written = dtypeOf(data);
  if (written === 'uint8' && dtype === 'bool') return 'bool';
  // What was read as 16-bit floats is a Float32Array that still says so; so is what was made float32 from any other
  // type.
  const isOther = dtype !== written && (written !== 'float32' || !DTYPES.includes(dtype as Dtype));
  if (dtype !== undefined && isOther) {
    throw bad(`${what} says ${dtype}, but its data is ${written}.`, 'Leave dtype out: the class of the data decides.');
  }
  return written;
}

function isTensorData(data: unknown): data is TensorData {
  const isArray = ArrayBuffer.isView(data) && !(data instanceof DataView) && !(data instanceof Uint8ClampedArray);
  return isArray && (data as { readonly constructor: { readonly name: string } }).constructor.name !== 'Float16Array';
}

function dtypeOf(data: TensorData): Dtype {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Int8Array) return 'int8';
  if (data instanceof Uint16Array) return 'uint16';
  if (data instanceof Int16Array) return 'int16';
  if (data instanceof Uint32Array) return 'uint32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigUint64Array) return 'uint64';
  return 'int64';
}

function encodeHeader(items: readonly Item[], pairs: readonly (readonly [string, string])[]): Uint8Array {
  const names = new Set<string>([METADATA_KEY]);
  const fields: string[] = [];
  if (pairs.length > 0) fields.push(`"${METADATA_KEY}":{${pairs.map((pair) => pair.map(encodeText).join(':'))}}`);
  for (const { name, shape, data, dtype, begin } of items) {
    if (names.has(name))
      throw bad(`There are two tensors called ${quote(name)}, or it is a reserved name.`, 'Rename one.');
    names.add(name);
    fields.push(
      `${encodeText(name)}:{"dtype":"${dtypeLayout(dtype).safetensors}","shape":[${shape}],` +
        `"data_offsets":[${begin},${begin + data.byteLength}]}`,
    );
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  return padded;
}

/** JSON of a string. Half a surrogate pair has no UTF-8, and JSON escapes it, which other readers refuse. */
function encodeText(text: string): string {
  if (typeof text !== 'string' || decodeUtf8(new TextEncoder().encode(text)) !== text) {
    throw bad(
      `${quote(String(text))} is not a string of whole characters.`,
      'Pass texts without lone surrogates, and numbers as texts.',
    );
  }
  return JSON.stringify(text);
}

function bad(message: string, fix: string): Error {
  return checkpointError('CHECKPOINT_TENSOR', message, fix);
}
