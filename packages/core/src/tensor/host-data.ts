/** Data in JavaScript memory, and what may be done with that memory. */
import type { HostDType } from './types.js';

/** Input or output data of a run. */
export type TensorData = Float32Array | Uint32Array | Int32Array;

/** The arrays of the element types. */
export const ARRAYS: {
  readonly f32: Float32ArrayConstructor;
  readonly u32: Uint32ArrayConstructor;
  readonly i32: Int32ArrayConstructor;
} = { f32: Float32Array, u32: Uint32Array, i32: Int32Array };

/** `Float32Array`, `Array`, ...: also for arrays of another frame or realm, where `instanceof` fails. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** The element type of an array; `f32` for what is none of ours, which is refused where it is used. */
export function dtypeOf(data: TensorData): HostDType {
  const kind = kindOf(data);
  return kind === 'Uint32Array' ? 'u32' : kind === 'Int32Array' ? 'i32' : 'f32';
}

/** A copy in memory of its own, whatever the memory of `data` is. */
export function copyOf<T extends TensorData>(data: T): T {
  return new ARRAYS[dtypeOf(data)](data) as T;
}

/**
 * `data`, or a copy where its memory is shared between threads or resizable: Dawn ends the process over a view of a
 * SharedArrayBuffer, and browsers refuse resizable ones.
 */
export function plainMemory<T extends TensorData>(data: T): T & { readonly buffer: ArrayBuffer } {
  const { buffer } = data as { readonly buffer: ArrayBufferLike & { readonly resizable?: boolean } };
  const plain = kindOf(buffer) === 'ArrayBuffer' && buffer.resizable !== true;
  return (plain ? data : copyOf(data)) as T & { readonly buffer: ArrayBuffer };
}

/** Whether the memory of a view was given away (`postMessage` with a transfer list, `structuredClone`). */
export function isDetached({ buffer, byteLength }: ArrayBufferView): boolean {
  if (byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
