/** Which of the formats that are decoded here a file has, by its first bytes. */
import { PNG_SIGNATURE, startsWith } from '../bytes.js';

/** `'png'`, `'jpeg'`, or `undefined` for everything else. A file cut inside the PNG signature still counts as PNG. */
export function sniff(bytes: Uint8Array): 'png' | 'jpeg' | undefined {
  if (
    startsWith(bytes, PNG_SIGNATURE) ||
    (bytes.length >= 4 && bytes.length < 8 && startsWith(bytes, PNG_SIGNATURE.slice(0, 4)))
  ) {
    return 'png';
  }
  // Not JPEG-LS, which no decoder here reads.
  if (startsWith(bytes, [0xff, 0xd8]) && !startsWith(bytes, [0xff, 0xd8, 0xff, 0xf7])) return 'jpeg';
  return undefined;
}
