import { crc32 } from '@infnet/inflate';
import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { power, tangent } from '../../src/dataset/arithmetic.js';
import {
  type Augmentation,
  type AugmentationOptions,
  augment,
  binaryToEdge,
  drawAugmentation,
  itemSeed,
  MILD_AUGMENTATION,
  openDataset,
  phantomSlice,
  phantomSource,
  type Slice,
} from '../../src/index.js';
import { grey, LOOK } from '../support/sets.js';

const { image, infection } = phantomSlice(5, LOOK);
const slice: Slice = { image, mask: infection, edge: binaryToEdge(infection) };
const none: Augmentation = drawAugmentation({}, 1);

describe('arithmetic without Math', () => {
  it('powers are right to 1e-12, tangents to 1e-13', () => {
    for (let v = 1; v <= 255; v++) {
      for (const y of [0.25, 0.8, 1, 1.2, 4])
        expect(Math.abs(power(v / 255, y) / (v / 255) ** y - 1)).toBeLessThan(1e-12);
    }
    expect([power(0, 0.5), power(1, 3)]).toEqual([0, 1]);
    for (let angle = -60; angle <= 60; angle += 0.5) {
      expect(Math.abs(tangent(angle) - Math.tan((angle * Math.PI) / 180))).toBeLessThan(1e-13);
    }
  });
});

describe('drawAugmentation', () => {
  it('stays within the limits, uses both sides of each, and both flips', () => {
    const options: AugmentationOptions = {
      ...MILD_AUGMENTATION,
      rotate: 20,
      scale: 0.25,
      gamma: 1,
      gain: 0.5,
      offset: 0.1,
    };
    const draws = Array.from({ length: 400 }, (_, i) => drawAugmentation(options, itemSeed(3, 1, i)));
    const range = (pick: (a: Augmentation) => number): [number, number] => [
      Math.min(...draws.map(pick)),
      Math.max(...draws.map(pick)),
    ];
    for (const [pick, low, high] of [
      [(a) => (2 * Math.atan(a.halfTangent) * 180) / Math.PI, -20, 20],
      [(a) => a.scale, 0.8, 1.25],
      [(a) => a.gain, 2 / 3, 1.5],
      [(a) => a.offset, -0.1, 0.1],
      [(a) => a.gamma, 0.5, 2],
    ] as [(a: Augmentation) => number, number, number][]) {
      const [least, most] = range(pick);
      const slack = 0.03 * (high - low);
      expect(least).toBeGreaterThanOrEqual(low - 1e-12);
      expect(least).toBeLessThan(low + slack);
      expect(most).toBeLessThanOrEqual(high + 1e-12);
      expect(most).toBeGreaterThan(high - slack);
    }
    for (const key of ['flipHorizontal', 'flipVertical'] as const) {
      const share = draws.filter((draw) => draw[key]).length / draws.length;
      expect(Math.abs(share - 0.5)).toBeLessThan(0.1);
    }
  });

  it('one option does not disturb the draws of another', () => {
    const all = drawAugmentation(MILD_AUGMENTATION, 77);
    expect(drawAugmentation({ gamma: 0.2 }, 77).gamma).toBe(all.gamma);
    expect(drawAugmentation({ rotate: 10 }, 77).halfTangent).toBe(all.halfTangent);
    expect(none).toEqual({
      flipHorizontal: false,
      flipVertical: false,
      halfTangent: none.halfTangent,
      scale: 1,
      gain: 1,
      offset: none.offset,
      gamma: 1,
    });
    expect([Math.abs(none.halfTangent), Math.abs(none.offset)]).toEqual([0, 0]);
  });

  it('seeds, epochs and indices all give other numbers', () => {
    const numbers = [0, 1, 2].flatMap((s) =>
      [0, 1, 2, 3].flatMap((e) => Array.from({ length: 50 }, (_, i) => itemSeed(s, e, i))),
    );
    expect(new Set(numbers).size).toBe(600);
    expect(numbers.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)).toBe(true);
  });

  it('refuses what is out of range or unknown', async () => {
    for (const options of [
      { rotate: 46 },
      { flipVertical: -0.1 },
      { gain: Number.NaN },
      { roate: 3 } as AugmentationOptions,
    ]) {
      await expectError('DATA_ARGUMENT', () => drawAugmentation(options, 1));
    }
    for (const random of [-1, 0.5, 2 ** 32]) await expectError('DATA_ARGUMENT', () => drawAugmentation({}, random));
  });
});

