/** JPEG files piece by piece, valid or not. Every block is grey: codes are one bit long and all of them 0. */
import { concat } from './pictures.js';

const word = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);

function segment(marker: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0xff, marker), word(body.length + 2), body);
}

/** The frame header: SOF0 of a baseline picture, SOF2 of a progressive one; the components 1, 2 and so on. */
export function frame(width: number, height: number, { progressive = false, ids = [1] } = {}): Uint8Array {
  const planes = ids.flatMap((id) => [id, 0x11, 0]);
  const body = concat(Uint8Array.of(8), word(height), word(width), Uint8Array.of(ids.length, ...planes));
  return segment(progressive ? 0xc2 : 0xc0, body);
}

/** A scan of so many bytes: the coefficients `first` to `last` of a component, and which bits of them (Ah and Al). */
export function scan(length: number, { id = 1, first = 0, last = 63, bits = 0 } = {}): Uint8Array {
  return concat(segment(0xda, Uint8Array.of(1, id, 0, first, last, bits)), new Uint8Array(length));
}

const TABLES = concat(
  segment(0xdb, Uint8Array.of(0, ...new Uint8Array(64).fill(1))),
  ...[0x00, 0x10].map((kind) => segment(0xc4, Uint8Array.of(kind, 1, ...new Uint8Array(15), 0))),
);

/** A file of these parts, with tables before them. */
export function jpegFile(...parts: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(0xff, 0xd8), TABLES, ...parts, Uint8Array.of(0xff, 0xd9));
}
