import { InfnetError } from '@infnet/errors';
import { expectError } from '@infnet/testing';
import { zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { decodeImage, encodePng, initJpegDecoder } from '../src/index.js';
import {
  CMYK_JPEG,
  COLOUR_JPEG,
  chunk,
  concat,
  GREY_JPEG,
  header,
  noise,
  pngFile,
  SIGNATURE,
} from './support/pictures.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const goodPng = encodePng({ width: 40, height: 30, data: noise(1200) });

describe('files that are not pictures', () => {
  it('empty', async () => {
    const error = await expectError('DATA_EMPTY', () => decodeImage(new Uint8Array(0), 'slice.png'));
    expect(error.where).toBe('slice.png');
    expect(error.fix).toBeTruthy();
  });

  it.each([
    ['text', text('patient;date;finding\n'), 'text'],
    ['a GIF', text('GIF89a\x01\x00\x01\x00'), 'a GIF'],
    ['a TIFF', Uint8Array.of(0x49, 0x49, 0x2a, 0, 8, 0, 0, 0), 'a TIFF'],
    ['DICOM', concat(new Uint8Array(128), text('DICM')), 'a DICOM file'],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), 'gzip'],
    ['noise', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 'something else'],
    ['one byte', Uint8Array.of(0x89), 'something else'],
  ])('%s is named', async (_, bytes, name) => {
    const error = await expectError('DATA_UNKNOWN_FORMAT', () => decodeImage(bytes, 'a.png'));
    expect(error.message).toContain(name);
  });
});

describe('sizes, from the header alone', () => {
  const claims = (width: number, height: number): Uint8Array =>
    concat(SIGNATURE, header({ width, height, depth: 8, type: 0 }), chunk('IEND', new Uint8Array(0)));

  it('20000x20000 PNG is refused with the figures, although it holds no data at all', async () => {
    const error = await expectError('DATA_TOO_LARGE', () => decodeImage(claims(20000, 20000), 'huge.png'));
    expect(error.message).toContain('20000x20000 = 400000000 pixels');
    expect(error.message).toContain('33554432');
    expect(error.details).toMatchObject({ width: 20000, height: 20000, maxPixels: 2 ** 25 });
  });

  it('20000x20000 JPEG is refused before its data are looked at', async () => {
    const huge = GREY_JPEG.slice();
    const frame = huge.findIndex((byte, i) => byte === 0xff && huge[i + 1] === 0xc0);
    huge.set([0x4e, 0x20, 0x4e, 0x20], frame + 5);
    const error = await expectError('DATA_TOO_LARGE', () => decodeImage(huge.subarray(0, frame + 30)));
    expect(error.message).toContain('20000x20000');
  });

  it('the limits can be moved', async () => {
    await expectError('DATA_TOO_LARGE', () => decodeImage(goodPng, 'a.png', { maxPixels: 1000 }));
    await expectError('DATA_TOO_SMALL', () => decodeImage(goodPng, 'a.png', { minSide: 31 }));
    const dot = encodePng({ width: 1, height: 1, data: Uint8Array.of(9) });
    expect((await decodeImage(dot, 'dot.png', { minSide: 1 })).data).toEqual(Uint8Array.of(9));
  });

  it('1x1 is too small', async () => {
    const dot = encodePng({ width: 1, height: 1, data: Uint8Array.of(9) });
    const error = await expectError('DATA_TOO_SMALL', () => decodeImage(dot, 'dot.png'));
    expect(error.message).toContain('1x1');
    expect(error.message).toContain('16');
  });

  it('zero width or height', async () => {
    await expectError('DATA_ZERO_SIZE', () => decodeImage(claims(0, 100)));
    await expectError('DATA_ZERO_SIZE', () => decodeImage(claims(100, 0)));
    const flat = GREY_JPEG.slice();
    const frame = flat.findIndex((byte, i) => byte === 0xff && flat[i + 1] === 0xc0);
    flat.set([0, 0], frame + 5);
    await expectError('DATA_ZERO_SIZE', () => decodeImage(flat));
  });
});

