/** Class maps in every form that is about, the released encoding to the bit, and decisions back to pictures. */
import { expectError, itWithGolden } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  type ClassMap,
  classOverlay,
  countClasses,
  decideClasses,
  decodeImage,
  encodeClassMap,
  encodePng,
  oneHot,
  phantomSlice,
  readClassMap,
  releasedLabels,
  releasedOneHot,
  resizeLabels,
} from '../../src/index.js';
import { pngFile } from '../support/pictures.js';
import { grey } from '../support/sets.js';

const map: ClassMap = grey(17, 20, (x, y) => (3 * x + 5 * y + x * y) % 3);
const read = async (bytes: Uint8Array) => readClassMap(await decodeImage(bytes));
const rgb = (of: (k: number) => readonly number[]) =>
  encodePng({ width: 17, height: 20, channels: 3, data: Uint8Array.from([...map.data].flatMap(of)) });

describe('readClassMap', () => {
  it('reads what encodeClassMap writes, in every format', async () => {
    for (const format of ['palette', 'grey', 'released'] as const) {
      expect(await read(encodeClassMap(map, format)), format).toEqual({ classes: map, counts: countClasses(map) });
    }
    const { data, indices, channels } = await decodeImage(encodeClassMap(map));
    expect(indices).toEqual(map.data);
    expect([channels, [...data.subarray(0, 12)]]).toEqual([
      3,
      [...map.data.subarray(0, 4)].flatMap((k) => [k === 1 ? 128 : 0, k === 2 ? 128 : 0, 0]),
    ]);
  });

  it('reads red and green, of full strength too, and greys as colours', async () => {
    expect(await read(rgb((k) => [k === 1 ? 255 : 0, k === 2 ? 255 : 0, 0]))).toMatchObject({ classes: map });
    expect(
      await read(rgb((k) => ([38, 75][k - 1] === undefined ? [0, 0, 0] : Array(3).fill([38, 75][k - 1])))),
    ).toMatchObject({ classes: map });
  });

  it('an index is its class whatever its colour, also with 2 bits', async () => {
    const palette = Uint8Array.of(9, 9, 9, 200, 200, 200, 90, 0, 200);
    const file = { width: 16, height: 16, depth: 2, type: 3, rows: new Uint8Array(16 * 4).fill(0b00011001), palette };
    const found = (await read(pngFile(file))) as { classes: ClassMap };
    expect([...found.classes.data.subarray(0, 8)]).toEqual([0, 1, 2, 1, 0, 1, 2, 1]);
  });

  it('tells what it found where that is not a class map', async () => {
    const values = async (bytes: Uint8Array) => ((await read(bytes)) as { foreign: string }).foreign;
    expect(await values(encodePng(grey(16, 16, (x) => (x < 3 ? 0 : 255))))).toBe('greys 255 on 208 of 256 pixels');
    expect(await values(encodePng(grey(16, 16, (x) => x)))).toBe(
      'greys 3 on 16, 4 on 16, 5 on 16, 6 on 16, 7 on 16, 8 on 16, 9 on 16, 10 on 16, and 5 more of 256 pixels',
    );
    expect(await values(encodePng(grey(16, 16, (x) => [0, 1, 75][x % 3] as number)))).toBe(
      'greys 0 on 96, 1 on 80, 75 on 80 of 256 pixels',
    );
    expect(await values(rgb((k) => (k === 1 ? [0, 0, 255] : [k === 2 ? 30 : 0, 0, 0])))).toMatch(
      /^colours \(0, 0, 255\) on \d+, \(30, 0, 0\) on \d+ of 340 pixels$/,
    );
    // Index 1 is green, which means consolidation: neither reading can be trusted.
    const palette = Uint8Array.of(0, 0, 0, 0, 128, 0);
    const swapped = pngFile({ width: 16, height: 16, depth: 8, type: 3, rows: new Uint8Array(256).fill(1), palette });
    expect(await values(swapped)).toBe('palette indices 1 (0, 128, 0) on 256 of 256 pixels');
    expect(await values(encodePng({ width: 16, height: 16, data: new Uint16Array(256).fill(256) }))).toBe(
      'greys 256 on 256 of 256 pixels',
    );
    const photograph = Uint8Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * 7919) % 251);
    expect(await values(encodePng({ width: 64, height: 64, channels: 3, data: photograph }))).toMatch(/colours/);
    const every = Uint16Array.from({ length: 64 * 64 }, (_, i) => i);
    expect(await values(encodePng({ width: 64, height: 64, data: every }))).toBe('more than 1024 different greys');
  });

  it('refuses to write what is not a class map', async () => {
    await expectError('DATA_ARGUMENT', () => encodeClassMap(grey(16, 16, () => 3)));
    await expectError('DATA_ARGUMENT', () => oneHot(grey(16, 16, () => 3)));
  });
});

