/** NumPy's `.npy` files, format 1.0, float32, C order: `numpy.load` reads what `writeNpy` writes, and the reverse. */
import { startsWith } from './bytes.js';
import { dataError } from './errors.js';
import type { FloatTensor } from './tensor.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const ALIGN = 64;

/** The bytes of an `.npy` file holding `data` with `shape` (empty for a scalar). Same bytes as `numpy.save`. */
export function writeNpy(data: Float32Array, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 0) || count !== data.length) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `Shape [${shape.join(', ')}] does not fit ${data.length} values.`,
      details: { shape, length: data.length },
    });
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  // NumPy leaves room for the first extent to grow to 21 digits in place.
  const growth = shape.length === 0 ? 0 : 21 - String(shape[0]).length;
  const start = Math.ceil((10 + text.length + growth + 1) / ALIGN) * ALIGN;
  const out = new Uint8Array(start + data.length * 4);
  out.set([...MAGIC, 1, 0]);
  const view = new DataView(out.buffer);
  view.setUint16(8, start - 10, true);
  out.fill(0x20, 10, start - 1);
  out.set(new TextEncoder().encode(text), 10);
  out[start - 1] = 0x0a;
  for (let i = 0; i < data.length; i++) view.setFloat32(start + i * 4, data[i] as number, true);
  return out;
}

/** Reads an `.npy` file of float32 in C order, format 1.0, 2.0 or 3.0. Throws `DATA_NPY` for any other content. */
export function readNpy(bytes: Uint8Array, name = 'array'): FloatTensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || !startsWith(bytes, MAGIC)) {
    throw npyError(
      name,
      `The file (${bytes.length} bytes) does not start as a NumPy file.`,
      'Write it with numpy.save.',
    );
  }
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw npyError(name, `Format version ${version} is not known.`);
  const prefix = version === 1 ? 10 : 12;
  if (bytes.length < prefix) throw npyError(name, 'The file ends inside its header.', 'Copy it again.');
  const start = prefix + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (bytes.length < start) throw npyError(name, 'The file ends inside its header.', 'Copy it again.');
  if (start - prefix > MOST_HEADER) {
    const message = `The header has ${start - prefix} bytes; that of an array of float32 has at most ${MOST_HEADER}.`;
    throw npyError(name, message, 'Write it with numpy.save.');
  }
  const { descr, fortran_order, shape: tuple } = fieldsOf(bytes.subarray(prefix, start), name);
  if (descr !== '<f4') {
    const type = descr.startsWith('[') ? 'structured' : descr;
    throw npyError(name, `The array is of type ${quoted(type)}, not float32 ('<f4').`, "Save array.astype('<f4').");
  }
  if (fortran_order !== 'False') {
    throw npyError(name, 'The array is in Fortran order.', 'Save numpy.ascontiguousarray(array).');
  }
  const shape = tuple.split(',', MOST_AXES + 2).flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  if (shape.length > MOST_AXES) throw npyError(name, `The array has more than ${MOST_AXES} axes.`);
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (bytes.length !== start + count * 4) {
    throw npyError(
      name,
      `Shape [${shape.join(', ')}] needs ${count * 4} bytes, the file has ${bytes.length - start}.`,
      'Copy the file again.',
    );
  }
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = view.getFloat32(start + i * 4, true);
  return { data, shape };
}

/** NumPy itself reads no longer ones. */
const MOST_HEADER = 10_000;
/** As NumPy has it from 2.0 on. */
const MOST_AXES = 64;

const FIELDS = ['descr', 'fortran_order', 'shape'] as const;
type Fields = Readonly<Record<(typeof FIELDS)[number], string>>;

/** A field of the header: its name, and a text, a word, a tuple of numbers, or a list, which goes to the end. */
const FIELD =
  /^\s*(['"])(\w{1,20})\1\s*:\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(([\d\s,]*)\)|(\[[\s\S]*))\s*(?:,|$)/;

/** The header is a dictionary as Python writes it, with each of three fields once. @throws `DATA_NPY` */
function fieldsOf(bytes: Uint8Array, name: string): Fields {
  const text = new TextDecoder('latin1').decode(bytes).trim();
  const found = new Map<string, string>();
  let rest = /^\{([\s\S]*)\}$/.exec(text)?.[1] ?? text;
  for (let match = FIELD.exec(rest); match !== null; match = FIELD.exec(rest)) {
    const [all, , field = '', ...values] = match;
    if (found.has(field)) throw npyError(name, `The header has ${field} twice.`);
    const value = values.find((one) => one !== undefined) ?? '';
    // What a list holds does not matter: an array of records is not read.
    if (value.startsWith('[')) return { descr: value, fortran_order: 'False', shape: '' };
    found.set(field, value);
    rest = rest.slice(all.length);
  }
  const [descr, fortran_order, shape] = FIELDS.map((field) => found.get(field));
  const isWhole = rest.trim() === '' && found.size === FIELDS.length;
  if (isWhole && descr !== undefined && fortran_order !== undefined && shape !== undefined) {
    return { descr, fortran_order, shape };
  }
  throw npyError(name, `The header is not that of an array (descr, fortran_order, shape): ${quoted(text)}`);
}

/** Text of the file as it may stand in a message: short, and without what a terminal might obey. */
function quoted(text: string): string {
  return text.slice(0, 120).replace(/[^ -~]/g, '?');
}

function npyError(where: string, message: string, fix?: string): Error {
  return dataError({ code: 'DATA_NPY', message, where, fix });
}
