/**
 * How results travel out of a page or of Python: their names and lengths in the answer, their values one after the
 * other in one body.
 */
import type { Prepared } from './protocol.js';

export type ResultLengths = readonly (readonly [name: string, length: number])[];

/** {@link Prepared} without values. */
export interface PagePrepared extends Omit<Prepared, 'results'> {
  readonly lengths: ResultLengths;
}

/** Results by name. @throws Error when the body is not as long as the lengths say. */
export function resultsOf(lengths: ResultLengths, body: Uint8Array): Prepared['results'] {
  const wanted = 4 * lengths.reduce((sum, [, length]) => sum + length, 0);
  if (body.byteLength !== wanted) throw new Error(`${body.byteLength} bytes of results were left, not ${wanted}`);
  let at = body.byteOffset;
  const found = lengths.map(([name, length]) => {
    const begin = at;
    at += 4 * length;
    return [name, new Float32Array(body.buffer.slice(begin, at) as ArrayBuffer)] as const;
  });
  return Object.fromEntries(found);
}
