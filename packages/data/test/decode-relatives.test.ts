/** Pictures that others read are read here too, with a note where something may matter. */
import { expectError } from '@infnet/testing';
import { zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { type DecodedImage, decodeImage, describeNote, rangeNote, toGrey8 } from '../src/index.js';
import { COLOUR_JPEG, chunk, concat, GREY_JPEG, header, noise, SIGNATURE } from './support/pictures.js';

/** Where the marker segments of a JPEG start, and its end marker. */
function markers(jpeg: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 2; at < jpeg.length - 1; ) {
    const marker = jpeg[at + 1] as number;
    found.push(at);
    if (marker === 0xd9) return found;
    at += 2 + (((jpeg[at + 2] as number) << 8) | (jpeg[at + 3] as number));
    if (marker === 0xda) while (!(jpeg[at] === 0xff && ![0, 0xff].includes(jpeg[at + 1] as number))) at++;
  }
  return found;
}

const insert = (jpeg: Uint8Array, at: number, bytes: Uint8Array): Uint8Array =>
  concat(jpeg.subarray(0, at), bytes, jpeg.subarray(at));

describe('JPEG', () => {
  it.each([
    ['grey', GREY_JPEG],
    ['colour, progressive', COLOUR_JPEG],
  ])('%s: stray bytes before any marker change no pixel, and are told', async (_, jpeg) => {
    const clean = await decodeImage(jpeg);
    expect(clean.notes).toBeUndefined();
    expect(markers(jpeg).length).toBeGreaterThan(5);
    for (const at of markers(jpeg)) {
      for (const stray of [Uint8Array.of(0, 0), Uint8Array.of(17), new Uint8Array(300).fill(1)]) {
        const read = await decodeImage(insert(jpeg, at, stray));
        expect(read.data, `${stray.length} at ${at}`).toEqual(clean.data);
        // A byte or two behind picture data are filling, which libjpeg does not count.
        if (stray.length > 2 || at < jpeg.indexOf(0xda)) {
          expect(
            read.notes?.map(({ code }) => code),
            `${stray.length} at ${at}`,
          ).toEqual(['JPEG_STRAY_BYTES']);
        }
      }
    }
    expect((await decodeImage(concat(jpeg, noise(100)))).data).toEqual(clean.data);
  });

  it('an EXIF orientation is not followed, as Pillow does not, and is told', async () => {
    const clean = await decodeImage(GREY_JPEG);
    for (const little of [true, false]) {
      for (const orientation of [1, 6]) {
        const exif = new Uint8Array(2 + 2 + 6 + 8 + 2 + 12 + 4);
        const view = new DataView(exif.buffer);
        view.setUint16(0, 0xffe1);
        view.setUint16(2, exif.length - 2);
        exif.set(new TextEncoder().encode(`Exif\0\0${little ? 'II' : 'MM'}`), 4);
        view.setUint16(12, 42, little);
        view.setUint32(14, 8, little);
        view.setUint16(18, 1, little);
        view.setUint16(20, 0x0112, little);
        view.setUint16(22, 3, little);
        view.setUint32(24, 1, little);
        view.setUint16(28, orientation, little);
        const turned = await decodeImage(insert(GREY_JPEG, 2, exif));
        expect(turned.data).toEqual(clean.data);
        expect(turned.notes?.map(({ code }) => code)).toEqual(orientation === 1 ? undefined : ['JPEG_ORIENTATION']);
      }
    }
  });
});

const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * The seven passes, each row through the filter that comes next, so that all five are used. Written from the standard.
 */
function interlaced(samples: Uint8Array, width: number, height: number, bits: number): Uint8Array {
  const out: number[] = [];
  let filter = 0;
  for (const [x0, y0, dx, dy] of PASSES) {
    if (x0 >= width) continue;
    let above: number[] = [];
    for (let y = y0; y < height; y += dy) {
      const row: number[] = [];
      for (let x = x0, n = 0; x < width; x += dx, n++) {
        const byte = Math.floor((n * bits) / 8);
        row[byte] = (row[byte] ?? 0) | ((samples[y * width + x] as number) << (8 - bits - ((n * bits) % 8)));
      }
      filter = (filter + 1) % 5;
      out.push(filter);
      for (const [i, byte] of row.entries()) {
        const [a, b, c] = [row[i - 1] ?? 0, above[i] ?? 0, above[i - 1] ?? 0];
        const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
        const nearest = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
        const predicted = [0, a, b, Math.floor((a + b) / 2), nearest][filter] as number;
        out.push((byte - predicted) & 255);
      }
      above = row;
    }
  }
  return Uint8Array.from(out);
}

