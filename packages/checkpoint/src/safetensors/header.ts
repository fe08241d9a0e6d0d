/**
 * The header of a safetensors file: a JSON object from tensor names to `{dtype, shape, data_offsets: [begin, end]}`,
 * with an optional `__metadata__` object of strings, or null. The format demands that the tensors cover the data area
 * completely and without overlap; here that is checked, since whatever else hides in such a file is nobody's tensor.
 */
import { decodeUtf8 } from '../bytes/text.js';
import { checkpointError, corrupt, quote, truncated } from '../errors.js';
import { type Dtype, dtypeFromSafetensors, dtypeLayout } from '../tensors/dtype.js';
import { countElements, MAX_AXES } from '../tensors/geometry.js';
import { type Json, readJsonObject } from './json.js';

/** The same limit as in the format's own library. */
const MAX_HEADER = 100_000_000;
const LENGTH_BYTES = 8;
export const METADATA_KEY = '__metadata__';

/** Types of the format that are not read here: floats of 4 to 8 bits, complex numbers. */
const KNOWN_DTYPES: ReadonlySet<string> = new Set(
  'F4 F6_E2M3 F6_E3M2 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ C64'.split(' '),
);

/** One tensor, in bytes of the data area. */
export interface HeaderTensor {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The checked header. */
export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly tensors: readonly HeaderTensor[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the data area starts in the file. */
  readonly dataStart: number;
}

/** Reads and checks the header of a whole file. */
export function readHeader(bytes: Uint8Array): SafetensorsHeader {
  if (bytes.length < LENGTH_BYTES)
    throw truncated(`The file has ${bytes.length} bytes; a safetensors file starts with 8.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAX_HEADER)
    throw corrupt(`The safetensors header claims ${length} bytes; at most ${MAX_HEADER} are read.`);
  const dataStart = LENGTH_BYTES + length;
  if (dataStart > bytes.length) {
    throw truncated(`The safetensors header claims ${length} bytes; the file has ${bytes.length - LENGTH_BYTES} more.`);
  }
  const tensors: HeaderTensor[] = [];
  let metadata: ReadonlyMap<string, string> = new Map();
  readJsonObject(decodeUtf8(bytes.subarray(LENGTH_BYTES, dataStart)), (name, value) => {
    if (name === METADATA_KEY) metadata = parseMetadata(value);
    else tensors.push(parseTensor(name, value));
  });
  checkCoverage(tensors, bytes.length - dataStart);
  return { tensors, metadata, dataStart };
}

/** null is what writers that have no metadata put there; the format's own library takes it for none. */
function parseMetadata(value: Json): ReadonlyMap<string, string> {
  if (value === null) return new Map();
  if (!(value instanceof Map)) throw corrupt(`${METADATA_KEY} in the safetensors header is not an object.`);
  for (const [key, text] of value) {
    if (typeof text !== 'string') throw corrupt(`${METADATA_KEY} has ${quote(key)}, whose value is not a string.`);
  }
  return value as Map<string, string>;
}

function parseTensor(name: string, value: Json): HeaderTensor {
  const what = `Tensor ${quote(name)} in the safetensors header`;
  if (!(value instanceof Map)) throw corrupt(`${what} is not an object.`);
  for (const key of value.keys()) {
    if (!['dtype', 'shape', 'data_offsets'].includes(key)) throw corrupt(`${what} has an unknown field ${quote(key)}.`);
  }
  const dtypeName = value.get('dtype');
  if (typeof dtypeName !== 'string') throw corrupt(`${what} has no dtype.`);
  const dtype = dtypeFromSafetensors(dtypeName);
  if (dtype === undefined) {
    throw checkpointError(
      'CHECKPOINT_UNSUPPORTED',
      `${what} has dtype ${quote(dtypeName)}${KNOWN_DTYPES.has(dtypeName) ? ', which is not read' : ', which is no type of the format'}.`,
      'In Python, convert it to float32 before saving.',
      { tensor: name, dtype: dtypeName },
    );
  }
  const shape = value.get('shape');
  if (!isSizes(shape) || shape.length > MAX_AXES) throw corrupt(`${what} has no valid shape.`);
  const offsets = value.get('data_offsets');
  if (!isSizes(offsets) || offsets.length !== 2) throw corrupt(`${what} has no valid data_offsets.`);
  const [begin, end] = offsets as [number, number];
  const needed = countElements(shape) * dtypeLayout(dtype).size;
  if (end - begin !== needed) {
    throw corrupt(`${what} has shape [${shape}] and ${dtypeName}, so ${needed} bytes, but offsets ${begin} to ${end}.`);
  }
  return { name, dtype, shape, begin, end };
}

/** Tensors must lie one after another, from the start of the data area to its end. */
function checkCoverage(tensors: readonly HeaderTensor[], length: number): void {
  const sorted = [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const tensor of sorted) {
    const name = quote(tensor.name);
    if (tensor.begin < end)
      throw corrupt(`Tensor ${name} starts at ${tensor.begin}, within another that ends at ${end}.`);
    if (tensor.begin > end) throw corrupt(`There is a gap of ${tensor.begin - end} bytes before tensor ${name}.`);
    end = tensor.end;
    if (end > length) {
      throw truncated(
        `Tensor ${name} ends at byte ${end} of the data, of which there are ${length}; the file was cut.`,
      );
    }
  }
  if (end < length) throw corrupt(`${length - end} bytes after the last tensor belong to no tensor.`);
}

function isSizes(value: Json | undefined): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}
