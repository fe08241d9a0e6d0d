import { crc32 } from '@infnet/inflate';
import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { type GreyImage, type Phantom, phantomSlice } from '../src/index.js';

const small = { width: 160, height: 200 } as const;
const share = (a: GreyImage, test: (value: number, i: number) => boolean): number =>
  a.data.reduce((sum, value, i) => sum + (test(value, i) ? 1 : 0), 0);

function meanWhere(p: Phantom, test: (i: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < p.image.data.length; i++) {
    if (!test(i)) continue;
    sum += p.image.data[i] as number;
    count++;
  }
  return sum / count;
}

describe('phantomSlice', () => {
  it('the same seed gives the same bytes on every platform', () => {
    const p = phantomSlice(7, small);
    expect([p.image, p.infection, p.classes, p.lung].map((part) => crc32(part.data))).toEqual([
      1772578811, 1460228516, 2256475469, 3614862429,
    ]);
  });

  it('other seeds give other slices, sizes and windows', () => {
    const slices = [1, 2, 3, 4, 5].map((seed) => phantomSlice(seed));
    expect(new Set(slices.map((p) => `${p.image.width}x${p.image.height}`)).size).toBe(5);
    expect(new Set(slices.map((p) => crc32(p.image.data))).size).toBe(5);
    for (const { image } of slices) {
      expect(image.width).toBeGreaterThanOrEqual(180);
      expect(image.height).toBeLessThanOrEqual(480);
    }
  });

  it('masks are exact and consistent: infection = classes > 0, inside the lungs', () => {
    for (let seed = 0; seed < 6; seed++) {
      const p = phantomSlice(seed, { ...small, burden: 0.2 });
      for (let i = 0; i < p.image.data.length; i++) {
        const c = p.classes.data[i] as number;
        if (c > 2) expect.fail(`class ${c} at ${i}`);
        if ((p.infection.data[i] === 255) !== c > 0) expect.fail(`infection and classes differ at ${i}`);
        if (c > 0 && p.lung.data[i] !== 255) expect.fail(`infection outside the lungs at ${i}`);
      }
      const lung = share(p.lung, (v) => v > 0);
      expect(lung / p.lung.data.length).toBeGreaterThan(0.25);
      expect(lung / p.lung.data.length).toBeLessThan(0.8);
      const infected = share(p.infection, (v) => v > 0) / lung;
      expect(infected).toBeGreaterThan(0.1);
      expect(infected).toBeLessThan(0.4);
    }
  });

  it('brightness rises from lung over ground-glass and consolidation to the chest wall', () => {
    // Ground-glass varies from faint to dense, and its borders are soft: each slice rises, and on the average clearly.
    const rises = [11, 12, 13, 14, 15].map((seed) => {
      const p = phantomSlice(seed, { width: 220, height: 280, burden: 0.3, noise: 20, window: [-1000, 200] });
      const healthy = meanWhere(p, (i) => p.lung.data[i] === 255 && p.classes.data[i] === 0);
      const glass = meanWhere(p, (i) => p.classes.data[i] === 1);
      const dense = meanWhere(p, (i) => p.classes.data[i] === 2);
      expect(healthy).toBeGreaterThan(15);
      expect(healthy).toBeLessThan(75);
      expect(glass).toBeGreaterThan(healthy + 15);
      expect(dense).toBeGreaterThan(glass + 25);
      return glass - healthy;
    });
    expect(rises.reduce((a, b) => a + b) / rises.length).toBeGreaterThan(30);
  });

  it('a healthy slice has an empty mask', () => {
    const p = phantomSlice(3, { ...small, burden: 0 });
    expect(share(p.infection, (v) => v > 0)).toBe(0);
  });

  it('flip mirrors everything and changes nothing else', () => {
    const a = phantomSlice(9, { ...small, flip: false });
    const b = phantomSlice(9, { ...small, flip: true });
    for (const part of ['image', 'classes', 'lung'] as const) {
      for (let y = 0; y < small.height; y++) {
        const row = (p: Phantom): Uint8Array => p[part].data.subarray(y * small.width, (y + 1) * small.width);
        expect(row(a).slice().reverse()).toEqual(row(b));
      }
    }
  });

  it('refuses options out of range', async () => {
    for (const bad of [
      { width: 10 },
      { height: 5000 },
      { burden: 0.95 },
      { level: -1 },
      { window: [5, 5] as const },
      { noise: -1 },
      { width: 100.5 },
    ]) {
      await expectError('DATA_ARGUMENT', () => phantomSlice(1, bad));
    }
    await expectError('DATA_ARGUMENT', () => phantomSlice(-1));
    await expectError('DATA_ARGUMENT', () => phantomSlice(0.5));
  });
});
