/**
 * From the inflated data of a PNG to samples, row by row as they come: the filter of a row is undone with the row
 * before it, and its samples go to their places in the picture. So the picture is held once, and two rows beside it.
 * The rows of the seven Adam7 passes, each a small picture of its own, are spread over the picture. Filters:
 * https://www.w3.org/TR/png-3/#9Filters; passes: https://www.w3.org/TR/png-3/#8Interlace.
 */
import { CHANNELS, corrupt, type PngHeader } from './png-chunks.js';

/** x offset, y offset, x step, y step. */
type Pass = readonly [number, number, number, number];

const ADAM7: readonly Pass[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

const WHOLE: readonly Pass[] = [[0, 0, 1, 1]];

/** Bytes up to which a row is copied one by one. */
const SHORT = 32;

interface PassSize {
  readonly pass: Pass;
  readonly columns: number;
  readonly rows: number;
  /** Without the filter byte. */
  readonly rowBytes: number;
}

function passesOf({ width, height, bitDepth, colourType, interlaced }: PngHeader): PassSize[] {
  const bits = bitDepth * CHANNELS[colourType];
  return (interlaced ? ADAM7 : WHOLE)
    .map((pass) => {
      const [left, top, right, down] = pass;
      const columns = Math.ceil((width - left) / right);
      const rows = Math.ceil((height - top) / down);
      return { pass, columns, rows, rowBytes: Math.ceil((columns * bits) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Bytes of all filtered rows, each with its filter byte. */
export function inflatedSize(header: PngHeader): number {
  return passesOf(header).reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
}

/** Takes the inflated data, {@link inflatedSize} bytes in any pieces, and makes samples of them. */
export class PngRows {
  /** As stored (not stretched), interleaved, [height * width * channels]; of 16 bits as `Uint16Array`. */
  readonly samples: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  readonly #header: PngHeader;
  readonly #where: string;
  readonly #passes: PassSize[];
  /** Bytes to the left neighbour of a sample. */
  readonly #pixelBytes: number;
  #row: Uint8Array;
  #above: Uint8Array;
  #pass = 0;
  #y = 0;
  /** Bytes of the row that are there; -1 before its filter. */
  #filled = -1;
  #filter = 0;

  constructor(header: PngHeader, where: string) {
    const { width, height, bitDepth, colourType } = header;
    const channels = CHANNELS[colourType];
    const count = width * height * channels;
    this.samples = bitDepth === 16 ? new Uint16Array(count) : new Uint8Array(count);
    this.#header = header;
    this.#where = where;
    this.#passes = passesOf(header);
    this.#pixelBytes = Math.max(1, (bitDepth * channels) / 8);
    const longest = Math.max(...this.#passes.map(({ rowBytes }) => rowBytes));
    this.#row = new Uint8Array(longest);
    this.#above = new Uint8Array(longest);
  }

  /**
   * @returns whether more is needed; bytes beyond the last row are left aside
   * @throws `DATA_CORRUPT` for a filter that is none
   */
  take(piece: Uint8Array): boolean {
    let at = 0;
    while (at < piece.length) {
      const size = this.#passes[this.#pass];
      if (size === undefined) return false;
      if (this.#filled < 0) {
        this.#filter = piece[at++] as number;
        this.#filled = 0;
        if (this.#filter > 4) {
          throw corrupt(this.#where, `A row of the PNG names filter ${this.#filter}, which PNG does not have.`);
        }
      }
      const count = Math.min(piece.length - at, size.rowBytes - this.#filled);
      const [row, to] = [this.#row, this.#filled];
      // A view for each of millions of short rows would cost more than their bytes.
      if (count < SHORT) for (let i = 0; i < count; i++) row[to + i] = piece[at + i]!;
      else row.set(piece.subarray(at, at + count), to);
      this.#filled += count;
      at += count;
      if (this.#filled === size.rowBytes) this.#finishRow(size);
    }
    return this.#pass < this.#passes.length;
  }

  #finishRow({ pass, columns, rows, rowBytes }: PassSize): void {
    const { width, bitDepth, colourType } = this.#header;
    const [left, top, right, down] = pass;
    const channels = CHANNELS[colourType];
    const row = this.#row;
    unfilter(this.#filter, row, this.#above, rowBytes, this.#y === 0, this.#pixelBytes);
    const to = ((top + this.#y * down) * width + left) * channels;
    if (bitDepth === 8 && right === 1 && rowBytes >= SHORT) this.samples.set(row.subarray(0, rowBytes), to);
    else spread(row, bitDepth, this.samples, to, columns, channels, right);
    this.#row = this.#above;
    this.#above = row;
    this.#filled = -1;
    if (++this.#y < rows) return;
    this.#y = 0;
    this.#pass++;
  }
}

/** One row's samples to their places, `step` pixels apart. A loop of its own for each depth: engines like that. */
function spread(
  row: Uint8Array,
  bits: PngHeader['bitDepth'],
  out: Uint8Array | Uint16Array,
  first: number,
  columns: number,
  channels: number,
  step: number,
): void {
  const count = columns * channels;
  if (out instanceof Uint16Array) {
    const words = new Uint16Array(row.buffer, 0, count);
    if (step === 1) swapBytes(words, out.subarray(first, first + count));
    else spreadWords(words, out, first, channels, step);
  } else if (bits === 8) spreadBytes(row, count, out, first, channels, step);
  else spreadBits(row, bits, out, first, columns, step);
}

function spreadBytes(
  row: Uint8Array,
  count: number,
  out: Uint8Array,
  first: number,
  channels: number,
  step: number,
): void {
  for (let c = 0; c < channels; c++) {
    for (let n = c, to = first + c; n < count; n += channels, to += step * channels) out[to] = row[n]!;
  }
}

function spreadWords(row: Uint16Array, out: Uint16Array, first: number, channels: number, step: number): void {
  for (let c = 0; c < channels; c++) {
    for (let n = c, to = first + c; n < row.length; n += channels, to += step * channels) {
      out[to] = (row[n]! << 8) | (row[n]! >> 8);
    }
  }
}

/** Below 8 bits: high bits first; there is one channel. */
function spreadBits(
  row: Uint8Array,
  bits: number,
  out: Uint8Array,
  first: number,
  columns: number,
  step: number,
): void {
  const mask = 2 ** bits - 1;
  for (let at = 0, n = 0, to = first; n < columns; n++, at += bits, to += step) {
    out[to] = (row[at >> 3]! >> (8 - bits - (at & 7))) & mask;
  }
}

/** PNG has the high byte first, arrays in memory the low one. */
function swapBytes(from: Uint16Array, to: Uint16Array): void {
  for (let n = 0; n < to.length; n++) {
    const word = from[n] as number;
    to[n] = (word << 8) | (word >> 8);
  }
}

/** Undoes the filter of a row of `length` bytes. Bytes wrap around, as the standard wants. */
function unfilter(
  filter: number,
  row: Uint8Array,
  above: Uint8Array,
  length: number,
  isFirst: boolean,
  pixel: number,
): void {
  // Above the first row all is 0, so that its filters are simpler ones: up does nothing, Paeth is sub.
  const kind = isFirst ? [0, 1, 0, 5, 1][filter] : filter;
  if (kind === 1) {
    for (let i = pixel; i < length; i++) row[i] = (row[i] as number) + (row[i - pixel] as number);
  } else if (kind === 2) {
    for (let i = 0; i < length; i++) row[i] = (row[i] as number) + (above[i] as number);
  } else if (kind === 3) {
    for (let i = 0; i < length; i++) {
      const left = i < pixel ? 0 : (row[i - pixel] as number);
      row[i] = (row[i] as number) + ((left + (above[i] as number)) >> 1);
    }
  } else if (kind === 5) {
    for (let i = pixel; i < length; i++) row[i] = (row[i] as number) + ((row[i - pixel] as number) >> 1);
  } else if (kind === 4 && pixel <= 2) {
    // Each byte waits for its left neighbour, so that one is kept at hand.
    for (let first = 0; first < pixel; first++) {
      for (let i = first, left = 0, corner = 0; i < length; i += pixel) {
        const up = above[i]!;
        left = (row[i]! + paeth(left, up, corner)) & 255;
        row[i] = left;
        corner = up;
      }
    }
  } else if (kind === 4) {
    // The leftmost pixel has nothing at its left, and Paeth is up there.
    for (let i = 0; i < pixel; i++) row[i] = (row[i] as number) + (above[i] as number);
    for (let i = pixel; i < length; i++) {
      row[i] = (row[i] as number) + paeth(row[i - pixel] as number, above[i] as number, above[i - pixel] as number);
    }
  }
}

/**
 * Whichever of the three is nearest to left + up - corner, in this order. Said without branches, which rows of noise
 * would have the processor guess wrong: with `turn` = 3 corner - left - up, the corner is nearest where `turn` lies
 * between left and up; beyond the larger of them it is the smaller, and the other way round. Masks are all ones where
 * the difference is negative.
 */
function paeth(left: number, up: number, corner: number): number {
  const difference = (left - up) & ((left - up) >> 31);
  const [least, most] = [up + difference, left - difference];
  const turn = 3 * corner - left - up;
  const inner = least ^ ((least ^ corner) & ((turn - most) >> 31));
  return most ^ ((most ^ inner) & ((least - turn) >> 31));
}
