import type { TensorData } from './dtype.js';

/**
 * The elements as float32: the same array where it is one already, else a new one. float64 and wide integers are
 * rounded to the nearest float32; bool is 0 and 1.
 */
export function asFloat32(tensor: { readonly data: TensorData }): Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array) return data;
  const out = new Float32Array(data.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < data.length; i++) out[i] = Number(data[i]);
  } else {
    out.set(data);
  }
  return out;
}
