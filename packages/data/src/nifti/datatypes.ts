/** The voxel types that are read: the standard's codes for whole numbers of up to 64 bits, float32 and float64. */

export type VolumeData =
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

export type VolumeDatatype =
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

export interface Datatype {
  readonly name: VolumeDatatype;
  /** Bytes per voxel. */
  readonly size: 1 | 2 | 4 | 8;
  readonly view: (buffer: ArrayBuffer) => VolumeData;
}

/** By the header's `datatype`. */
export const DATATYPES: ReadonlyMap<number, Datatype> = new Map<number, Datatype>([
  [256, { name: 'int8', size: 1, view: (buffer) => new Int8Array(buffer) }],
  [2, { name: 'uint8', size: 1, view: (buffer) => new Uint8Array(buffer) }],
  [4, { name: 'int16', size: 2, view: (buffer) => new Int16Array(buffer) }],
  [512, { name: 'uint16', size: 2, view: (buffer) => new Uint16Array(buffer) }],
  [8, { name: 'int32', size: 4, view: (buffer) => new Int32Array(buffer) }],
  [768, { name: 'uint32', size: 4, view: (buffer) => new Uint32Array(buffer) }],
  [16, { name: 'float32', size: 4, view: (buffer) => new Float32Array(buffer) }],
  [1024, { name: 'int64', size: 8, view: (buffer) => fromWords(buffer, true) }],
  [1280, { name: 'uint64', size: 8, view: (buffer) => fromWords(buffer, false) }],
  [64, { name: 'float64', size: 8, view: (buffer) => new Float64Array(buffer) }],
]);

/** What else the standard knows, for the error message. */
export const UNREAD_DATATYPES: ReadonlyMap<number, string> = new Map([
  [0, 'of no known type'],
  [1, 'single bits'],
  [32, 'complex numbers (complex64)'],
  [128, 'colours (RGB)'],
  [1536, '128-bit floats (float128)'],
  [1792, 'complex numbers (complex128)'],
  [2048, 'complex numbers (complex256)'],
  [2304, 'colours (RGBA)'],
]);

/**
 * 64-bit integers as float64, in the same memory: exact up to 2^53, rounded beyond. Not by BigInt, which takes ten
 * times as long.
 */
function fromWords(buffer: ArrayBuffer, signed: boolean): Float64Array<ArrayBuffer> {
  const words = new Uint32Array(buffer);
  const out = new Float64Array(buffer);
  const high = isLittleEndianMachine() ? 1 : 0;
  for (let i = 0; i < out.length; i++) {
    const upper = words[2 * i + high] as number;
    out[i] = (signed ? upper | 0 : upper) * 2 ** 32 + (words[2 * i + 1 - high] as number);
  }
  return out;
}

/** Reverses the bytes of every element. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let start = 0; start + size <= bytes.length; start += size) {
    for (let low = start, high = start + size - 1; low < high; low++, high--) {
      const byte = bytes[low] as number;
      bytes[low] = bytes[high] as number;
      bytes[high] = byte;
    }
  }
}

/** Whether this machine's typed arrays hold the low byte first. */
export function isLittleEndianMachine(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}
