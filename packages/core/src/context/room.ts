/**
 * How much memory is left for buffers, where somebody knows: who opened the context (`memoryLimit`), or the platform,
 * on adapters that compute on the CPU. WebGPU tells nothing of a GPU's memory: there plans are held to the device's
 * limits alone.
 */
import { InfnetError } from '@infnet/errors';
import { sizes } from '../tensor/sizes.js';

export interface RoomSource {
  /** Bytes that all buffers of the context may take together. */
  readonly memoryLimit?: number | undefined;
  /** Bytes that can still be allocated, when buffers of `used` bytes are; undefined where nobody tells. */
  readonly memoryLeft?: ((used: number) => number | undefined) | undefined;
}

/** What wants memory, for the error. */
export interface RoomRequest {
  readonly what: string;
  /** What to make smaller. */
  readonly smaller: string;
  readonly details?: object;
}

/**
 * @param left bytes that can still be allocated, where somebody knows
 * @throws InfnetError `MEMORY_FREE` when `bytes` are more; not where nobody knows.
 */
export function assertRoom(left: number | undefined, bytes: number, { what, smaller, details }: RoomRequest): void {
  if (left === undefined || bytes <= left) return;
  const [needed, room] = sizes(bytes, left);
  throw new InfnetError({
    code: 'MEMORY_FREE',
    message: `${what} needs ${needed} more memory, and ${room} are left`,
    fix: `Use ${smaller}, or say how much there is: { memoryLimit }.`,
    details: { ...details, needed: bytes, left },
  });
}
