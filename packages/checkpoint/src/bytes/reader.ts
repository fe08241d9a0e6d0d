import { truncated } from '../errors.js';
import { decodeUtf8 } from './text.js';

/** A bounded cursor over bytes: every read past the end is a `CHECKPOINT_TRUNCATED` error. Little-endian. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  position: number;

  /** `what` names the part being read, for messages ("the pickle", "the zip directory"). */
  constructor(bytes: Uint8Array, what: string, position = 0) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
    this.position = position;
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** Moves on by `count` bytes and returns where they start. */
  skip(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start) {
      throw truncated(
        `${this.#what} ends after ${this.bytes.length} bytes, but ${count} more are needed at byte ${start}.`,
        { needed: count, at: start, length: this.bytes.length },
      );
    }
    this.position = start + count;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  /** 64 bits, unsigned. Above 2^53 the result is rounded, which is enough to find that it exceeds the file. */
  u64(): number {
    const start = this.skip(8);
    return this.#view.getUint32(start, true) + this.#view.getUint32(start + 4, true) * 2 ** 32;
  }

  /** Big-endian, as pickles have it. */
  f64BigEndian(): number {
    return this.#view.getFloat64(this.skip(8), false);
  }

  /** A view, not a copy, of the next `count` bytes. */
  take(count: number): Uint8Array {
    const start = this.skip(count);
    return this.bytes.subarray(start, start + count);
  }

  /** UTF-8 up to the next newline, which is consumed and not returned. */
  line(): string {
    return decodeUtf8(this.lineBytes());
  }

  /** The bytes up to the next newline, which is consumed and not returned. */
  lineBytes(): Uint8Array {
    const end = this.bytes.indexOf(10, this.position);
    if (end < 0) throw truncated(`${this.#what} ends within a line of text that starts at byte ${this.position}.`);
    const line = this.take(end - this.position);
    this.position++;
    return line;
  }
}
