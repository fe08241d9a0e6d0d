import { latin1 } from '../bytes/text.js';
import type { CheckpointFormat } from '../types.js';
import { isPthLegacy } from './pth-legacy.js';

/** The format of the bytes, from what they start with; undefined if they are no checkpoint. */
export function detectFormat(bytes: Uint8Array): CheckpointFormat | undefined {
  const start = latin1(bytes.subarray(0, 4));
  if (start === 'PK\x03\x04' || start === 'PK\x05\x06') return 'pth-zip';
  if (isPthLegacy(bytes)) return 'pth-legacy';
  // safetensors: the length of the header, far below 2^40, then the header, which is a JSON object.
  if (bytes.length >= 9 && bytes[8] === 0x7b && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0) {
    return 'safetensors';
  }
  return undefined;
}
