import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { type GreyImage, INFECTION_COLOUR, overlay, type RgbImage } from '../src/index.js';

const size = 40;
const slice: GreyImage = { width: size, height: size, channels: 1, data: new Uint8Array(size * size).fill(60) };

function block(): GreyImage {
  const data = new Uint8Array(size * size);
  for (let y = 10; y < 30; y++) data.fill(255, y * size + 10, y * size + 30);
  return { width: size, height: size, channels: 1, data };
}

function pixel(image: RgbImage, x: number, y: number): number[] {
  return Array.from(image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3));
}

describe('overlay', () => {
  it('leaves the slice alone outside, warms it inside, and draws a bright outline between', () => {
    const picture = overlay(slice, block());
    expect(picture).toMatchObject({ width: size, height: size, channels: 3 });
    expect(pixel(picture, 3, 3)).toEqual([60, 60, 60]);
    const [r, g, b] = pixel(picture, 20, 20) as [number, number, number];
    expect(r).toBeGreaterThan(g);
    expect(g).toBeGreaterThan(b);
    expect(r).toBeLessThan(INFECTION_COLOUR[0]);
    const across = Array.from({ length: 8 }, (_, k) => pixel(picture, 6 + k, 20)[1] as number);
    expect(Math.max(...across)).toBeGreaterThan(g + 40);
  });

  it('without infection it is the slice, in grey', () => {
    const none = overlay(slice, { ...slice, data: new Uint8Array(size * size) });
    expect(new Set(none.data)).toEqual(new Set([60]));
    const faint = overlay(slice, { width: size, height: size, data: new Float32Array(size * size).fill(0.3) });
    expect(new Set(faint.data)).toEqual(new Set([60]));
  });

  it('draws no outline where a map only comes close to the threshold, as an untrained net’s does', () => {
    const ramp = Float32Array.from({ length: size * size }, (_, i) => 0.499 - 0.0001 * (i % size));
    expect(new Set(overlay(slice, { width: size, height: size, data: ramp }).data)).toEqual(new Set([60]));
  });

  it('takes probabilities of another size, and scales up', () => {
    const map = { width: 11, height: 11, data: new Float32Array(121) };
    for (let y = 4; y < 7; y++) map.data.fill(0.95, y * 11 + 4, y * 11 + 7);
    const picture = overlay(slice, map, { scale: 3 });
    expect(picture).toMatchObject({ width: 120, height: 120 });
    expect(pixel(picture, 60, 60)[0]).toBeGreaterThan(110);
    expect(pixel(picture, 5, 5)).toEqual([60, 60, 60]);
  });

  it('opacity and outline can be turned off', () => {
    const plain = overlay(slice, block(), { opacity: 0, outline: 0 });
    expect(new Set(plain.data)).toEqual(new Set([60]));
  });

  it('does not modify its inputs', () => {
    const mask = block();
    const before = mask.data.slice();
    const map = { width: size, height: size, data: Float32Array.from(mask.data, (v) => v / 255) };
    overlay(slice, mask);
    overlay(slice, map, { scale: 2 });
    expect(mask.data).toEqual(before);
    expect(Array.from(map.data, (v) => v * 255)).toEqual(Array.from(before));
    expect(new Set(slice.data)).toEqual(new Set([60]));
  });

  it('refuses nonsense', async () => {
    await expectError('DATA_ARGUMENT', () => overlay(slice, block(), { scale: 1.5 }));
    await expectError('DATA_ARGUMENT', () => overlay(slice, block(), { threshold: 0 }));
    await expectError('DATA_ARGUMENT', () => overlay(slice, block(), { opacity: 2 }));
    await expectError('DATA_ARGUMENT', () => overlay(slice, { ...block(), width: 3 }));
  });
});
