import { elementCount } from '../tensor/types.js';
import type { Parameter } from './parameter.js';

/** One buffer of a parameter store, in bytes. */
export interface SlabLayout {
  readonly size: number;
  readonly offsets: ReadonlyMap<Parameter, number>;
}

/** Puts parameters one after another, aligned, into as few slabs of at most `limit` bytes as their order allows. */
export function layOutSlabs(parameters: readonly Parameter[], alignment: number, limit: number): SlabLayout[] {
  const slabs: { size: number; offsets: Map<Parameter, number> }[] = [];
  for (const parameter of parameters) {
    const bytes = elementCount(parameter.shape) * 4;
    const last = slabs.at(-1);
    const start = last === undefined ? 0 : Math.ceil(last.size / alignment) * alignment;
    if (last === undefined || start + bytes > limit) slabs.push({ size: bytes, offsets: new Map([[parameter, 0]]) });
    else {
      last.offsets.set(parameter, start);
      last.size = start + bytes;
    }
  }
  return slabs.map(({ size, offsets }) => ({ size: Math.max(4, size), offsets }));
}
