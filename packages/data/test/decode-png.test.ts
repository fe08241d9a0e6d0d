import { describe, expect, it } from 'vitest';
import { decodeImage, encodePng, toGrey8, toRgb8 } from '../src/index.js';
import { noise, pngFile } from './support/pictures.js';

const [width, height] = [19, 17];

/** Colour type, channels, bits. */
const KINDS = [
  [0, 1, 1],
  [0, 1, 2],
  [0, 1, 4],
  [0, 1, 8],
  [0, 1, 16],
  [4, 2, 8],
  [4, 2, 16],
  [2, 3, 8],
  [2, 3, 16],
  [6, 4, 8],
  [6, 4, 16],
] as const;

/** Offset and step of Adam7's passes, across and down. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A row as a file has it, by the words of the standard. */
function filtered(filter: number, row: Uint8Array, above: Uint8Array, pixel: number): number[] {
  return Array.from(row, (value, i) => {
    const [left, up, corner] = [row[i - pixel] ?? 0, above[i] as number, above[i - pixel] ?? 0];
    const estimate = left + up - corner;
    const [byLeft, byUp, byCorner] = [left, up, corner].map((one) => Math.abs(estimate - one)) as [
      number,
      number,
      number,
    ];
    const paeth = byLeft <= byUp && byLeft <= byCorner ? left : byUp <= byCorner ? up : corner;
    return (value - ([0, left, up, Math.floor((left + up) / 2), paeth][filter] as number)) & 255;
  });
}

/** Sample `i` of a row, stretched to 8 bit where it has fewer. */
function sample(row: Uint8Array, i: number, depth: number): number {
  const byte = row[Math.floor((i * depth) / 8)] as number;
  if (depth === 16) return (byte << 8) | (row[2 * i + 1] as number);
  const most = 2 ** depth - 1;
  return (((byte >> (8 - depth - ((i * depth) % 8))) & most) * 255) / most;
}

