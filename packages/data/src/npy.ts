/** NumPy's `.npy` files, format 1.0, float32, C order: `numpy.load` reads what `writeNpy` writes, and the reverse. */
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
  if (bytes.length < 10 || !MAGIC.every((byte, i) => bytes[i] === byte)) {
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
  const header = new TextDecoder().decode(bytes.subarray(prefix, start));

  const dtype = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1] ?? 'structured';
  if (dtype !== '<f4') {
    throw npyError(name, `The array is of type ${dtype}, not float32 ('<f4').`, "Save array.astype('<f4').");
  }
  if (!/'fortran_order'\s*:\s*False/.test(header)) {
    throw npyError(name, 'The array is in Fortran order.', 'Save numpy.ascontiguousarray(array).');
  }
  const tuple = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (tuple === undefined) throw npyError(name, `The header has no shape: ${header.trim()}`);
  const shape = tuple
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
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

function npyError(where: string, message: string, fix?: string): Error {
  return dataError({ code: 'DATA_NPY', message, where, fix });
}
