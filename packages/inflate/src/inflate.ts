/**
 * Deflate (RFC 1951), piece by piece.
 *
 * What is decoded goes through a window, of which the last 32 KB stay for what follows to refer to. So memory is the
 * same for every stream, and whoever takes the pieces may stop at any time. Each step of the loops below consumes bits
 * of the file or gives bytes to the caller: nothing costs more than that. Who only wants to know how much there is has
 * it counted, without a byte being written: that costs what the file is long, not what it holds.
 */
import { type Codes, FAST, fillCodes, longCode, makeCodes } from './huffman.js';

/** How far back a stream may refer. */
const HISTORY = 1 << 15;
/** Bytes of a piece, at most. */
const PIECE = 1 << 16;
const LONGEST_MATCH = 258;

const LITERALS = 288;
const DISTANCES = 32;
/** Code lengths come in this order (3.2.7). */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;

const [lengthBase, lengthBits] = ranges(29, 3, 8, 4);
lengthBase[28] = LONGEST_MATCH;
lengthBits[28] = 0;
const [distanceBase, distanceBits] = ranges(30, 1, 4, 2);

/**
 * Of symbol n: the least value, and the bits that are added to it; after `plain` of them every `each` have one more.
 */
function ranges(count: number, first: number, plain: number, each: number): [Uint16Array, Uint8Array] {
  const [base, bits] = [new Uint16Array(count), new Uint8Array(count)];
  for (let n = 0, value = first; n < count; n++) {
    bits[n] = n < plain ? 0 : Math.floor((n - plain) / each) + 1;
    base[n] = value;
    value += 1 << bits[n]!;
  }
  return [base, bits];
}

/** One for all: a file may have ten thousands of streams, and garbage of each would add up. */
const NONE = new Uint8Array(0);

/** Matches up to here are copied byte by byte, which is faster than asking for it. */
const SHORT_MATCH = 32;

/** How a stream ended. */
export interface Inflated {
  /**
   * `complete`; `stopped`: by the caller; `cut`: the bytes end within the stream; `damaged`: they are no deflate
   * stream.
   */
  readonly status: 'complete' | 'stopped' | 'cut' | 'damaged';
  /** Offset of the first byte after a complete stream. */
  readonly end: number;
  /** Bytes that were handed out. */
  readonly total: number;
  /** What is wrong with a damaged one, in words. */
  readonly reason: string;
}

type Status = Inflated['status'] | 'open';

/** Decodes streams, one after the other. */
export class Inflater {
  readonly #window = new Uint8Array(HISTORY + PIECE);
  readonly #literals = makeCodes(LITERALS);
  readonly #distances = makeCodes(DISTANCES);
  readonly #lengths = new Uint8Array(LITERALS + DISTANCES);
  #fixed: readonly [Codes, Codes] | undefined;
  #bytes: Uint8Array = NONE;
  #take: (piece: Uint8Array) => boolean = () => false;
  /** Next byte of the file; beyond its end zeros are read, and told afterwards. */
  #at = 0;
  #hold = 0;
  #bits = 0;
  /** Next byte of the window, and the first one that was not handed out. */
  #out = 0;
  #fresh = 0;
  /** Bytes that left the window. */
  #total = 0;
  /** Bytes after which counting stops; `undefined` where they are decoded. */
  #most: number | undefined;
  #reason = '';

  /**
   * How much the stream that begins at `start` holds, with every check that {@link run} makes; it stops at `most` bytes
   * or a little later.
   */
  count(bytes: Uint8Array, start: number, most: number): Inflated {
    this.#most = most;
    return this.#decode(bytes, start);
  }

  /**
   * Decodes the stream that begins at `start`.
   *
   * @param take gets the decoded bytes in order, in a view that is valid during the call; `false` stops
   */
  run(bytes: Uint8Array, start: number, take: (piece: Uint8Array) => boolean): Inflated {
    this.#most = undefined;
    this.#take = take;
    return this.#decode(bytes, start);
  }

  #decode(bytes: Uint8Array, start: number): Inflated {
    this.#bytes = bytes;
    this.#at = Math.min(start, bytes.length);
    this.#hold = this.#bits = this.#out = this.#fresh = this.#total = 0;
    this.#reason = '';
    let status: Status = 'open';
    while (status === 'open') status = this.#block();
    if (status !== 'stopped' && !this.#flush() && status === 'complete') status = 'stopped';
    this.#bytes = NONE;
    // Whole bytes that were read ahead belong to what follows.
    return { status, end: this.#at - (this.#bits >> 3), total: this.#total, reason: this.#reason };
  }

  #block(): Status {
    const last = this.#read(1);
    const kind = this.#read(2);
    if (this.#isPastEnd()) return 'cut';
    let status: Status;
    if (kind === 0) status = this.#stored();
    else if (kind === 1) status = this.#compressed(...this.#fixedCodes());
    else if (kind === 2) status = this.#dynamic();
    else status = this.#damaged('a block is of a kind that there is not');
    return status === 'open' && last === 1 ? 'complete' : status;
  }

  /** At most 16 bits. */
  #read(count: number): number {
    while (this.#bits < count) {
      this.#hold |= (this.#bytes[this.#at++] ?? 0) << this.#bits;
      this.#bits += 8;
    }
    const value = this.#hold & ((1 << count) - 1);
    this.#hold >>>= count;
    this.#bits -= count;
    return value;
  }