describe('interlaced PNG below 8 bits', () => {
  const file = (width: number, height: number, depth: number, type: number, raw: Uint8Array, ...more: Uint8Array[]) =>
    concat(
      SIGNATURE,
      header({ width, height, depth, type, interlace: 1 }),
      ...more,
      chunk('IDAT', zlibSync(raw)),
      chunk('IEND', new Uint8Array(0)),
    );

  it.each([1, 2, 4])('%i bits, grey and palette, of any size', async (bits) => {
    for (const [width, height] of [
      [19, 17],
      [16, 16],
      [33, 18],
      [3, 2],
      [1, 1],
      [5, 9],
    ] as const) {
      const samples = noise(width * height, width).map((v) => v >> (8 - bits));
      const raw = interlaced(samples, width, height, bits);
      const grey = await decodeImage(file(width, height, bits, 0, raw), 'grey', { minSide: 1 });
      expect(grey).toMatchObject({ width, height, channels: 1, depth: 8 });
      expect(grey.data).toEqual(samples.map((v) => (v * 255) / (2 ** bits - 1)));
      const colours = noise(3 * 2 ** bits, 5);
      const plte = chunk('PLTE', colours);
      const palette = await decodeImage(file(width, height, bits, 3, raw, plte), 'palette', { minSide: 1 });
      expect(palette).toMatchObject({ channels: 3, indices: samples });
      expect([...palette.data]).toEqual([...samples].flatMap((v) => [...colours.subarray(3 * v, 3 * v + 3)]));
      const clear = chunk('tRNS', Uint8Array.of(7));
      const alpha = await decodeImage(file(width, height, bits, 3, raw, plte, clear), 'alpha', { minSide: 1 });
      expect(alpha.channels).toBe(4);
      expect([...alpha.data].filter((_, i) => i % 4 === 3)).toEqual([...samples].map((v) => (v === 0 ? 7 : 255)));
    }
  });

  it('damage is refused as elsewhere', async () => {
    const raw = interlaced(new Uint8Array(20 * 20), 20, 20, 1);
    await expectError('DATA_CORRUPT', () => decodeImage(file(20, 20, 1, 0, raw.subarray(1))));
    await expectError('DATA_CORRUPT', () =>
      decodeImage(
        file(
          20,
          20,
          1,
          0,
          raw.map((v) => v | 8),
        ),
      ),
    );
    await expectError('DATA_CORRUPT', () => decodeImage(file(20, 20, 1, 3, raw)));
    await expectError('DATA_CORRUPT', () => decodeImage(file(20, 20, 1, 3, raw, chunk('PLTE', new Uint8Array(4)))));
    const ones = interlaced(new Uint8Array(400).fill(1), 20, 20, 1);
    await expectError('DATA_CORRUPT', () => decodeImage(file(20, 20, 1, 3, ones, chunk('PLTE', new Uint8Array(3)))));
  });
});

