/**
 * From the inflated data of a PNG to samples: filters are undone in place, row by row, and the rows of the seven Adam7
 * passes, each a small picture of its own, are spread over the picture. Filters: https://www.w3.org/TR/png-3/#9Filters;
 * passes: https://www.w3.org/TR/png-3/#8Interlace.
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

/**
 * Samples as stored (not stretched), interleaved, [height * width * channels]; of 16 bits as `Uint16Array`.
 *
 * @param raw the inflated data, {@link inflatedSize} bytes; changed
 * @throws `DATA_CORRUPT` for a filter that is none
 */
export function samplesOf(
  raw: Uint8Array,
  header: PngHeader,
  where: string,
): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  const { width, height, bitDepth, colourType } = header;
  const channels = CHANNELS[colourType];
  const count = width * height * channels;
  const out = bitDepth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const pixelBytes = Math.max(1, (bitDepth * channels) / 8);
  let at = 0;
  for (const { pass, columns, rows, rowBytes } of passesOf(header)) {
    const [left, top, right, down] = pass;
    for (let n = 0; n < rows; n++) {
      const start = at + 1;
      unfilter(raw, at, rowBytes, n === 0, pixelBytes, where);
      at = start + rowBytes;
      const to = ((top + n * down) * width + left) * channels;
      if (bitDepth === 8 && right === 1) out.set(raw.subarray(start, at), to);
      else spread(raw, start, bitDepth, out, to, columns, channels, right);
    }
  }
  return out;
}

/** One row's samples to their places. */
function spread(
  raw: Uint8Array,
  start: number,
  bits: PngHeader['bitDepth'],
  out: Uint8Array | Uint16Array,
  first: number,
  columns: number,
  channels: number,
  step: number,
): void {
  const mask = 2 ** bits - 1;
  for (let x = 0, n = 0, to = first; x < columns; x++, to += step * channels) {
    for (let c = 0; c < channels; c++, n++) {
      if (bits === 16) out[to + c] = ((raw[start + 2 * n] as number) << 8) | (raw[start + 2 * n + 1] as number);
      else if (bits === 8) out[to + c] = raw[start + n] as number;
      // Below 8 bits: high bits first; there is one channel.
      else out[to + c] = ((raw[start + ((n * bits) >> 3)] as number) >> (8 - bits - ((n * bits) & 7))) & mask;
    }
  }
}

/**
 * Undoes the filter of the row at `at`, whose first byte names it; the row before is as long. Bytes wrap around, as the
 * standard wants.
 */
function unfilter(raw: Uint8Array, at: number, length: number, isFirst: boolean, pixel: number, where: string): void {
  const filter = raw[at] as number;
  const start = at + 1;
  const end = start + length;
  const above = length + 1;
  // Above the first row all is 0, so that its filters are simpler ones: up does nothing, Paeth is sub.
  const kind = isFirst ? [0, 1, 0, 5, 1][filter] : filter;
  if (filter > 4) throw corrupt(where, `A row of the PNG names filter ${filter}, which PNG does not have.`);
  if (kind === 1) {
    for (let i = start + pixel; i < end; i++) raw[i] = (raw[i] as number) + (raw[i - pixel] as number);
  } else if (kind === 2) {
    for (let i = start; i < end; i++) raw[i] = (raw[i] as number) + (raw[i - above] as number);
  } else if (kind === 3) {
    for (let i = start; i < end; i++) {
      const left = i < start + pixel ? 0 : (raw[i - pixel] as number);
      raw[i] = (raw[i] as number) + ((left + (raw[i - above] as number)) >> 1);
    }
  } else if (kind === 5) {
    for (let i = start + pixel; i < end; i++) raw[i] = (raw[i] as number) + ((raw[i - pixel] as number) >> 1);
  } else if (kind === 4) {
    for (let i = start; i < end; i++) {
      const isLeftmost = i < start + pixel;
      const left = isLeftmost ? 0 : (raw[i - pixel] as number);
      const corner = isLeftmost ? 0 : (raw[i - above - pixel] as number);
      raw[i] = (raw[i] as number) + paeth(left, raw[i - above] as number, corner);
    }
  }
}

/** Whichever of the three is nearest to left + up - corner, in this order. */
function paeth(left: number, up: number, corner: number): number {
  const byLeft = Math.abs(up - corner);
  const byUp = Math.abs(left - corner);
  const byCorner = Math.abs(left + up - 2 * corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
