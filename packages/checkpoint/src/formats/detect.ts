import { checkpointError, FIX } from '../errors.js';
import type { CheckpointFormat } from '../types.js';
import { isPthLegacy } from './pth-legacy.js';

/** The format of the bytes, from what they start with; undefined if they are no checkpoint. */
export function detectFormat(bytes: Uint8Array): CheckpointFormat | undefined {
  if (startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, 'PK\x05\x06')) return 'pth-zip';
  if (isPthLegacy(bytes)) return 'pth-legacy';
  // safetensors: the length of the header, far below 2^40, then the header, which is a JSON object.
  if (bytes.length >= 9 && bytes[8] === 0x7b && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0) {
    return 'safetensors';
  }
  return undefined;
}

/** Things that arrive in place of checkpoints, and what to do about them. */
const LOOKALIKES: readonly (readonly [start: string, what: string, fix: string])[] = [
  ['<', 'a web page', 'The download gave a page instead of the file; open the link in a browser and save the file.'],
  ['version https://git-lfs', 'a Git LFS pointer', 'Fetch the file itself: git lfs pull.'],
  ['\x1f\x8b', 'compressed by gzip', 'Unpack it first (gunzip).'],
  ['\x89PNG', 'a PNG image', 'Give the .pth or .safetensors file.'],
  ['\x93NUMPY', 'a NumPy array', 'Give the .pth or .safetensors file.'],
  ['\x89HDF', 'an HDF5 file (Keras)', 'Export the weights from PyTorch as .pth or .safetensors.'],
  ['\x80', 'a pickle that torch.save did not write', FIX.resave],
];

/** The refusal of bytes whose format is not known, with a guess at what they are. */
export function unknownFormat(bytes: Uint8Array): Error {
  const guess = LOOKALIKES.find(([start]) => startsWith(bytes, start));
  const length = `${bytes.length} bytes`;
  const first = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return checkpointError(
    'CHECKPOINT_UNKNOWN_FORMAT',
    bytes.length === 0
      ? 'The file is empty.'
      : guess !== undefined
        ? `The file (${length}) is ${guess[1]}, not a checkpoint.`
        : `The file (${length}, starting with ${first}) is neither a .pth file nor safetensors.`,
    guess?.[2] ?? FIX.download,
    { length: bytes.length, first },
  );
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