describe('16-bit pictures that use a part of their range', () => {
  const [width, height] = [64, 50];
  /** A slice-like picture: `low` to `high`, many values. */
  const image = (low: number, high: number, change: (v: number, at: number) => number = (v) => v): DecodedImage => {
    const shades = noise(2 * width * height, 3);
    const data = Uint16Array.from({ length: width * height }, (_, at) =>
      change(
        low + Math.round(((high - low) * ((shades[2 * at] as number) * 256 + (shades[2 * at + 1] as number))) / 65535),
        at,
      ),
    );
    data[0] = low;
    data[1] = high;
    return { width, height, channels: 1, depth: 16, data, format: 'png' };
  };
  const suggested = (one: DecodedImage, range?: readonly [number, number]): readonly string[] | undefined =>
    rangeNote(one, range === undefined ? {} : { range })?.suggest?.values;

  it('12 bits: from 0 on, or from the least value where that is far from 0', () => {
    const note = rangeNote(image(0, 2050));
    expect(note).toMatchObject({ code: 'RANGE_UNUSED', suggest: { option: 'range', values: ['0,2050', 'minmax'] } });
    expect(note?.message).toMatch(/^its samples are 0 to 2050 of 65535, so nearly all of it becomes \d greys$/);
    expect(describeNote(note as NonNullable<typeof note>)).toContain("try { range: [0, 2050] or 'minmax' }");
    expect(suggested(image(285, 2090))).toEqual(['0,2090', 'minmax']);
    expect(suggested(image(9000, 11_000))).toEqual(['9000,11000', 'minmax']);
  });

  it('Hounsfield units + 32768: the lung window', () => {
    expect(suggested(image(31_744, 33_794))).toEqual(['31418,32918', '31744,33794', 'minmax']);
    // With a padding of 0, which minmax would follow.
    expect(suggested(image(31_744, 33_794, (v, at) => (at % 5 === 0 ? 0 : v)))).toEqual(['31418,32918', '31744,33794']);
    expect(rangeNote(image(31_744, 33_794))?.message).toContain('32768');
  });

  it('one white label among dark pixels, and a range that was given but does not fit', () => {
    expect(suggested(image(0, 2050, (v, at) => (at === 5 ? 65_535 : v)))).toEqual(['0,2050']);
    expect(suggested(image(0, 65_535), [0, 60_000])).toBeUndefined();
    expect(suggested(image(0, 2050), [0, 2050])).toBeUndefined();
    expect(suggested(image(31_744, 33_794), [0, 2050])).toEqual(['31418,32918', '31744,33794', 'minmax']);
    expect(rangeNote(image(0, 2050), { range: 'minmax' })).toBeUndefined();
  });

  it('who takes the advice hears it no more, also where nearly all pixels lie in a small part', () => {
    const centre = (v: number, at: number): number => (at < 2 || at % 99 === 0 ? v : 900 + (v % 300));
    for (const one of [
      image(285, 2090, centre),
      image(0, 2050),
      image(31_000, 33_794, (v, at) => centre(v, at) + (at < 2 ? 0 : 31_000)),
    ]) {
      const values = suggested(one) ?? [];
      expect(values.length).toBeGreaterThan(0);
      for (const value of values.filter((each) => each !== 'minmax')) {
        expect(suggested(one, value.split(',').map(Number) as [number, number]), value).toBeUndefined();
      }
    }
    expect(suggested(image(285, 2090, centre), [0, 2050])).toBeUndefined();
    expect(suggested(image(285, 2090, centre), [0, 20_000])).toEqual(['0,2090', 'minmax']);
  });

  it('nothing of pictures that keep their greys: full range, 8 bits, masks, one value', () => {
    expect(rangeNote(image(0, 65_535))).toBeUndefined();
    expect(rangeNote(image(0, 60_000))).toBeUndefined();
    expect(rangeNote(image(0, 65_535, (v) => (v >> 8) * 257))).toBeUndefined();
    expect(rangeNote(image(0, 65_535, (v) => (v > 30_000 ? 65_535 : 0)))).toBeUndefined();
    expect(rangeNote({ ...image(5, 5), data: new Uint16Array(width * height).fill(5) })).toBeUndefined();
    expect(rangeNote({ width: 1, height: 1, channels: 1, data: Uint8Array.of(1) })).toBeUndefined();
  });

  it('alpha is no grey: neither a note nor minmax goes by it', () => {
    const { data } = image(0, 2050);
    const withAlpha = Uint16Array.from({ length: 2 * data.length }, (_, i) =>
      i % 2 === 1 ? 65_535 : (data[i >> 1] as number),
    );
    const two: DecodedImage = { width, height, channels: 2, depth: 16, data: withAlpha, format: 'png' };
    expect(suggested(two)).toEqual(['0,2050', 'minmax']);
    const grey = toGrey8(two, { range: 'minmax' }).data;
    expect([Math.min(...grey), Math.max(...grey)]).toEqual([0, 255]);
  });
});