  #isPastEnd(): boolean {
    return this.#at - (this.#bits >> 3) > this.#bytes.length;
  }

  #damaged(reason: string): Status {
    if (this.#isPastEnd()) return 'cut';
    this.#reason = reason;
    return 'damaged';
  }

  /** Hands out what is new. */
  #flush(): boolean {
    if (this.#most !== undefined) {
      this.#total = this.#out;
      return this.#total < this.#most;
    }
    if (this.#out === this.#fresh) return true;
    const piece = this.#window.subarray(this.#fresh, this.#out);
    this.#total += piece.length;
    this.#fresh = this.#out;
    return this.#take(piece);
  }

  /** Makes room in the window. */
  #shift(): boolean {
    if (!this.#flush()) return false;
    this.#window.copyWithin(0, this.#out - HISTORY, this.#out);
    this.#out = this.#fresh = HISTORY;
    return true;
  }

  #stored(): Status {
    // Back to the first whole byte that was not used.
    this.#at -= this.#bits >> 3;
    this.#hold = this.#bits = 0;
    const bytes = this.#bytes;
    if (this.#at + 4 > bytes.length) return 'cut';
    let length = bytes[this.#at]! | (bytes[this.#at + 1]! << 8);
    const check = bytes[this.#at + 2]! | (bytes[this.#at + 3]! << 8);
    if ((length ^ check) !== 0xffff) return this.#damaged('the length of a stored block is not what its check says');
    this.#at += 4;
    const isCounting = this.#most !== undefined;
    while (length > 0) {
      if (isCounting ? !this.#flush() : this.#out === this.#window.length && !this.#shift()) return 'stopped';
      const room = isCounting ? length : this.#window.length - this.#out;
      const count = Math.min(length, room, bytes.length - this.#at);
      if (count === 0) return 'cut';
      if (!isCounting) this.#window.set(bytes.subarray(this.#at, this.#at + count), this.#out);
      this.#out += count;
      this.#at += count;
      length -= count;
    }
    return 'open';
  }

  #fixedCodes(): readonly [Codes, Codes] {
    if (this.#fixed !== undefined) return this.#fixed;
    const [literals, distances] = [makeCodes(LITERALS), makeCodes(DISTANCES)];
    const lengths = Uint8Array.from({ length: LITERALS }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8));
    fillCodes(literals, lengths, 0, LITERALS, false);
    fillCodes(distances, new Uint8Array(DISTANCES).fill(5), 0, DISTANCES, false);
    this.#fixed = [literals, distances];
    return this.#fixed;
  }

  #dynamic(): Status {
    const literals = this.#read(5) + 257;
    const distances = this.#read(5) + 1;
    const count = this.#read(4) + 4;
    if (literals > 286 || distances > 30) return this.#damaged('a block has more codes than there are');
    const lengths = this.#lengths;
    lengths.fill(0, 0, LENGTH_ORDER.length);
    for (let n = 0; n < count; n++) lengths[LENGTH_ORDER[n]!] = this.#read(3);
    // They are used up before the codes that they describe are filled.
    const meta = this.#distances;
    if (!fillCodes(meta, lengths, 0, LENGTH_ORDER.length, false)) return this.#damaged('code lengths are no code');
    const all = literals + distances;
    for (let n = 0; n < all; ) {
      if (this.#isPastEnd()) return 'cut';
      const symbol = this.#symbol(meta);
      if (symbol < 0) return this.#damaged('a code length is none');
      if (symbol < 16) {
        lengths[n++] = symbol;
        continue;
      }
      if (symbol === 16 && n === 0) return this.#damaged('a code length repeats none');
      const value = symbol === 16 ? lengths[n - 1]! : 0;
      const times = symbol === 16 ? 3 + this.#read(2) : symbol === 17 ? 3 + this.#read(3) : 11 + this.#read(7);
      if (n + times > all) return this.#damaged('there are too many code lengths');
      lengths.fill(value, n, n + times);
      n += times;
    }
    if (lengths[256] === 0) return this.#damaged('a block has no end');
    const isWhole =
      fillCodes(this.#literals, lengths, 0, literals, true) &&
      fillCodes(this.#distances, lengths, literals, distances, true);
    return isWhole ? this.#compressed(this.#literals, this.#distances) : this.#damaged('a block has no valid codes');
  }

  /** One symbol, or -1. */
  #symbol(codes: Codes): number {
    while (this.#bits < 15) {
      this.#hold |= (this.#bytes[this.#at++] ?? 0) << this.#bits;
      this.#bits += 8;
    }
    const entry = codes.fast[this.#hold & ((1 << FAST) - 1)]! || longCode(codes, this.#hold);
    if (entry === 0) return -1;
    this.#hold >>>= entry & 15;
    this.#bits -= entry & 15;
    return entry >> 4;
  }

  /** The loop that matters: everything in local variables. */
  #compressed(literals: Codes, distances: Codes): Status {
    const bytes = this.#bytes;
    const window = this.#window;
    const size = bytes.length;
    const isCounting = this.#most !== undefined;
    const full = this.#most ?? window.length - LONGEST_MATCH;
    const [literalFast, distanceFast] = [literals.fast, distances.fast];
    const mask = (1 << FAST) - 1;
    let [at, hold, bits, out] = [this.#at, this.#hold, this.#bits, this.#out];
    // From here on every byte equals the one `period` before it, up to the end of the last match.
    let [periodic, period, matched] = [0, 0, -1];
    let status: Status = 'open';
    for (;;) {
      if (out > full) {
        this.#out = out;
        if (isCounting ? !this.#flush() : !this.#shift()) return 'stopped';
        periodic = Math.max(0, periodic - (out - this.#out));
        matched -= out - this.#out;
        out = this.#out;
      }
      // 15 bits of a code, and 5 beyond it; never 32, which would be negative.
      while (bits < 23) {
        hold |= (at < size ? bytes[at]! : 0) << bits;
        at++;
        bits += 8;
      }
      let entry = literalFast[hold & mask]!;
      if (entry === 0) entry = longCode(literals, hold);
      hold >>>= entry & 15;
      bits -= entry & 15;
      if (at > size && at - (bits >> 3) > size) {
        status = 'cut';
        break;
      }
      const symbol = entry >> 4;
      if (symbol < 256) {
        if (entry === 0) {
          status = 'damaged';
          this.#reason = 'a code is none';
          break;
        }
        if (!isCounting) window[out] = symbol;
        out++;
        continue;
      }
      if (symbol === 256) break;
      const extra = lengthBits[symbol - 257];
      if (extra === undefined) {
        status = 'damaged';
        this.#reason = 'a length is none';
        break;
      }
      const length = lengthBase[symbol - 257]! + (hold & ((1 << extra) - 1));
      hold >>>= extra;
      bits -= extra;
      while (bits < 23) {
        hold |= (at < size ? bytes[at]! : 0) << bits;
        at++;
        bits += 8;
      }
      entry = distanceFast[hold & mask]!;
      if (entry === 0) entry = longCode(distances, hold);
      hold >>>= entry & 15;
      bits -= entry & 15;
      const more = entry === 0 ? undefined : distanceBits[entry >> 4];
      if (more === undefined) {
        status = at - (bits >> 3) > size ? 'cut' : 'damaged';
        this.#reason = 'a distance is none';
        break;
      }
      while (bits < more) {
        hold |= (at < size ? bytes[at]! : 0) << bits;
        at++;
        bits += 8;
      }
      const distance = distanceBase[entry >> 4]! + (hold & ((1 << more) - 1));
      hold >>>= more;
      bits -= more;
      if (at > size && at - (bits >> 3) > size) {
        status = 'cut';
        break;
      }
      // Before the first shift the window begins with the stream; after it, it holds all that may be referred to.
      if (distance > out) {
        status = 'damaged';
        this.#reason = 'it refers to bytes before its beginning';
        break;
      }
      const end = out + length;
      if (isCounting) {
        out = end;
        continue;
      }
      if (distance !== period || out !== matched) [periodic, period] = [out - distance, distance];
      // So many periods back the same bytes stand, all of them already there.
      const back = distance >= length ? distance : Math.ceil(length / distance) * distance;
      if (length <= SHORT_MATCH) for (let i = out; i < end; i++) window[i] = window[i - distance]!;
      else if (distance === 1) window.fill(window[out - 1]!, out, end);
      else if (out - back >= periodic) window.copyWithin(out, out - back, end - back);
      else for (let i = out; i < end; i++) window[i] = window[i - distance]!;
      out = matched = end;
    }
    [this.#at, this.#hold, this.#bits, this.#out] = [at, hold, bits, out];
    return status;
  }
}
