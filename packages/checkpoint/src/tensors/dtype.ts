import type { TypedArrayType } from '../bytes/budget.js';

/** Element types, as PyTorch calls them. */
export type Dtype =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

/** The typed arrays that hold elements. */
export type TensorData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | BigUint64Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** How an element type lies in a file. */
export interface DtypeLayout {
  /** Bytes of an element. */
  readonly size: number;
  /** Its name in a safetensors header. */
  readonly safetensors: string;
  /** The array over the file's bytes; for float16 and bfloat16 that of their bit patterns. */
  readonly array: TypedArrayType<TensorData>;
}

function layout(safetensors: string, array: TypedArrayType<TensorData>): DtypeLayout {
  return { size: array.BYTES_PER_ELEMENT, safetensors, array };
}

const LAYOUTS: Readonly<Record<Dtype, DtypeLayout>> = {
  float64: layout('F64', Float64Array),
  float32: layout('F32', Float32Array),
  float16: layout('F16', Uint16Array),
  bfloat16: layout('BF16', Uint16Array),
  int64: layout('I64', BigInt64Array),
  int32: layout('I32', Int32Array),
  int16: layout('I16', Int16Array),
  int8: layout('I8', Int8Array),
  uint64: layout('U64', BigUint64Array),
  uint32: layout('U32', Uint32Array),
  uint16: layout('U16', Uint16Array),
  uint8: layout('U8', Uint8Array),
  bool: layout('BOOL', Uint8Array),
};

/** All element types. */
export const DTYPES: readonly Dtype[] = Object.keys(LAYOUTS) as Dtype[];

/** How `dtype` lies in a file. */
export function dtypeLayout(dtype: Dtype): DtypeLayout {
  return LAYOUTS[dtype];
}

const BY_SAFETENSORS: ReadonlyMap<string, Dtype> = new Map(DTYPES.map((dtype) => [LAYOUTS[dtype].safetensors, dtype]));

/** The element type with this name in a safetensors header, if it is one that is read here. */
export function dtypeFromSafetensors(name: string): Dtype | undefined {
  return BY_SAFETENSORS.get(name);
}
