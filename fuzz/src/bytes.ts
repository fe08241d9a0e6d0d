/** Changes that any file can have, and the pieces that files are made of. */
import type { Random } from './random.js';

/** Numbers at which something begins, ends or overflows. */
export const EDGES: readonly number[] = [
  0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 64, 100, 127, 128, 255, 256, 257, 512, 4096, 8192, 32767, 32768, 65535, 65536,
  0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 255);
}

/** Numbers of so many bytes each. */
export function little(size: 1 | 2 | 4 | 8, ...values: readonly number[]): Uint8Array {
  const out = new Uint8Array(size * values.length);
  for (const [n, value] of values.entries()) {
    for (let i = 0, rest = value; i < size; i++, rest = Math.floor(rest / 256)) out[n * size + i] = rest % 256;
  }
  return out;
}

export function big(size: 1 | 2 | 4 | 8, value: number): Uint8Array {
  return little(size, value).reverse();
}

/** A few bytes changed, taken out, doubled or put in. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let out: Uint8Array = bytes.slice();
  for (let n = 1 + random.below(4); n > 0; n--) out = mutateOnce(out, random);
  return out;
}

function mutateOnce(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.below(random.pick([2, 9, 70, bytes.length + 1])));
  const put = (what: Uint8Array): Uint8Array => {
    const out = bytes.slice();
    out.set(what.subarray(0, Math.max(0, out.length - at)), at);
    return out;
  };
  switch (random.below(9)) {
    case 0:
      return put(Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return put(random.bytes(1));
    case 2:
      return put(little(random.pick([1, 2, 4]), random.pick(EDGES)));
    case 3:
      return put(big(random.pick([1, 2, 4]), random.pick(EDGES)));
    case 4:
      return concat(bytes.subarray(0, at), bytes.subarray(end));
    case 5:
      return concat(bytes.subarray(0, end), bytes.subarray(at));
    case 6:
      return concat(bytes.subarray(0, at), random.bytes(1 + random.below(16)), bytes.subarray(at));
    case 7:
      return bytes.slice(0, at);
    default:
      return concat(bytes.subarray(0, at), new Uint8Array(random.pick([1, 4, 300])), bytes.subarray(at));
  }
}

/** A list with an item doubled, taken out, moved, or many times. */
export function mutateList<T>(items: readonly T[], random: Random, flood = 1): T[] {
  const out = [...items];
  const at = random.below(out.length);
  const item = out[at];
  if (item === undefined) return out;
  switch (random.below(4)) {
    case 0:
      out.splice(random.below(out.length + 1), 0, item);
      break;
    case 1:
      out.splice(at, 1);
      break;
    case 2:
      out.splice(at, 1);
      out.splice(random.below(out.length + 1), 0, item);
      break;
    default: {
      const many = new Array<T>(1 + random.below(random.isOneIn(FLOOD) ? flood : 4)).fill(item);
      return [...out.slice(0, at), ...many, ...out.slice(at)];
    }
  }
  return out;
}

/** One in so many inputs is large. */
export const FLOOD = 300;
/** Larger files are not made. */
export const MOST_BYTES = 2 ** 21;
