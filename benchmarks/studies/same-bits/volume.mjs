/** A small chest as a NIfTI-1 file: two lungs in a body, an infection in one of them. Made here, for both checkouts. */
import { gzipSync } from 'node:zlib';

const [WIDTH, HEIGHT, DEPTH] = [60, 52, 5];
const INT16 = 4;
/** 1.5 x 1.5 x 5 mm; i leads to the left, j to the back, k to the head. */
const AFFINE = [-1.5, 0, 0, 45, 0, -1.5, 0, 39, 0, 0, 5, 0];

/** `image` in Hounsfield units, or `mask` of 0 and 1. */
export function volumeFile(kind) {
  const data = Buffer.alloc(2 * WIDTH * HEIGHT * DEPTH);
  for (let i = 0; i < data.length / 2; i++) {
    const [x, y, z] = [i % WIDTH, Math.floor(i / WIDTH) % HEIGHT, Math.floor(i / (WIDTH * HEIGHT))];
    data.writeInt16LE(kind === 'mask' ? Number(isInfected(x, y, z)) : hounsfield(x, y, z), 2 * i);
  }
  return gzipSync(Buffer.concat([header(), Buffer.alloc(4), data]));
}

const isWithin = (x, y, [cx, cy], [rx, ry]) => ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;

const isInLungs = (x, y) => isWithin(x, y, [19, 26], [9, 16]) || isWithin(x, y, [41, 26], [9, 16]);

/** None in the first slice. */
const isInfected = (x, y, z) => z > 0 && isWithin(x, y, [19, 30], [2 + z, 3 + z]) && isInLungs(x, y);

function hounsfield(x, y, z) {
  const grain = ((x * 7 + y * 13 + z * 29) % 31) - 15;
  if (!isWithin(x, y, [30, 26], [28, 24])) return -1000;
  if (isInfected(x, y, z)) return -420 + grain;
  return (isInLungs(x, y) ? -830 : 40) + grain;
}

function header() {
  const bytes = Buffer.alloc(348);
  bytes.writeInt32LE(348, 0);
  for (const [i, size] of [3, WIDTH, HEIGHT, DEPTH, 1, 1, 1, 1].entries()) bytes.writeInt16LE(size, 40 + 2 * i);
  bytes.writeInt16LE(INT16, 70);
  bytes.writeInt16LE(16, 72);
  for (const [i, size] of [1, 1.5, 1.5, 5].entries()) bytes.writeFloatLE(size, 76 + 4 * i);
  bytes.writeFloatLE(352, 108);
  bytes.writeFloatLE(1, 112);
  bytes[123] = 2; // millimetres
  bytes.writeInt16LE(1, 254); // an sform that says where the scanner saw it
  for (const [i, value] of AFFINE.entries()) bytes.writeFloatLE(value, 280 + 4 * i);
  bytes.write('n+1\0', 344, 'latin1');
  return bytes;
}