describe('damaged PNG', () => {
  it('cut at any length is truncated, never a picture', async () => {
    for (let length = 8; length < goodPng.length; length += 41) {
      const error = await expectError('DATA_TRUNCATED', () => decodeImage(goodPng.subarray(0, length), 'cut.png'));
      expect(error.message).toContain(`${length} bytes`);
    }
  });

  it('cut inside its signature is truncated as well', async () => {
    await expectError('DATA_TRUNCATED', () => decodeImage(goodPng.subarray(0, 5)));
  });

  it('a changed byte is found by the checksum, and its chunk is named', async () => {
    const bad = goodPng.slice();
    bad[60] = (bad[60] as number) ^ 4;
    const error = await expectError('DATA_CORRUPT', () => decodeImage(bad, 'bad.png'));
    expect(error.message).toContain('IDAT');
    const badHeader = goodPng.slice();
    badHeader[16] = 0x7f;
    expect((await expectError('DATA_CORRUPT', () => decodeImage(badHeader))).message).toContain('IHDR');
  });

  it('missing rows are refused, not black; surplus data are left aside, and no more of them is inflated', async () => {
    const size = { width: 20, height: 20, depth: 8, type: 0 };
    const short = await expectError('DATA_CORRUPT', () =>
      decodeImage(pngFile({ ...size, raw: new Uint8Array(21 * 12) })),
    );
    expect(short.message).toContain('only 252 bytes');
    const bomb = pngFile({ ...size, raw: new Uint8Array(8 << 20) });
    expect(bomb.length).toBeLessThan(20000);
    const read = await decodeImage(bomb);
    expect(read.data).toHaveLength(400);
    expect(read.notes?.map(({ code }) => code)).toEqual(['PNG_SURPLUS']);
  });

  it('two of what may stand once', async () => {
    const size = { width: 20, height: 20, depth: 8, type: 3 };
    const file = pngFile({ ...size, raw: new Uint8Array(420), palette: Uint8Array.of(1, 2, 3) });
    for (const more of [header({ ...size, width: 9000, height: 3000 }), chunk('PLTE', Uint8Array.of(1, 2, 3))]) {
      await expectError('DATA_CORRUPT', () => decodeImage(concat(file.subarray(0, 33), more, file.subarray(33))));
    }
    const clear = chunk('tRNS', Uint8Array.of(1));
    await expectError('DATA_CORRUPT', () => decodeImage(concat(file.subarray(0, 48), clear, clear, file.subarray(48))));
  });

  it('data that are not a zlib stream, wrong filters, wrong colour types, missing palettes', async () => {
    const size = { width: 20, height: 20, depth: 8, type: 0 };
    const end = chunk('IEND', new Uint8Array(0));
    const noZlib = concat(SIGNATURE, header(size), chunk('IDAT', noise(50)), end);
    await expectError('DATA_CORRUPT', () => decodeImage(noZlib));
    await expectError('DATA_CORRUPT', () => decodeImage(pngFile({ ...size, raw: new Uint8Array(420).fill(9) })));
    await expectError('DATA_CORRUPT', () => decodeImage(pngFile({ ...size, type: 5, raw: new Uint8Array(420) })));
    const rows = new Uint8Array(400).fill(200);
    await expectError('DATA_CORRUPT', () => decodeImage(pngFile({ ...size, type: 3, rows })));
    const palette = Uint8Array.of(1, 2, 3);
    const error = await expectError('DATA_CORRUPT', () => decodeImage(pngFile({ ...size, type: 3, rows, palette })));
    expect(error.message).toContain('colour 200');
    const noData = concat(SIGNATURE, header(size), end);
    await expectError('DATA_CORRUPT', () => decodeImage(noData));
    const cutStream = zlibSync(noise(420)).subarray(0, 100);
    await expectError('DATA_CORRUPT', () =>
      decodeImage(concat(SIGNATURE, header(size), chunk('IDAT', cutStream), end)),
    );
  });
});

