/**
 * The header of a safetensors file: a JSON object from tensor names to `{dtype, shape, data_offsets: [begin, end]}`,
 * with an optional `__metadata__` object of strings, or null. The format demands that the tensors cover the data area
 * completely and without overlap; here that is checked, since whatever else hides in such a file is nobody's tensor.
 */
import { decodeUtf8 } from '../bytes/text.js';
import { checkpointError, corrupt, quote, truncated } from '../errors.js';
import { type Dtype, dtypeFromSafetensors, dtypeLayout } from '../tensors/dtype.js';
import { countElements, MAX_AXES } from '../tensors/geometry.js';
import { JsonReader } from './json.js';

/** The same limit as in the format's own library. */
const MAX_HEADER = 100_000_000;
const LENGTH_BYTES = 8;
export const METADATA_KEY = '__metadata__';

/**
 * Tensors of a file, and texts beside them; the largest published nets have some ten thousand tensors in one. A tensor
 * costs ten times the bytes that name it.
 */
const MAX_ENTRIES = 24_576;
const WHAT = 'The safetensors header';

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
  const json = new JsonReader(decodeUtf8(bytes.subarray(LENGTH_BYTES, dataStart)));
  if (json.peek() !== '{') throw corrupt(`${WHAT} is not a JSON object.`);
  json.object(WHAT, MAX_ENTRIES, (name) => {
    if (name === METADATA_KEY) metadata = parseMetadata(json);
    else tensors.push(parseTensor(name, json));
  });
  json.end();
  checkCoverage(tensors, bytes.length - dataStart);
  return { tensors, metadata, dataStart };
}

/** null is what writers that have no metadata put there; the format's own library takes it for none. */
function parseMetadata(json: JsonReader): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (json.takeNull()) return texts;
  json.object(`${METADATA_KEY} in the safetensors header`, MAX_ENTRIES, (key) => {
    if (json.peek() !== '"') throw corrupt(`${METADATA_KEY} has ${quote(key)}, whose value is not a string.`);
    texts.set(key, json.string());
  });
  return texts;
}

const FIELDS = ['dtype', 'shape', 'data_offsets'];

function parseTensor(name: string, json: JsonReader): HeaderTensor {
  const what = `Tensor ${quote(name)} in the safetensors header`;
  const none = (field: string): Error => corrupt(`${what} has no ${field === 'dtype' ? '' : 'valid '}${field}.`);
  let dtypeName: string | undefined;
  const sizes = new Map<string, readonly number[]>();
  json.object(what, FIELDS.length, (field) => {
    if (!FIELDS.includes(field)) throw json.unwanted(`${what} has an unknown field ${quote(field)}.`);
    if (field === 'dtype') {
      if (json.peek() !== '"') throw none(field);
      dtypeName = json.string();
      return;
    }
    const read = json.sizes(field === 'shape' ? MAX_AXES : 2);
    if (read === undefined) throw none(field);
    sizes.set(field, read);
  });
  if (dtypeName === undefined) throw none('dtype');
  const dtype = dtypeFromSafetensors(dtypeName);
  if (dtype === undefined) {
    throw checkpointError(
      'CHECKPOINT_UNSUPPORTED',
      `${what} has dtype ${quote(dtypeName)}${KNOWN_DTYPES.has(dtypeName) ? ', which is not read' : ', which is no type of the format'}.`,
      'In Python, convert it to float32 before saving.',
      { tensor: name, dtype: dtypeName },
    );
  }
  const shape = sizes.get('shape');
  const [begin, end] = sizes.get('data_offsets') ?? [];
  if (shape === undefined) throw none('shape');
  if (begin === undefined || end === undefined) throw none('data_offsets');
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
