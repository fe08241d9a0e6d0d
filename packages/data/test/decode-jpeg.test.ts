import { crc32 } from '@infnet/inflate';
import { describe, expect, it } from 'vitest';
import { decodeImage, toGrey8, toRgb8 } from '../src/index.js';
import { COLOUR_JPEG, GREY_JPEG } from './support/pictures.js';

describe('JPEG, against Pillow 9.4 with libjpeg-turbo 2.1.5', () => {
  it('decodes grey baseline to the bit', async () => {
    const image = await decodeImage(GREY_JPEG, 'grey.jpg');
    expect(image).toMatchObject({ width: 33, height: 21, channels: 1, depth: 8, format: 'jpeg' });
    expect(crc32(toGrey8(image).data)).toBe(1396524297);
    expect(crc32(toRgb8(image).data)).toBe(2956341765);
  });

  it('decodes progressive colour with 4:2:0 chroma to the bit', async () => {
    const image = await decodeImage(COLOUR_JPEG, 'colour.jpg');
    expect(image).toMatchObject({ width: 33, height: 21, channels: 3, depth: 8 });
    expect(Array.from(image.data.subarray(0, 9))).toEqual([4, 4, 238, 7, 5, 239, 11, 7, 241]);
    expect(crc32(toRgb8(image).data)).toBe(2105784223);
    expect(crc32(toGrey8(image).data)).toBe(1213647133);
  });

  it('decodes many at once, and a view into a larger buffer', async () => {
    const room = new Uint8Array(GREY_JPEG.length + 64);
    room.set(GREY_JPEG, 21);
    const files = [GREY_JPEG, COLOUR_JPEG, room.subarray(21, 21 + GREY_JPEG.length)];
    const images = await Promise.all(files.map((file) => decodeImage(file)));
    expect(images.map((image) => crc32(toGrey8(image).data))).toEqual([1396524297, 1213647133, 1396524297]);
  });

  it('leaves no ImageData behind in Node', async () => {
    const before = 'ImageData' in globalThis;
    await decodeImage(GREY_JPEG);
    expect('ImageData' in globalThis).toBe(before);
  });
});
