import { expectError } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { binaryToEdge, canny, type GreyImage } from '../src/index.js';

function square(size: number, from: number, to: number, value: number): GreyImage {
  const data = new Uint8Array(size * size);
  for (let y = from; y < to; y++) data.fill(value, y * size + from, y * size + to);
  return { width: size, height: size, channels: 1, data };
}

describe('binaryToEdge', () => {
  it('a flat mask has no edge, empty or full', () => {
    for (const value of [0, 128, 255]) {
      const flat: GreyImage = { width: 20, height: 20, channels: 1, data: new Uint8Array(400).fill(value) };
      expect(new Set(binaryToEdge(flat).data)).toEqual(new Set([0]));
    }
  });

  it('the threshold is above 128', () => {
    expect(Math.max(...binaryToEdge(square(20, 5, 15, 128)).data)).toBe(0);
    expect(Math.max(...binaryToEdge(square(20, 5, 15, 129)).data)).toBe(255);
  });

  it('the edge of a square is a closed thin ring around it, 0 or 255', () => {
    const edge = binaryToEdge(square(30, 10, 20, 255)).data;
    expect(new Set(edge)).toEqual(new Set([0, 255]));
    for (let y = 0; y < 30; y++) {
      for (let x = 0; x < 30; x++) {
        const distance = Math.max(Math.abs(x - 14.5), Math.abs(y - 14.5));
        if (distance < 4 || distance > 6) expect(edge[y * 30 + x]).toBe(0);
      }
    }
    for (let k = 12; k < 18; k++) {
      expect(edge.subarray(k * 30, k * 30 + 30).filter((v) => v > 0)).toHaveLength(2);
    }
  });

  it('weak edges survive only where they touch a strong one', () => {
    const ramp: GreyImage = { width: 24, height: 24, channels: 1, data: new Uint8Array(576) };
    for (let i = 0; i < 576; i++) if (i % 24 >= 12) ramp.data[i] = 20;
    expect(Math.max(...canny(ramp, 10, 150).data)).toBe(0);
    for (let i = 0; i < 24 * 4; i++) if (i % 24 >= 12) ramp.data[i] = 200;
    expect(canny(ramp, 10, 150).data.filter((v) => v > 0).length).toBeGreaterThanOrEqual(24);
  });

  it('refuses thresholds in the wrong order', async () => {
    await expectError('DATA_ARGUMENT', () => canny(square(8, 2, 5, 9), 150, 10));
  });
});
