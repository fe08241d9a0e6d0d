/** Which of the formats that are decoded here a file has, by its first bytes. */

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

/** `'png'`, `'jpeg'`, or `undefined` for everything else. A file cut inside the PNG signature still counts as PNG. */
export function sniff(bytes: Uint8Array): 'png' | 'jpeg' | undefined {
  if (startsWith(bytes, PNG) || (bytes.length >= 4 && bytes.length < 8 && startsWith(bytes, PNG.slice(0, 4)))) {
    return 'png';
  }
  // Not JPEG-LS, which no decoder here reads.
  if (startsWith(bytes, [0xff, 0xd8]) && !startsWith(bytes, [0xff, 0xd8, 0xff, 0xf7])) return 'jpeg';
  return undefined;
}
