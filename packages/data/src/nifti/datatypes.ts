/** The voxel types that are read: the standard's codes for whole and floating-point numbers of up to 32 bits, and float64. */

export type VolumeData =
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

export type VolumeDatatype = 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'float64';

interface Datatype {
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
  [64, { name: 'float64', size: 8, view: (buffer) => new Float64Array(buffer) }],
]);

/** What else the standard knows, for the error message. */
export const UNREAD_DATATYPES: ReadonlyMap<number, string> = new Map([
  [0, 'of no known type'],
  [1, 'single bits'],
  [32, 'complex numbers (complex64)'],
  [128, 'colours (RGB)'],
  [1024, '64-bit integers (int64)'],
  [1280, '64-bit integers (uint64)'],
  [1536, '128-bit floats'],
  [1792, 'complex numbers (complex128)'],
  [2048, 'complex numbers (complex256)'],
  [2304, 'colours (RGBA)'],
]);

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
