/**
 * The scans of a JPEG file, before any of them is decoded.
 *
 * libjpeg fills missing data with grey and goes on; a slice that is half grey must be an error instead. And it walks
 * over the whole picture for every scan, though a scan of a dozen bytes may say that nothing changes: 16 KB of such
 * scans take it nine seconds. So each plane's coefficients must come once and then, bit by bit, more precise; each scan
 * must be as long as its blocks need; and all scans together may visit each block of a large picture only so often.
 */
import { dataError } from '../errors.js';
import { isFrame, type JpegHeader, type JpegPlane, jpegCorrupt, jpegTruncated, SOS, segments } from './jpeg-header.js';

/** Bits beyond a coefficient's first ones are sent one at a time; 13 is the most that the standard has. */
const UNSENT = -1;

/** Visits of blocks that take no time worth mentioning; a picture with more blocks may visit each so often. */
const FEW_VISITS = 2 ** 22;
/** The usual scripts of encoders have up to ten for a block. */
const VISITS = 16;

interface Plane extends JpegPlane {
  readonly blocks: number;
  /** By coefficient: how many low bits are still missing, or {@link UNSENT}. */
  readonly missing: Int8Array;
}

interface Scan {
  readonly planes: readonly Plane[];
  /** The coefficients from `first` to `last`, of which `before` low bits were missing (0: all), and now `after`. */
  readonly first: number;
  readonly last: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Walks the whole file.
 *
 * @throws `DATA_TRUNCATED` unless the end marker comes after scans that can hold the whole picture; `DATA_CORRUPT` for
 *   scans that contradict each other; `DATA_TOO_LARGE` for more of them than such a picture needs
 */
export function checkJpegScans(bytes: Uint8Array, header: JpegHeader, where: string): void {
  const planes = planesOf(header, where);
  const blocks = planes.reduce((sum, plane) => sum + plane.blocks, 0);
  let [frames, visits, scans] = [0, 0, 0];
  let open: { readonly scan: Scan; readonly start: number } | undefined;
  const close = (end: number): void => {
    if (open !== undefined && 8 * (end - open.start) < bitsOf(open.scan, header)) {
      throw jpegTruncated(where, bytes.length);
    }
    open = undefined;
  };
  for (const { marker, start, end } of segments(bytes, where)) {
    close(start);
    if (isFrame(marker) && ++frames > 1) throw jpegCorrupt(where, 'The JPEG has a second frame header.');
    if (marker !== SOS) continue;
    const scan = scanOf(bytes.subarray(start, end), planes, header, where);
    scans++;
    visits += scan.planes.reduce((sum, plane) => sum + plane.blocks, 0);
    if (visits > FEW_VISITS && visits > VISITS * blocks) throw tooMany(where, scans, visits / blocks);
    for (const plane of scan.planes) send(plane, scan, header, where);
    open = { scan, start: end };
  }
  close(bytes.length);
  if (scans === 0) throw jpegCorrupt(where, 'The JPEG ends without a picture.');
  const lost = planes.find(({ missing }) => missing[0] === UNSENT);
  if (lost !== undefined) throw jpegTruncated(where, bytes.length);
}

function planesOf({ width, height, planes }: JpegHeader, where: string): Plane[] {
  if (planes.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4)) {
    throw jpegCorrupt(where, 'The JPEG names a sampling that there is not.');
  }
  if (new Set(planes.map(({ id }) => id)).size < planes.length) {
    throw jpegCorrupt(where, 'The JPEG has two components of the same number.');
  }
  const most = (axis: 'across' | 'down'): number => Math.max(...planes.map((plane) => plane[axis]));
  const [across, down] = [most('across'), most('down')];
  return planes.map((plane) => ({
    ...plane,
    blocks: Math.ceil((width * plane.across) / across / 8) * Math.ceil((height * plane.down) / down / 8),
    missing: new Int8Array(64).fill(UNSENT),
  }));
}

/** A scan's header (SOS): length, components with their tables, and what is sent of them. */
function scanOf(segment: Uint8Array, all: readonly Plane[], { kind }: JpegHeader, where: string): Scan {
  const count = segment[2] ?? 0;
  if (count < 1 || count > 4 || segment.length < 6 + 2 * count) {
    throw jpegCorrupt(where, 'The JPEG has a scan whose header is too short.');
  }
  const planes = Array.from({ length: count }, (_, n) => {
    const plane = all.find(({ id }) => id === segment[3 + 2 * n]);
    if (plane === undefined) throw jpegCorrupt(where, 'The JPEG has a scan of a component that there is not.');
    return plane;
  });
  const at = 3 + 2 * count;
  const [first = 0, last = 0, bits = 0] = segment.subarray(at, at + 3);
  if (kind !== 2) return { planes, first: 0, last: 63, before: 0, after: 0 };
  if (first > last || last > 63 || (first === 0 ? last > 0 : count > 1)) {
    throw jpegCorrupt(where, `The JPEG has a scan of the coefficients ${first} to ${last}.`);
  }
  return { planes, first, last, before: bits >> 4, after: bits & 15 };
}

/** Notes what the scan sends of a plane. */
function send({ id, missing }: Plane, { first, last, before, after }: Scan, { kind }: JpegHeader, where: string): void {
  for (let n = first; n <= last; n++) {
    const isNext = before === 0 ? missing[n] === UNSENT : missing[n] === before && after === before - 1;
    if (!isNext || after > 13) {
      const what = kind === 2 ? `coefficient ${n} of component ${id}` : `component ${id}`;
      throw jpegCorrupt(where, `The JPEG sends ${what} twice, or out of turn.`);
    }
    missing[n] = after;
  }
}

/** The fewest bits that a scan can have: a code for each block, or two where both kinds of coefficients are sent. */
function bitsOf({ planes, first, last }: Scan, { kind }: JpegHeader): number {
  if (kind === 2 && first > 0) return 0;
  return planes.reduce((sum, { blocks }) => sum + blocks, 0) * (last > 0 ? 2 : 1);
}

function tooMany(where: string, scans: number, visits: number): Error {
  return dataError({
    code: 'DATA_TOO_LARGE',
    message: `The JPEG has ${scans} scans or more, which go over each block ${Math.ceil(visits)} times; the limit is ${VISITS}.`,
    where,
    fix: 'Save the picture anew, as an ordinary JPEG or as PNG.',
    details: { scans },
  });
}
