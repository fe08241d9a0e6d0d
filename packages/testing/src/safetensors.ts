/** A small safetensors reader for fixtures, so that tests of `@infnet/checkpoint` do not read with what they test. */

export type GoldenData = Float32Array | Float64Array | Int32Array | Uint8Array | BigInt64Array;

/** A tensor of a golden file: row-major, little-endian on disk. Only 64-bit integers come as `bigint`s. */
export interface GoldenTensor {
  readonly dtype: 'F32' | 'F64' | 'I32' | 'I64' | 'U8' | 'BOOL';
  readonly shape: readonly number[];
  readonly data: GoldenData;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function typed(dtype: string, bytes: ArrayBuffer): GoldenData {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes);
    case 'F64':
      return new Float64Array(bytes);
    case 'I32':
      return new Int32Array(bytes);
    case 'I64':
      return new BigInt64Array(bytes);
    case 'U8':
    case 'BOOL':
      return new Uint8Array(bytes);
    default:
      throw new Error(`fixture dtype ${dtype} is not known to @infnet/testing`);
  }
}

/** Parses a whole safetensors file. Every tensor gets its own copy of its bytes. */
export function parseSafetensors(file: Uint8Array): Map<string, GoldenTensor> {
  const headerLength = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  const header: Record<string, Entry> = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerLength)));
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [begin, end] = entry.data_offsets;
    const bytes = Uint8Array.from(file.subarray(8 + headerLength + begin, 8 + headerLength + end));
    tensors.set(name, {
      dtype: entry.dtype as GoldenTensor['dtype'],
      shape: entry.shape,
      data: typed(entry.dtype, bytes.buffer),
    });
  }
  return tensors;
}
