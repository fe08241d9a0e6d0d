import { checkpointError } from '../errors.js';

/** Longer integers than any checkpoint has; the cost of reading one grows with the square of its length. */
const MAX_BYTES = 256;

/** Little-endian two's complement of any length: a number if it is safe as one, else a bigint. */
export function decodeLong(bytes: Uint8Array): number | bigint {
  if (bytes.length > MAX_BYTES) {
    throw checkpointError(
      'CHECKPOINT_LIMIT',
      `The pickle in the file has an integer of ${bytes.length} bytes; at most ${MAX_BYTES} are read.`,
      'Save the state dict alone: torch.save(model.state_dict(), "weights.pth").',
    );
  }
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  value = BigInt.asIntN(8 * bytes.length, value);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