describe('damaged JPEG', () => {
  it('cut anywhere is truncated or has no picture, never half grey', async () => {
    for (const file of [GREY_JPEG, COLOUR_JPEG]) {
      for (let length = 2; length < file.length; length += 29) {
        await expectError('DATA_TRUNCATED', () => decodeImage(file.subarray(0, length), 'cut.jpg'));
      }
      await expectError('DATA_TRUNCATED', () => decodeImage(file.subarray(0, file.length - 1)));
    }
  });

  it('picture data that end early although the end marker is there', async () => {
    const cut = concat(GREY_JPEG.subarray(0, GREY_JPEG.length - 60), Uint8Array.of(0xff, 0xd9));
    await expectError('DATA_TRUNCATED', () => decodeImage(cut));
  });

  it('a fatal error does not spoil the next file', async () => {
    const bad = GREY_JPEG.slice();
    const table = bad.findIndex((byte, i) => byte === 0xff && bad[i + 1] === 0xc4);
    bad.fill(0xee, table + 5, table + 20);
    const error = await expectError('DATA_CORRUPT', () => decodeImage(bad, 'bad.jpg'));
    expect(error.message).toContain('Huffman');
    expect((await decodeImage(GREY_JPEG)).width).toBe(33);
  });

  it('no picture inside', async () => {
    await expectError('DATA_CORRUPT', () => decodeImage(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)));
  });

  it('CMYK, 12 bits and arithmetic coding are not read, and say so', async () => {
    expect((await expectError('DATA_UNSUPPORTED', () => decodeImage(CMYK_JPEG))).message).toContain('CMYK');
    const frame = GREY_JPEG.findIndex((byte, i) => byte === 0xff && GREY_JPEG[i + 1] === 0xc0);
    const deep = GREY_JPEG.slice();
    deep[frame + 4] = 12;
    expect((await expectError('DATA_UNSUPPORTED', () => decodeImage(deep))).message).toContain('12 bits');
    const arithmetic = GREY_JPEG.slice();
    arithmetic[frame + 1] = 0xc9;
    await expectError('DATA_UNSUPPORTED', () => decodeImage(arithmetic));
  });

  it('a decoder that is not WebAssembly is an error with the way out, and can be tried again', async () => {
    const error = await expectError('DATA_JPEG_DECODER', () => initJpegDecoder(Uint8Array.of(1, 2, 3, 4)));
    expect(error.fix).toContain('initJpegDecoder');
    expect((await decodeImage(GREY_JPEG)).width).toBe(33);
  });
});

describe('any damage', () => {
  it('ends in a picture or in an InfnetError, never in anything else', async () => {
    const outcomes = new Map<string, number>();
    for (const [kind, file] of [
      ['grey', GREY_JPEG],
      ['colour', COLOUR_JPEG],
      ['png', goodPng],
    ] as const) {
      const where = noise(160, 5);
      const what = noise(160, 11);
      for (let k = 0; k < 80; k++) {
        const bad = file.slice();
        const at = (((where[2 * k] as number) << 8) | (where[2 * k + 1] as number)) % bad.length;
        bad[at] = what[k] as number;
        try {
          await decodeImage(bad, kind, { maxPixels: 2 ** 20 });
          outcomes.set('picture', (outcomes.get('picture') ?? 0) + 1);
        } catch (error) {
          expect(error).toBeInstanceOf(InfnetError);
          outcomes.set((error as InfnetError).code, (outcomes.get((error as InfnetError).code) ?? 0) + 1);
        }
      }
    }
    expect(outcomes.size).toBeGreaterThan(2);
    expect((await decodeImage(GREY_JPEG)).width).toBe(33);
  });
});
