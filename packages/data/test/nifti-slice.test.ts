/** Slices as pictures: window, orientation, and the way back. */
import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { LUNG_WINDOW, readNifti, StoredSlices, type Volume, volumeExtremes, volumeSlice } from '../src/index.js';
import { fixture } from './fixtures/nifti.js';

const chest = readNifti(fixture('chest.nii.gz').bytes);

function made(data: Volume['data'], scaling: { slope?: number; intercept?: number } = {}): Volume {
  return { ...chest, width: data.length, height: 1, depth: 1, slope: 1, intercept: 0, ...scaling, data };
}

function row(volume: Volume, window: 'lung' | 'minmax' | [number, number]): number[] {
  return [...volumeSlice(volume, 0, { window, orient: 'as-stored' }).data];
}

describe('volumeSlice', () => {
  it('puts i down and j to the right, or as stored', () => {
    const { width, height, data } = chest;
    const area = width * height;
    const [low, high] = LUNG_WINDOW;
    const grey = (i: number, j: number, k: number): number =>
      Math.round(255 * Math.min(1, Math.max(0, ((data[k * area + j * width + i] as number) - low) / (high - low))));
    const lying = volumeSlice(chest, 2);
    const stored = volumeSlice(chest, 2, { orient: 'as-stored' });
    expect(lying).toMatchObject({ width: height, height: width, channels: 1 });
    expect(stored).toMatchObject({ width, height, channels: 1 });
    for (let j = 0; j < height; j++) {
      for (let i = 0; i < width; i++) {
        expect(stored.data[j * width + i]).toBe(grey(i, j, 2));
        expect(lying.data[i * height + j]).toBe(grey(i, j, 2));
      }
    }
    // Air, lung, lesion and body are all there.
    expect(new Set(stored.data).size).toBeGreaterThan(30);
  });

  it('the way back is exact', () => {
    for (const orient of ['released', 'upright', 'transposed', 'as-stored', 'RA'] as const) {
      const picture = volumeSlice(chest, 0, { orient });
      const [back] = new StoredSlices(chest, orient).add({ ...picture, data: Float32Array.from(picture.data) });
      expect([...(back as Float32Array)]).toEqual([...volumeSlice(chest, 0, { orient: 'as-stored' }).data]);
    }
  });

  it('windows: lung in Hounsfield units, the extremes of the volume, or two values', () => {
    const stored = Int16Array.of(-2000, -1350, -600, 149, 150, 3000);
    expect(row(made(stored), 'lung')).toEqual([0, 0, 128, 255, 255, 255]);
    expect(row(made(stored), [-600, 150])).toEqual([0, 0, 0, 255, 255, 255]);
    expect(row(made(stored), 'minmax')).toEqual([0, 33, 71, 110, 110, 255]);
    // Scaling comes first: 0, 675, 750, ... in steps are -1350, 0, 150.
    expect(row(made(Uint16Array.of(0, 675, 750), { slope: 2, intercept: -1350 }), 'lung')).toEqual([0, 230, 255]);
  });

  it('minmax takes the whole volume, also where the slope is negative, and greys are then turned', () => {
    const volume = { ...made(Float32Array.of(0, 1, 2, 4)), width: 2, height: 1, depth: 2, slope: -10, intercept: 5 };
    expect(volumeExtremes(volume)).toEqual([-35, 5]);
    expect([...volumeSlice(volume, 0, { window: 'minmax', orient: 'as-stored' }).data]).toEqual([255, 191]);
  });

  it('values that are not numbers are black and do not stretch the window', () => {
    const volume = made(Float32Array.of(Number.NaN, 0, Number.POSITIVE_INFINITY, 10, Number.NEGATIVE_INFINITY));
    expect(volumeExtremes(volume)).toEqual([0, 10]);
    expect(row(volume, 'minmax')).toEqual([0, 0, 255, 255, 0]);
    expect(row(made(Float32Array.of(Number.NaN)), 'minmax')).toEqual([0]);
    expect(row(made(Uint8Array.of(9, 9)), 'minmax')).toEqual([0, 0]);
  });

  it('refuses slices that are not there and windows that are empty', async () => {
    for (const k of [-1, 5, 0.5, Number.NaN]) {
      expect((await expectError('DATA_ARGUMENT', () => volumeSlice(chest, k))).message).toContain('the volume has 5');
    }
    for (const window of [
      [5, 5],
      [5, 2],
      [Number.NaN, 1],
      [0, Number.POSITIVE_INFINITY],
    ] as const) {
      await expectError('DATA_ARGUMENT', () => volumeSlice(chest, 0, { window }));
    }
  });
});
