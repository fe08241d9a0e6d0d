import { checkpointError } from '../errors.js';

/**
 * What decoding may allocate beyond the file itself.
 *
 * A few hostile bytes can ask for terabytes: a tensor of one element expanded to 2^40, a thousand transposed views of
 * one storage, a deflate bomb. Every allocation that the file decides on is therefore taken from a budget that is
 * proportional to the file's length. Views cost nothing.
 */
export class Budget {
  readonly limit: number;
  #left: number;

  constructor(limit: number) {
    this.limit = limit;
    this.#left = limit;
  }

  /** The default: four times the file (all float16, widened, and shared once) and 1 MiB for small ones. */
  static forFile(length: number, limit?: number): Budget {
    return new Budget(limit ?? 4 * length + 2 ** 20);
  }

  /** Allocates `count` elements of zeros, or throws `CHECKPOINT_LIMIT`. */
  allocate<T extends ArrayBufferView>(type: TypedArrayType<T>, count: number): T {
    return this.#spend(count * type.BYTES_PER_ELEMENT, () => new type(count));
  }

  /** Copies `length` bytes of `buffer` into one of their own, or throws `CHECKPOINT_LIMIT`. */
  copy(buffer: ArrayBufferLike, start: number, length: number): ArrayBufferLike {
    return this.#spend(length, () => buffer.slice(start, start + length));
  }

  #spend<T>(bytes: number, allocate: () => T): T {
    if (bytes > this.#left) throw this.#exceeded(bytes);
    this.#left -= bytes;
    try {
      return allocate();
    } catch (cause) {
      throw this.#exceeded(bytes, cause);
    }
  }

  #exceeded(bytes: number, cause?: unknown): Error {
    return checkpointError(
      'CHECKPOINT_LIMIT',
      cause === undefined
        ? `The file asks for ${bytes} bytes more; ${this.#left} of ${this.limit} allowed bytes are left.`
        : `${bytes} bytes of memory could not be allocated.`,
      'If you trust the file and have the memory, raise the option maxDecodedBytes.',
      { bytes, left: this.#left, limit: this.limit },
      cause,
    );
  }
}

/** A typed-array class, as far as it is needed here. */
export interface TypedArrayType<T extends ArrayBufferView> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}