describe('augment', () => {
  it('nothing drawn changes nothing', () => {
    expect(augment(slice, none)).toEqual(slice);
  });

  it('the same number gives the same bits on every machine', () => {
    const sums = [1, 2, 3].map((random) => {
      const out = augment(slice, drawAugmentation({ ...MILD_AUGMENTATION, rotate: 30, gamma: 1 }, random));
      return [out.image, out.mask, out.edge].map(({ data }) => crc32(data));
    });
    expect(sums).toEqual([
      [1758600253, 1633781631, 2080457608],
      [507948233, 187038798, 752653383],
      [110774687, 487456828, 4223509727],
    ]);
  });

  it('flips move picture, mask and edge alike and lose nothing', () => {
    const out = augment(slice, { ...none, flipHorizontal: true, flipVertical: true });
    for (const key of ['image', 'mask', 'edge'] as const)
      expect(out[key].data).toEqual(slice[key].data.slice().reverse());
    const once = augment(slice, { ...none, flipHorizontal: true });
    expect(once.image.data[71]).toBe(slice.image.data[0]);
    expect(augment(once, { ...none, flipHorizontal: true })).toEqual(slice);
  });

  it('rotates counter-clockwise as seen, about the centre', () => {
    // A dot to the right of the centre goes up.
    const dot = grey(41, 41, (x, y) => (Math.abs(x - 30) <= 1 && Math.abs(y - 20) <= 1 ? 255 : 0));
    const turned = augment({ image: dot }, { ...none, halfTangent: tangent(45) }).image;
    expect(turned.data[10 * 41 + 20]).toBe(255);
    expect(turned.data[20 * 41 + 30]).toBe(0);
    const total = (data: Uint8Array): number => data.reduce((a, b) => a + b, 0);
    expect(Math.abs(total(turned.data) - total(dot.data))).toBeLessThanOrEqual(9);
    const small = augment({ image: dot }, { ...none, halfTangent: tangent(15) }).image;
    expect(small.data[15 * 41 + 29]).toBeGreaterThan(200); // (10 cos 30, 10 sin 30) = (8.7, 5)
  });

  it('scale enlarges, and the border goes on outside', () => {
    const disc = grey(61, 61, (x, y) => ((x - 30) ** 2 + (y - 30) ** 2 < 100 ? 200 : 40));
    const area = (scale: number): number =>
      augment({ image: disc }, { ...none, scale }).image.data.filter((v) => v > 120).length;
    expect(Math.abs(area(1.5) / area(1) / 2.25 - 1)).toBeLessThan(0.05);
    expect(Math.abs((area(1 / 1.5) / area(1)) * 2.25 - 1)).toBeLessThan(0.05);
    expect(augment({ image: disc }, { ...none, scale: 0.5 }).image.data[0]).toBe(40);
  });

  it('mask and edge stay on the lesion', () => {
    const out = augment(slice, { ...none, halfTangent: tangent(6), scale: 1.1, flipVertical: true });
    const edge = binaryToEdge(out.mask).data;
    // The moved edge lies within a pixel of the moved mask's edge.
    const near = (i: number): boolean => [-73, -72, -71, -1, 0, 1, 71, 72, 73].some((d) => (edge[i + d] ?? 0) > 0);
    const strong = [...out.edge.data.keys()].filter((i) => (out.edge.data[i] as number) > 128);
    expect(strong.length).toBeGreaterThan(50);
    expect(strong.filter(near).length / strong.length).toBeGreaterThan(0.97);
    const same = augment({ image: slice.mask }, { ...none, halfTangent: tangent(6), scale: 1.1, flipVertical: true });
    expect(same.image.data).toEqual(out.mask.data);
  });

  it('intensity changes the picture alone: gain, offset and bend of the grey curve, clipped', () => {
    const ramp = { ...slice, image: grey(72, 96, (x) => Math.min(255, x * 4)) };
    const values = (variation: Partial<Augmentation>): number[] => {
      const out = augment(ramp, { ...none, ...variation });
      expect([out.mask, out.edge]).toEqual([ramp.mask, ramp.edge]);
      return [0, 16, 32, 63].map((x) => out.image.data[x] as number);
    };
    expect(values({ gain: 1.5 })).toEqual([0, 96, 192, 255]);
    expect(values({ offset: -0.1 })).toEqual([0, 39, 103, 227]);
    expect(values({ gamma: 2 })).toEqual([0, 16, 64, 249]);
  });

  it('a data set gives the same sample for the same number, another for another', async () => {
    const dataset = await openDataset(phantomSource({ count: 2, phantom: LOOK }));
    const sample = (random: number) => dataset.sample(1, { size: 48, augmentation: MILD_AUGMENTATION, random });
    const first = await sample(itemSeed(1, 0, 1));
    expect(await sample(itemSeed(1, 0, 1))).toEqual(first);
    expect((await sample(itemSeed(1, 1, 1))).image.data).not.toEqual(first.image.data);
    // What is in the cache is not touched.
    expect((await dataset.sample(1, { size: 48 })).mask).toEqual(
      (await dataset.sample(1, { size: 48, augmentation: {}, random: 9 })).mask,
    );
  });
});
