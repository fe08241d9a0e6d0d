/** Chunks, and the file of them. */
import { crc32 } from '@infnet/inflate';
import { ascii, big, concat } from '../bytes.js';

export interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Chunks with the checksums that they should have. */
export function pngOf(chunks: readonly Chunk[]): Uint8Array {
  const parts = chunks.map(({ type, data }) => {
    const body = concat(ascii(type), data);
    return concat(big(4, data.length), body, big(4, crc32(body)));
  });
  return concat(SIGNATURE, ...parts);
}