describe('PNG', () => {
  it('reads 8-bit grey, grey + alpha, RGB and RGBA as stored', async () => {
    for (const [type, channels] of [
      [0, 1],
      [4, 2],
      [2, 3],
      [6, 4],
    ] as const) {
      const rows = noise(width * height * channels, channels);
      const image = await decodeImage(pngFile({ width, height, depth: 8, type, rows }));
      expect(image).toMatchObject({ width, height, channels, depth: 8, format: 'png' });
      expect(image.data).toEqual(rows);
    }
  });

  it('reads 16-bit grey and RGB without loss, in big-endian order', async () => {
    for (const [type, channels] of [
      [0, 1],
      [2, 3],
    ] as const) {
      const rows = noise(width * height * channels * 2, 7);
      const image = await decodeImage(pngFile({ width, height, depth: 16, type, rows }));
      expect(image).toMatchObject({ channels, depth: 16 });
      const expected = Uint16Array.from(
        { length: rows.length / 2 },
        (_, i) => ((rows[2 * i] as number) << 8) | (rows[2 * i + 1] as number),
      );
      expect(image.data).toEqual(expected);
    }
  });

  it('stretches 1-, 2- and 4-bit grey to 8 bit, rows padded to bytes', async () => {
    for (const depth of [1, 2, 4]) {
      const rowBytes = Math.ceil((width * depth) / 8);
      const rows = noise(rowBytes * height, depth);
      const image = await decodeImage(pngFile({ width, height, depth, type: 0, rows }));
      expect(image).toMatchObject({ channels: 1, depth: 8 });
      const bits = (x: number, y: number): number => {
        const byte = rows[y * rowBytes + Math.floor((x * depth) / 8)] as number;
        return (byte >> (8 - depth - ((x * depth) % 8))) & (2 ** depth - 1);
      };
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          expect(image.data[y * width + x]).toBe(Math.round((bits(x, y) * 255) / (2 ** depth - 1)));
        }
      }
    }
  });

  it('looks palettes up, as the multi-class masks need: colours of class 1 and 2 become grey 38 and 75', async () => {
    const palette = Uint8Array.of(0, 0, 0, 128, 0, 0, 0, 128, 0);
    const rows = Uint8Array.from({ length: width * height }, (_, i) => i % 3);
    const image = await decodeImage(pngFile({ width, height, depth: 8, type: 3, rows, palette }));
    expect(image).toMatchObject({ channels: 3, depth: 8 });
    expect(Array.from(toGrey8(image).data.subarray(0, 3))).toEqual([0, 38, 75]);
    const clear = Uint8Array.of(0, 10);
    const withAlpha = await decodeImage(
      pngFile({ width, height, depth: 8, type: 3, rows, palette, transparency: clear }),
    );
    expect(withAlpha.channels).toBe(4);
    expect(Array.from(withAlpha.data.subarray(4, 12))).toEqual([128, 0, 0, 10, 0, 128, 0, 255]);
    expect(toRgb8(withAlpha).data).toEqual(toRgb8(image).data);
  });

  it('reads interlaced files: Adam7 passes carry the same pixels', async () => {
    const pixels = noise(width * height);
    const raw: number[] = [];
    for (const [x0, y0, dx, dy] of PASSES) {
      for (let y = y0; y < height; y += dy) {
        raw.push(0);
        for (let x = x0; x < width; x += dx) raw.push(pixels[y * width + x] as number);
      }
    }
    const file = pngFile({ width, height, depth: 8, type: 0, interlace: 1, raw: Uint8Array.from(raw) });
    expect((await decodeImage(file)).data).toEqual(pixels);
  });

  it('undoes every filter of every kind of sample, in order and interlaced', async () => {
    for (const [type, channels, depth] of KINDS) {
      for (const interlace of [0, 1]) {
        const bits = channels * depth;
        const raw: number[] = [];
        const samples = new Array<number>(width * height * channels).fill(-1);
        let seed = type + depth;
        for (const [left, top, right, down] of interlace === 1 ? PASSES : ([[0, 0, 1, 1]] as const)) {
          const columns = Math.ceil((width - left) / right);
          const pixel = Math.max(1, bits / 8);
          let above: Uint8Array = new Uint8Array(Math.ceil((columns * bits) / 8));
          for (let y = top, n = 0; y < height; y += down, n++) {
            const row = noise(above.length, seed++);
            raw.push(n % 5, ...filtered(n % 5, row, above, pixel));
            for (let i = 0; i < columns * channels; i++) {
              const at = (y * width + left + Math.floor(i / channels) * right) * channels + (i % channels);
              samples[at] = sample(row, i, depth);
            }
            above = row;
          }
        }
        const file = pngFile({ width, height, depth, type, interlace, raw: Uint8Array.from(raw) });
        expect(Array.from((await decodeImage(file)).data)).toEqual(samples);
      }
    }
  });

  it('reads a file that is a view into a larger buffer', async () => {
    const file = encodePng({ width, height, data: noise(width * height) });
    const room = new Uint8Array(file.length + 100);
    room.set(file, 37);
    expect((await decodeImage(room.subarray(37, 37 + file.length))).data).toEqual(noise(width * height));
  });
});

describe('encodePng', () => {
  it('writes 8-bit grey and RGB, and 16-bit grey, that read back the same', async () => {
    const grey = noise(width * height);
    expect((await decodeImage(encodePng({ width, height, data: grey }))).data).toEqual(grey);
    const rgb = noise(width * height * 3);
    const readBack = await decodeImage(encodePng({ width, height, channels: 3, data: rgb }));
    expect(readBack).toMatchObject({ channels: 3, depth: 8 });
    expect(readBack.data).toEqual(rgb);
    const deep = new Uint16Array(noise(width * height * 2).buffer);
    const deepBack = await decodeImage(encodePng({ width, height, data: deep }));
    expect(deepBack).toMatchObject({ channels: 1, depth: 16 });
    expect(deepBack.data).toEqual(deep);
  });

  it('gives the same bytes every time', () => {
    const data = noise(width * height);
    expect(encodePng({ width, height, data })).toEqual(encodePng({ width, height, data }));
  });
});
