/**
 * The codes of deflate (RFC 1951, 3.2.2): given by their lengths alone. Codes of up to {@link FAST} bits are looked up;
 * longer ones, which are rare, are counted through bit by bit. A full table for 15 bits would cost more to fill than a
 * hostile block of a dozen bytes to write.
 */
const MOST_BITS = 15;
export const FAST = 9;

export interface Codes {
  /** By the next bits of the stream: symbol << 4 | length; 0 where the code is longer, or none. */
  readonly fast: Uint16Array;
  /** Codes of each length. */
  readonly counts: Uint16Array;
  /** Symbols by code. */
  readonly symbols: Uint16Array;
}

export function makeCodes(symbols: number): Codes {
  return {
    fast: new Uint16Array(1 << FAST),
    counts: new Uint16Array(MOST_BITS + 1),
    symbols: new Uint16Array(symbols),
  };
}

const next = new Uint16Array(MOST_BITS + 2);

/**
 * Fills `codes` from `count` lengths.
 *
 * @param mayLack that a lone code of one bit leaves the other bit without meaning, as zlib allows
 * @returns false where the lengths are no code
 */
export function fillCodes(
  { fast, counts, symbols }: Codes,
  lengths: Uint8Array,
  from: number,
  count: number,
  mayLack: boolean,
): boolean {
  counts.fill(0);
  for (let i = 0; i < count; i++) counts[lengths[from + i]!]!++;
  counts[0] = 0;
  let [left, longest] = [1, 0];
  next[1] = 0;
  for (let length = 1; length <= MOST_BITS; length++) {
    left = 2 * left - counts[length]!;
    if (left < 0) return false;
    if (counts[length]! > 0) longest = length;
    next[length + 1] = next[length]! + counts[length]!;
  }
  if (left > 0 && !(mayLack && longest <= 1)) return false;
  for (let i = 0; i < count; i++) {
    const length = lengths[from + i]!;
    if (length > 0) symbols[next[length]!++] = i;
  }
  fast.fill(0);
  let [code, at] = [0, 0];
  for (let length = 1; length <= FAST; length++, code <<= 1) {
    for (let n = counts[length]!; n > 0; n--, code++, at++) {
      const entry = (symbols[at]! << 4) | length;
      for (let bits = reversed(code, length); bits < fast.length; bits += 1 << length) fast[bits] = entry;
    }
  }
  return true;
}

/** Codes stand in the stream from their highest bit on, all else from its lowest. */
function reversed(code: number, length: number): number {
  let out = 0;
  for (let rest = code, n = 0; n < length; n++, rest >>= 1) out = (out << 1) | (rest & 1);
  return out;
}

/** A code of more than {@link FAST} bits at the beginning of `bits`: symbol << 4 | length, or 0 for none. */
export function longCode({ counts, symbols }: Codes, bits: number): number {
  let [code, first, at] = [0, 0, 0];
  for (let length = 1; length <= MOST_BITS; length++) {
    code |= (bits >>> (length - 1)) & 1;
    const count = counts[length]!;
    if (code - first < count) return (symbols[at + code - first]! << 4) | length;
    at += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return 0;
}
