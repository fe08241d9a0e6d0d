import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  type GreyImage,
  type RgbImage,
  resizeBilinearFloat,
  resizeCv2,
  resizeNearest,
  resizePillow,
} from '../src/index.js';
import { noise } from './support/pictures.js';

function grey(width: number, height: number, data: Uint8Array): GreyImage {
  return { width, height, channels: 1, data };
}

describe('resizing', () => {
  it('Pillow averages when shrinking, OpenCV skips', () => {
    const stripes = grey(
      64,
      16,
      Uint8Array.from({ length: 64 * 16 }, (_, i) => (i % 4 === 0 ? 240 : 0)),
    );
    // Away from the borders every output sees the same four columns, weighted.
    const averaged = Array.from(resizePillow(stripes, 16, 16).data.subarray(1, 15));
    expect(new Set(averaged)).toEqual(new Set([60]));
    const skipped = resizeCv2(stripes, 16, 16).data;
    expect(Math.max(...skipped)).toBe(0);
  });

  it('constant pictures stay constant in every way of resizing', () => {
    for (const value of [0, 1, 127, 254, 255]) {
      const flat = grey(37, 23, new Uint8Array(37 * 23).fill(value));
      for (const resize of [resizePillow, resizeCv2, resizeNearest]) {
        for (const [w, h] of [
          [11, 50],
          [80, 9],
          [37, 23],
          [1, 1],
        ] as const) {
          expect(new Set(resize(flat, w, h).data)).toEqual(new Set([value]));
        }
      }
    }
  });

  it('RGB is three grey resizes', () => {
    const [w, h] = [31, 22];
    const data = noise(w * h * 3);
    const image: RgbImage = { width: w, height: h, channels: 3, data };
    for (const resize of [resizePillow, resizeCv2, resizeNearest]) {
      const whole = resize(image, 17, 40).data;
      for (let c = 0; c < 3; c++) {
        const plane = grey(
          w,
          h,
          data.filter((_, i) => i % 3 === c),
        );
        expect(resize(plane, 17, 40).data).toEqual(whole.filter((_, i) => i % 3 === c));
      }
    }
  });

  it('OpenCV: halving both sizes is a 2x2 mean, rounded half up', () => {
    const image = grey(2, 2, Uint8Array.of(0, 1, 1, 0));
    expect(Array.from(resizeCv2(image, 1, 1).data)).toEqual([1]);
  });

  it('nearest takes existing values only', () => {
    const labels = grey(3, 1, Uint8Array.of(0, 38, 75));
    expect(Array.from(resizeNearest(labels, 7, 1).data)).toEqual([0, 0, 0, 38, 38, 75, 75]);
  });

  it('float maps: half-pixel centres, clamped borders', () => {
    const map = { width: 2, height: 1, data: Float32Array.of(0, 1) };
    expect(Array.from(resizeBilinearFloat(map, 4, 1).data)).toEqual([0, 0.25, 0.75, 1]);
    expect(
      Array.from(resizeBilinearFloat({ width: 4, height: 1, data: Float32Array.of(0, 1, 2, 3) }, 2, 1).data),
    ).toEqual([0.5, 2.5]);
    const column = resizeBilinearFloat({ width: 1, height: 2, data: Float32Array.of(0, 1) }, 1, 4);
    expect(Array.from(column.data)).toEqual([0, 0.25, 0.75, 1]);
  });

  it('the same size gives a copy', () => {
    const image = grey(5, 4, noise(20));
    for (const resize of [resizePillow, resizeCv2, resizeNearest]) {
      const copy = resize(image, 5, 4);
      expect(copy.data).toEqual(image.data);
      expect(copy.data).not.toBe(image.data);
    }
  });

  it('refuses sizes that are none, and arrays that do not fit', async () => {
    const image = grey(5, 4, noise(20));
    for (const bad of [0, -3, 2.5, Number.NaN]) await expectError('DATA_ARGUMENT', () => resizePillow(image, bad, 4));
    await expectError('DATA_ARGUMENT', () => resizeCv2(image, 1e5, 1e5));
    await expectError('DATA_ARGUMENT', () => resizeNearest({ ...image, height: 5 }, 2, 2));
    await expectError('DATA_ARGUMENT', () =>
      resizeBilinearFloat({ width: 2, height: 2, data: new Float32Array(3) }, 4, 4),
    );
  });
});
