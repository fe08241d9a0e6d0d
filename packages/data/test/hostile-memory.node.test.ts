/** What readers allocate, by the bytes of all buffers; in Node only, which tells them. */
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { decodeImage, readNifti } from '../src/index.js';
import { fixture } from './fixtures/nifti.js';
import { frame, jpegFile, scan } from './support/jpegs.js';
import { pngFile } from './support/pictures.js';

/** Bytes of buffers that came with it, whether they are kept or not. */
async function buffersOf(work: () => unknown): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  await work();
  return process.memoryUsage().arrayBuffers - before;
}

describe('buffers', () => {
  it('a 16-bit picture is held once', async () => {
    const side = 2048;
    const bytes = 8 * side * side;
    const file = pngFile({ width: side, height: side, depth: 16, type: 6, raw: new Uint8Array(bytes + side) });
    expect(await buffersOf(() => decodeImage(file))).toBeLessThan(1.25 * bytes);
  });

  it('a JPEG is held once, beside what its decoder takes for itself', async () => {
    const side = 2048;
    const file = jpegFile(frame(side, side), scan(2 ** 14));
    await decodeImage(jpegFile(frame(64, 64), scan(16)));
    const rgba = 4 * side * side;
    expect(await buffersOf(() => decodeImage(file))).toBeLessThan(1.5 * rgba + side * side);
  });

  it('none for a picture or volume that a small file calls for and does not hold', async () => {
    const picture = pngFile({ width: 2048, height: 2048, depth: 16, type: 6, raw: new Uint8Array(2 ** 25) });
    const volume = fixture('int16-le.nii').bytes.slice(0, 352);
    const view = new DataView(volume.buffer);
    for (const [i, at] of [42, 44, 46].entries()) view.setInt16(at, [512, 512, 200][i] as number, true);
    const short = new Uint8Array(2 ** 23);
    short.set(volume);
    const packed = gzipSync(short, { level: 1 });
    // It could hold them by its length.
    const long = gzipSync(Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i, 2654435761) >>> 13));
    const file = new Uint8Array(packed.length + long.length);
    file.set(packed);
    file.set(long, packed.length);
    for (const work of [() => decodeImage(picture), () => readNifti(file)]) {
      const refused = async (): Promise<void> => {
        await expect(async () => work()).rejects.toThrow(/DATA_(CORRUPT|TRUNCATED)/);
      };
      expect(await buffersOf(refused)).toBeLessThan(2 ** 22);
    }
  });
});