describe('targets', () => {
  itWithGolden('releasedOneHot equals the released onehot', 'preproc/preproc', (golden) => {
    const [height, width] = golden.shape('onehot/label') as [number, number];
    const label = { width, height, channels: 1, data: golden.u8('onehot/label') } as const;
    const { data, shape } = releasedOneHot(label);
    expect(shape).toEqual([3, height, width]);
    const area = width * height;
    const rows = Array.from({ length: 3 * area }, (_, i) => data[(i % 3) * area + Math.floor(i / 3)]);
    expect(rows).toEqual([...golden.u8('onehot/y')]);
  });

  it('in-between labels mark far places, and are an error where the released code ends', async () => {
    const labels = grey(16, 16, (x, y) => (x === 2 && y === 0 ? 20 : 1));
    const { data } = releasedOneHot(labels);
    // 3 * 2 + 20 - 1 = 25: pixel 8, channel 1.
    expect([data[8], data[256 + 8], data[2]]).toEqual([1, 1, 0]);
    expect(releasedLabels(grey(16, 16, (x) => [0, 38, 75, 37][x % 4] as number)).data.subarray(0, 4)).toEqual(
      Uint8Array.of(0, 1, 2, 37),
    );
    const error = await expectError('DATA_RELEASED_LABEL', () =>
      releasedOneHot(
        grey(16, 16, (_, y) => (y === 15 ? 60 : 0)),
        'GT/4.png',
      ),
    );
    expect(error.message).toMatch(/label 60 at pixel 24\d/);
    expect(error.where).toBe('GT/4.png');
  });

  it('decideClasses undoes the encodings', async () => {
    expect(decideClasses(oneHot(map))).toEqual(map);
    const shifted = decideClasses(releasedOneHot(map), 'as-released');
    // Ground-glass and consolidation lie where they should; the background of pixel i + 1 may have been laid over
    // neither.
    for (let i = 0; i < map.data.length; i++) if (map.data[i] !== 0) expect(shifted.data[i]).toBe(map.data[i]);
    const tie = { data: Float32Array.of(2, 0, -1, 2, 1, -3, 2, 1, -3), shape: [1, 3, 1, 3] };
    expect([...decideClasses(tie).data]).toEqual([0, 1, 0]);
    expect([...decideClasses(tie, 'as-released').data]).toEqual([1, 2, 1]);
    await expectError('DATA_ARGUMENT', () => decideClasses({ data: new Float32Array(4), shape: [1, 2, 2] }));
  });

  it('resizeLabels makes no new values and keeps in step with half-pixel centres', () => {
    const big = resizeLabels(
      grey(16, 16, (x, y) => (x < 8 ? 0 : y < 8 ? 1 : 2)),
      35,
      48,
    );
    expect(new Set(big.data)).toEqual(new Set([0, 1, 2]));
    expect([big.data[16], big.data[18]]).toEqual([0, 1]);
    expect([
      ...resizeLabels(
        grey(4, 1, (x) => x),
        2,
        1,
      ).data,
    ]).toEqual([1, 3]);
    expect(resizeLabels(map, 17, 20)).toEqual(map);
  });
});

it('classOverlay colours each class and leaves the rest grey', async () => {
  const slice = grey(32, 32, () => 100);
  const classes = grey(32, 32, (x, y) => (y < 12 ? 0 : x < 16 ? 1 : 2));
  const { data, width } = classOverlay(slice, classes);
  const at = (x: number, y: number) =>
    [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)] as [number, number, number];
  expect(at(16, 3)).toEqual([100, 100, 100]);
  const [red, green] = [at(6, 24), at(26, 24)];
  expect(red[0]).toBeGreaterThan(red[1] + 40);
  expect(green[1]).toBeGreaterThan(green[0] + 30);
  await expectError('DATA_ARGUMENT', () =>
    classOverlay(
      slice,
      grey(32, 32, () => 5),
    ),
  );
  const { image, classes: real } = phantomSlice(4, { width: 80, height: 90 });
  expect(classOverlay(image, real, { scale: 2 })).toMatchObject({ width: 160, height: 180 });
});
