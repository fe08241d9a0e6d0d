/** Base64 (RFC 4648, section 4) of bytes, without Buffer: the same in Node and in a page. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES: Uint8Array = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const PADDING = '='.charCodeAt(0);

export function toBase64(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const left = bytes.length - from;
    const group = (bytes[from]! << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    text[to] = CODES[group >> 18]!;
    text[to + 1] = CODES[(group >> 12) & 63]!;
    text[to + 2] = left > 1 ? CODES[(group >> 6) & 63]! : PADDING;
    text[to + 3] = left > 2 ? CODES[group & 63]! : PADDING;
  }
  return new TextDecoder().decode(text);
}
