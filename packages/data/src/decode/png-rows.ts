/**
 * Interlaced PNG below 8 bits, which fast-png does not read: the filtered rows of the seven Adam7 passes, each a small picture of its own,
 * to one byte per sample. Filters: https://www.w3.org/TR/png-3/#9Filters; passes: https://www.w3.org/TR/png-3/#8Interlace.
 */
import { corrupt } from './png-chunks.js';

/** [x offset, y offset, x step, y step] of the seven passes. */
export const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * @param raw the inflated data of all passes, exactly as long as they need
 * @returns samples as stored, [height * width], not stretched
 * @throws `DATA_CORRUPT` for a filter that is none
 */
export function unpackInterlaced(
  raw: Uint8Array,
  width: number,
  height: number,
  bits: 1 | 2 | 4,
  where: string,
): Uint8Array {
  const out = new Uint8Array(width * height);
  const mask = 2 ** bits - 1;
  let at = 0;
  for (const [left, top, right, down] of ADAM7) {
    const columns = Math.ceil((width - left) / right);
    const rowBytes = Math.ceil((columns * bits) / 8);
    let above = new Uint8Array(rowBytes);
    for (let y = top; y < height && columns > 0; y += down) {
      const row = unfilter(raw[at] as number, raw.subarray(at + 1, at + 1 + rowBytes), above, where);
      for (let n = 0; n < columns; n++) {
        const bit = n * bits;
        out[y * width + left + n * right] = ((row[bit >> 3] as number) >> (8 - bits - (bit & 7))) & mask;
      }
      above = row;
      at += 1 + rowBytes;
    }
  }
  return out;
}

/** A pixel is less than a byte, so the byte before stands for the pixel before. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, where: string): Uint8Array<ArrayBuffer> {
  if (filter > 4) throw corrupt(where, `A row of the PNG names filter ${filter}, which PNG does not have.`);
  const out = new Uint8Array(row.length);
  for (let i = 0; i < row.length; i++) {
    const [left, up, corner] = [out[i - 1] ?? 0, above[i] as number, above[i - 1] ?? 0];
    const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] as number;
    out[i] = (row[i] as number) + predicted;
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const [byLeft, byUp, byCorner] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs) as [
    number,
    number,
    number,
  ];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
